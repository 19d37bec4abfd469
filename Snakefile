# Xiang & Li 2017, "On the Effects of Batch and Weight Normalization in Generative Adversarial
# Networks": from data sets to tables, figures and a report. config.yaml says what is run.

from snakemake.utils import min_version

min_version("9.0")

# Another whole configuration may be named by --configfile or a profile, as the demo's does.
if "experiments" not in config:

    configfile: "config.yaml"


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/tables.smk"
include: "rules/figures.smk"


rule all:
    """Make every table and figure of the configuration."""
    default_target: True
    input:
        [f"{RESULTS}/tables/{table}.csv" for table in config["tables"]],
        [f"{RESULTS}/figures/{figure}.png" for figure in FIGURES],
    localrule: True
