rule pay:
    input:
        unpack(earlier("prepare", "clear", "value")),
        code=code("pay"),
    output:
        "results/{study}/payments.nc",
    log:
        "logs/{study}/pay.log",
    benchmark:
        "benchmarks/{study}/pay.tsv"
    wildcard_constraints:
        study=having("pay"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("pay"),
        runtime=time_limit("pay"),
    params:
        config=settings("pay"),
        versions=VERSIONS["pay"],
    message:
        "{wildcards.study}, pay: pay the participants under each mechanism"
    script:
        "../scripts/pay.py"
