rule value:
    input:
        unpack(earlier("prepare")),
        code=code("value"),
    output:
        "results/{study}/values.nc",
    log:
        "logs/{study}/value.log",
    benchmark:
        "benchmarks/{study}/value.tsv"
    wildcard_constraints:
        study=valued(in_chunks=False),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("value"),
        runtime=time_limit("value"),
    params:
        config=settings("value"),
        versions=VERSIONS["solve"],
    message:
        "{wildcards.study}, value: value the coalitions"
    script:
        "../scripts/value.py"


rule value_chunk:
    input:
        unpack(earlier("prepare")),
        code=code("value"),
    output:
        temp("results/{study}/values/{chunk}-of-{chunks}.nc"),
    log:
        "logs/{study}/value/{chunk}-of-{chunks}.log",
    benchmark:
        "benchmarks/{study}/value/{chunk}-of-{chunks}.tsv"
    wildcard_constraints:
        study=valued(in_chunks=True),
        chunk=r"\d+",
        chunks=r"\d+",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("value"),
        runtime=time_limit("value"),
    params:
        config=settings("value"),
        versions=VERSIONS["solve"],
    message:
        "{wildcards.study}, value_chunk: value the coalitions of part {wildcards.chunk} of {wildcards.chunks}"
    script:
        "../scripts/value.py"


rule value_gather:
    input:
        parts=chunks,
        code=code("value_gather"),
    output:
        "results/{study}/values.nc",
    log:
        "logs/{study}/value_gather.log",
    benchmark:
        "benchmarks/{study}/value_gather.tsv"
    wildcard_constraints:
        study=valued(in_chunks=True),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("value"),
        runtime=time_limit("value"),
    message:
        "{wildcards.study}, value_gather: gather the values"
    script:
        "../scripts/value_gather.py"
