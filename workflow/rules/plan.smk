rule plan:
    input:
        unpack(earlier("prepare", "clear", "value")),
        code=code("plan"),
    output:
        "results/{study}/plan.nc",
    log:
        "logs/{study}/plan.log",
    benchmark:
        "benchmarks/{study}/plan.tsv"
    wildcard_constraints:
        study=having("plan"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("plan"),
        runtime=time_limit("plan"),
    params:
        config=settings("plan"),
        versions=VERSIONS["solve"],
    message:
        "{wildcards.study}, plan: plan the investments"
    script:
        "../scripts/plan.py"
