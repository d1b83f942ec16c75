rule clear:
    input:
        unpack(earlier("prepare")),
        code=code("clear"),
    output:
        "results/{study}/cleared.nc",
    log:
        "logs/{study}/clear.log",
    benchmark:
        "benchmarks/{study}/clear.tsv"
    wildcard_constraints:
        study=having("clear"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("clear"),
        runtime=time_limit("clear"),
    params:
        config=settings("clear"),
        versions=VERSIONS["solve"],
    message:
        "{wildcards.study}, clear: clear the market with everybody"
    script:
        "../scripts/clear.py"
