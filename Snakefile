# Xiang & Li 2017, "On the Effects of Batch and Weight Normalization in Generative Adversarial
# Networks": from data sets to tables, figures and a report. config.yaml says what is run.

from snakemake.utils import min_version

from wngan.config import WHOLE

min_version("9.0")

# A file of --configfile, or of a profile such as the demo's, replaces config.yaml if it is a whole
# configuration, and changes single keys of it if it is not.
if not WHOLE <= set(config):

    configfile: f"{workflow.basedir}/config.yaml"


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/tables.smk"
include: "rules/figures.smk"
include: "rules/claims.smk"
include: "rules/provenance.smk"


rule all:
    """Make every table and figure of the configuration, the verdicts on the claims, and what the report adds."""
    default_target: True
    input:
        [f"{RESULTS}/tables/{table}.csv" for table in ALL_TABLES],
        [f"{RESULTS}/figures/{figure}.png" for figure in FIGURES],
        f"{RESULTS}/claims.csv",
        f"{RESULTS}/provenance.html",
        f"{RESULTS}/rates.csv",
        f"{RESULTS}/summary.csv",
    localrule: True
