"""C3 (section 5.2, figure 1): until vanilla collapses, BN never has a lower running loss."""

import numpy as np

from wngan.bootstrap import Estimate
from wngan.claims.measures import common_rows, few_evaluations, never_trained, of_model
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The mean running losses of each model's trainings, at evaluations that all have."""
    vanilla, bn = of_model(runs[0], "vanilla"), of_model(runs[0], "bn")
    collapses = [run.status["collapsed"] for run in vanilla if run.status["collapsed"] is not None]
    both = [*vanilla, *bn]
    rows = common_rows(both, 0, min(collapses, default=np.inf) - 1)
    losses = np.array([run.running["running_loss"][at] for run, at in zip(both, rows, strict=True)])
    below = losses[len(vanilla) :].mean(axis=0) < losses[: len(vanilla)].mean(axis=0)
    measured = Estimate(float(100 * below.mean()) if below.size else np.nan)
    what = "running evaluations before vanilla's collapse at which BN's loss is below vanilla's, %"
    untestable = never_trained(vanilla, bn) or few_evaluations(losses.T)
    by_chance = Criterion(0, 0, none=50)
    return [Finding("", what, measured, by_chance, [vanilla, bn], paper[""], untestable=untestable)]


CLAIM = PaperClaim(
    "C3",
    statements={"": "Until vanilla collapses, BN's running loss is never below vanilla's."},
    needs=({"vanilla": ("running",), "bn": ("running",)},),
    judge=judge,
    printed=lambda values: {"": 0},
)
