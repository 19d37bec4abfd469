"""C7 (appendix D.1, tables 3 and 4): instances of vanilla are nearly alike, those of BN differ."""

import numpy as np

from wngan.bootstrap import ratio_of_spreads
from wngan.claims.measures import lowest_loss, never_trained, of_model, trained_too_short
from wngan.claims.record import Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.verdicts import FACTOR, Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Spreads of the trainings' lowest running losses, in logarithms."""
    vanilla, bn = of_model(runs[0], "vanilla"), of_model(runs[0], "bn")
    ratio = ratio_of_spreads(*([lowest_loss(run) for run in each] for each in (bn, vanilla)))
    what = (
        f"standard deviation of the log of the lowest running loss among {len(bn)} BN trainings "
        f"over that among {len(vanilla)} vanilla ones, ratio"
    )
    as_printed = Criterion(paper[""] / FACTOR, paper[""] * FACTOR, none=1)
    untestable = never_trained(vanilla, bn) or trained_too_short(vanilla, bn)
    if min(len(vanilla), len(bn)) < 2:
        untestable = "a spread takes two trainings or more of each model"
    return [Finding("", what, ratio, as_printed, [bn, vanilla], paper[""], untestable=untestable)]


def printed(values: PaperValues) -> Figures:
    """From the paper's tables of instances."""
    vanilla, bn = (np.log(values.losses(table, "running_loss")) for table in (3, 4))
    return {"": float(bn.std(ddof=1) / vanilla.std(ddof=1))}


CLAIM = PaperClaim(
    "C7",
    statements={"": "Instances of vanilla are nearly alike, and those of BN differ."},
    needs=({"vanilla": ("running",), "bn": ("running",)},),
    judge=judge,
    printed=printed,
    instances=2,
)
