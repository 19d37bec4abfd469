"""The table of claims: a row for each part of a claim."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from wngan.claims.record import Finding, Groups, PaperClaim, PaperValues, Run
from wngan.verdicts import NOT_RUN, NOT_TESTABLE

FIELDS = (
    "claim", "part", "statement", "experiment", "quantity", "criterion", "paper", "measured",
    "low", "high", "basis", "verdict", "note", "command",
)  # fmt: skip
"""Columns of the table of claims.

paper, measured, low, high: numbers in the unit that quantity names; inf is "never". low and high
bound the 95 % interval. basis: the trainings that it rests on. note: why a claim is not testable,
and what went wrong in its runs. command: what would run a claim.
"""

Row = dict[str, Any]
"""A row of `FIELDS`."""


def judge(claim: PaperClaim, runs: Groups, values: PaperValues) -> list[Row]:
    """A row for each finding of a claim.

    Args:
        runs: those that `PaperClaim.needs_of` names.
        values: the paper's numbers.
    """
    findings = claim.judge(runs, claim.printed(values))
    return [_row(claim, finding) for finding in findings]


def not_run(claim: PaperClaim, values: PaperValues) -> list[Row]:
    """A row for each part of a claim that a configuration leaves out."""
    paper = claim.printed(values)
    command = f"snakemake --resources gpu=1 --cores all results/claims/{claim.name}.csv"
    rest: Row = dict.fromkeys(("experiment", "quantity", "criterion", "basis", "note"), "")
    rest["verdict"] = NOT_RUN
    rest |= dict.fromkeys(("measured", "low", "high"), np.nan)
    return [
        {"claim": claim.name, "part": part, "statement": statement, "command": command, **rest}
        | {"paper": paper.get(part, np.nan)}
        for part, statement in claim.statements.items()
    ]


def _row(claim: PaperClaim, finding: Finding) -> Row:
    measured, runs = finding.measured, finding.runs
    verdict = finding.criterion.verdict(measured, finding.by_value)
    notes = list(filter(None, map(_note, runs)))
    if finding.untestable:
        verdict = NOT_TESTABLE
        notes.insert(0, finding.untestable)
    elif np.isnan(measured.value):
        notes.insert(0, "there was nothing to measure")
    return {
        "claim": claim.name,
        "part": finding.part,
        "statement": claim.statements.get(finding.part) or claim.statements[""],
        "experiment": " ".join(dict.fromkeys(run.experiment for run in runs)),
        "quantity": finding.quantity,
        "criterion": str(finding.criterion),
        "paper": finding.paper,
        "measured": measured.value,
        "low": measured.low,
        "high": measured.high,
        "basis": finding.basis,
        "verdict": verdict,
        "note": "; ".join(notes),
        "command": "",
    }


def _note(run: Run) -> str:
    """What went wrong in a run."""
    status: Mapping[str, Any] = run.status
    restarts = len(status.get("restarts", []))
    texts = []
    if run.failed:
        at = status["collapsed"] if status["status"] == "collapsed" else status["iteration"]
        texts.append(f"{status['status']} at {at:,}")
    if restarts:
        texts.append(f"restarted {restarts}×")
    return f"{run.experiment} {run.name} {', '.join(texts)}" if texts else ""
