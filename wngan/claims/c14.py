"""C14 (section 5.3, figure 3): from the same codes, WN's samples drift less than the others'."""

import numpy as np

from wngan.bootstrap import Estimate
from wngan.claims.measures import after_start, best, mean
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Mean drifts over the iterations that all three runs were to have."""
    models = [best(runs[0], model) for model in ("vanilla", "bn", "wn")]
    stop = min(run.iterations for run in models)
    vanilla, bn, wn = (mean(after_start(run, "drift", stop)) for run in models)
    what = (
        "WN's mean drift (change of samples of the same codes relative to the distance between "
        f"those of different codes) to iteration {stop:,} over the smaller of vanilla's and BN's, "
        "ratio"
    )
    ratio = Estimate(float(np.divide(wn, np.fmin(vanilla, bn))))
    return [Finding("", what, ratio, Criterion(high=1, strict=True), models)]


CLAIM = PaperClaim(
    "C14",
    statements={"": "From the same codes, WN's samples drift less than vanilla's and BN's."},
    needs=({"vanilla": ("series",), "bn": ("series",), "wn": ("series",)},),
    judge=judge,
)
