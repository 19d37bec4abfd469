"""C7 (appendix D.1, tables 3 and 4): instances of vanilla are nearly alike, those of BN differ."""

import numpy as np

from wngan.bootstrap import Estimate
from wngan.claims.measures import instances, lowest_loss, variation
from wngan.claims.record import Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Coefficients of variation (standard deviation over mean) of the instances' lowest losses."""
    vanilla, bn = instances(runs[0], "vanilla"), instances(runs[0], "bn")
    of_vanilla, of_bn = ([lowest_loss(run) for run in group] for group in (vanilla, bn))
    ratio = Estimate(float(np.divide(variation(of_bn), variation(of_vanilla))))
    what = (
        f"coefficient of variation of the lowest running loss among {len(bn)} BN instances over "
        f"that among {len(vanilla)} vanilla ones, ratio; too few for an interval"
    )
    over_two = Criterion(low=2, strict=True)
    return [Finding("", what, ratio, over_two, [*vanilla, *bn], paper[""])]


def printed(values: PaperValues) -> Figures:
    """From the paper's tables of instances."""
    vanilla, bn = (values.losses(table, "running_loss") for table in (3, 4))
    return {"": variation(bn) / variation(vanilla)}


CLAIM = PaperClaim(
    "C7",
    statements={"": "Instances of vanilla are nearly alike, and those of BN differ."},
    needs=({"vanilla/*": ("running",), "bn/*": ("running",)},),
    judge=judge,
    printed=printed,
    instances=2,
)
