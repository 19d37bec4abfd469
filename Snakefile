# Xiang & Li 2017, "On the Effects of Batch and Weight Normalization in Generative Adversarial
# Networks": from data sets to tables, figures and a report. config.yaml says what is run.

import subprocess
import sys
from pathlib import Path

from snakemake.logging import logger
from snakemake.utils import min_version

from wngan.log import failures
from wngan.terminal import show_one_line

min_version("9.19")

QUIET = {each.name for each in workflow.output_settings.quiet or ()}
if "RULES" in QUIET and not QUIET & {"PROGRESS", "ALL"} and not workflow.output_settings.dryrun:
    show_one_line(logger)

TOP = Path(str(workflow.current_basedir))  # of this workflow, also where another one imports it


report: "report/workflow.rst"


include: "rules/common.smk"
include: "rules/files.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/tables.smk"
include: "rules/figures.smk"
include: "rules/claims.smk"
include: "rules/provenance.smk"


onerror:
    # Snakemake has printed these above much else.
    print("", *failures(log), sep="\n", file=sys.stderr)


onsuccess:
    if own is not None and Path(f"{RESULTS}/provenance.html").exists():
        # Of everything; the path of `--report-after-run` could not follow the images' name.
        what = ["--configfile", own.file, "--report", f"{RESULTS}/report.html"]
        call = [sys.executable, "-m", "snakemake", "--snakefile", TOP / "Snakefile"]
        subprocess.run([*call, *what, "--quiet", "host", "rules"], check=True)
        print(f"The report: {RESULTS}/report.html", file=sys.stderr)


rule all:
    """Make every table and figure of the configuration, the verdicts on the claims, and what the report adds."""
    default_target: True
    input:
        [f"{RESULTS}/tables/{name}.csv" for name in PLAN.all_tables],
        [f"{RESULTS}/figures/{name}.png" for name in PLAN.all_figures],
        CLAIMS,
        f"{RESULTS}/provenance.html",
        f"{RESULTS}/rates.csv",
        f"{RESULTS}/summary.csv",
    localrule: True
