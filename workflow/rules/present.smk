rule present:
    input:
        unpack(earlier("prepare", "clear", "value", "pay", "plan", "coordinate")),
        unpack(used),
        code=code("present"),
    output:
        figures=report(
            directory("results/{study}/figures"),
            patterns=["{name}.svg"],
            caption="../report/figure.rst",
            category=chapter,
            subcategory="{study}",
            labels=finding("figure"),
        ),
        tables=report(
            directory("results/{study}/tables"),
            patterns=["{name}.html"],
            caption="../report/table.rst",
            category=chapter,
            subcategory="{study}",
            labels=finding("table"),
        ),
        about=report(
            "results/{study}/about.html",
            caption="../report/about.rst",
            category=chapter,
            subcategory="{study}",
            labels={"kind": "about", "name": "{study}", "finding": "question, choices of reading, versions"},
        ),
    log:
        "logs/{study}/present.log",
    benchmark:
        "benchmarks/{study}/present.tsv"
    wildcard_constraints:
        study=having("present"),
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=memory("present"),
        runtime=time_limit("present"),
    params:
        config=settings("present"),
        versions=VERSIONS["present"],
    message:
        "{wildcards.study}, present: draw the figures and write the tables"
    script:
        "../scripts/present.py"
