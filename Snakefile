# sharegrid: the sharing economy of energy markets as one dependency graph. Table of contents; the helpers are in
# workflow/rules/common.smk, what is run in config/config.yaml, each case study in config/studies/.
from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/clear.smk"
include: "workflow/rules/value.smk"
include: "workflow/rules/pay.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/coordinate.smk"
include: "workflow/rules/present.smk"
include: "workflow/rules/collect.smk"


# Must stand in this file: in an included one it is dropped without a word.
rule all:
    default_target: True
    input:
        products(STUDIES),
