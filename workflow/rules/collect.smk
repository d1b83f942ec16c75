"""Named targets without work of their own: each study, each chapter, each product of all studies."""

for name in STUDIES:

    rule:
        name:
            name
        input:
            products([name]),


for name, members in CONFIGURATION.chapters.items():
    # A study may be alone in a chapter of its own name.
    if name not in STUDIES:

        rule:
            name:
                name
            input:
                products(members),


for name in [*configuration.DATASETS.values(), "figures", "tables"]:

    rule:
        name:
            f"all_{name}"
        input:
            products(STUDIES, only=name),
