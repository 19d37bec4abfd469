"""C3 (section 5.2, figure 1): until vanilla collapses, BN never has a lower running loss."""

import numpy as np
from numpy.typing import NDArray

from wngan.bootstrap import Estimate, ratio_of_models
from wngan.claims.measures import common_rows, few_evaluations, never_trained, of_model
from wngan.claims.record import CURVE, Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The mean running losses of each model's trainings, at evaluations that all have.

    The interval is of what the share would be, were one model's losses as much higher or lower
    everywhere as other trainings and images may have them.
    """
    vanilla, bn = of_model(runs[0], "vanilla"), of_model(runs[0], "bn")
    collapses = [run.status["collapsed"] for run in vanilla if run.status["collapsed"] is not None]
    both = [*bn, *vanilla]
    rows = common_rows(both, 0, min(collapses, default=np.inf) - 1)
    curves = [run.losses[at].T for run, at in zip(both, rows, strict=True)]
    few = few_evaluations(*(curve.T for curve in curves))
    measured = Estimate(np.nan) if few else _share_below(curves[: len(bn)], curves[len(bn) :])
    what = "running evaluations before vanilla's collapse at which BN's loss is below vanilla's, %"
    untestable = never_trained(vanilla, bn) or few
    by_chance = Criterion(0, 0, none=50)
    return [Finding("", what, measured, by_chance, [bn, vanilla], paper[""], untestable=untestable)]


def _share_below(a: list[NDArray], b: list[NDArray]) -> Estimate:
    """In % of evaluations: where the losses (N, E) of trainings `a` are below those of `b`."""
    gaps = _log_curve(a) - _log_curve(b)
    level = ratio_of_models(a, b, _level)
    value, high, low = (
        float(100 * (gaps + shift < 0).mean()) for shift in np.log(level) - np.log(level.value)
    )
    return Estimate(value) if np.isnan(level.low) else Estimate(value, low, high)


def _log_curve(curves: list[NDArray]) -> NDArray:
    """The mean over trainings of the logs of mean losses at each evaluation."""
    return np.mean([np.log(curve.mean(axis=0, dtype=np.float64)) for curve in curves], axis=0)


def _level(means: NDArray) -> NDArray:
    """The geometric mean (R,) over evaluations of means (R, E)."""
    return np.exp(np.nanmean(np.log(means), axis=1))


CLAIM = PaperClaim(
    "C3",
    statements={"": "Until vanilla collapses, BN's running loss is never below vanilla's."},
    needs=({"vanilla": CURVE, "bn": CURVE},),
    judge=judge,
    printed=lambda values: {"": 0},
)
