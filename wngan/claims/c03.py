"""C3 (section 5.2, figure 1): until vanilla collapses, BN never has a lower running loss."""

import numpy as np

from wngan.bootstrap import Estimate
from wngan.claims.measures import best, common_rows
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Running evaluations after iteration 0 that both best instances have."""
    vanilla, bn = best(runs[0], "vanilla"), best(runs[0], "bn")
    collapsed = vanilla.status["collapsed"]
    stop = np.inf if collapsed is None else collapsed - 1
    a, b = common_rows(bn, vanilla, 0, stop)
    below = bn.running["running_loss"][a] < vanilla.running["running_loss"][b]
    measured = Estimate(float(100 * below.mean()) if len(below) else np.nan)
    what = "running evaluations before vanilla's collapse at which BN's loss is below vanilla's, %"
    return [Finding("", what, measured, Criterion(0, 0), [vanilla, bn], paper[""])]


CLAIM = PaperClaim(
    "C3",
    statements={"": "Until vanilla collapses, BN's running loss is never below vanilla's."},
    needs=({"vanilla": ("running",), "bn": ("running",)},),
    judge=judge,
    printed=lambda values: {"": 0},
)
