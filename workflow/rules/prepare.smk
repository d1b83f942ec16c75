rule prepare:
    input:
        unpack(priced_by),
        raw=raw_files,
        sources=own(CONFIGURATION.resources / "sources.yaml"),
        code=code("prepare"),
    output:
        "results/{study}/data.nc",
    log:
        "logs/{study}/prepare.log",
    benchmark:
        "benchmarks/{study}/prepare.tsv"
    wildcard_constraints:
        study=having("prepare"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("prepare"),
        runtime=time_limit("prepare"),
    params:
        config=settings("prepare"),
    message:
        "{wildcards.study}, prepare: check the raw data and lay out the scenarios"
    script:
        "../scripts/prepare.py"
