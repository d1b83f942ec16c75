rule coordinate:
    input:
        unpack(earlier("prepare", "clear", "plan")),
        code=code("coordinate"),
    output:
        "results/{study}/coordination.nc",
    log:
        "logs/{study}/coordinate.log",
    benchmark:
        "benchmarks/{study}/coordinate.tsv"
    wildcard_constraints:
        study=having("coordinate"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("coordinate"),
        runtime=time_limit("coordinate"),
    params:
        config=settings("coordinate"),
        versions=VERSIONS["solve"],
    message:
        "{wildcards.study}, coordinate: reach the optimum by messages"
    script:
        "../scripts/coordinate.py"
