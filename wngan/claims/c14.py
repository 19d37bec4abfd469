"""C14 (section 5.3, figure 3): from the same codes, WN's samples drift less than the others'."""

import numpy as np

from wngan.bootstrap import ratio_of_models
from wngan.claims.measures import after_start, never_trained, of_model
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.model_names import NAMES
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Mean drifts over the iterations that all runs were to have."""
    wn = of_model(runs[0], "wn")
    stop = min(run.iterations for run in runs[0])
    findings = []
    for part, model in (("a", "vanilla"), ("b", "bn")):
        other = of_model(runs[0], model)
        drifts = [[after_start(run, "drift", stop) for run in group] for group in (wn, other)]
        few = any(not len(each) for group in drifts for each in group)
        means = [[[each.mean() if len(each) else np.nan] for each in group] for group in drifts]
        what = (
            "WN's mean drift (change of samples of the same codes relative to the distance between "
            f"those of different codes) to iteration {stop:,} over {NAMES[model]}'s, ratio"
        )
        findings.append(
            Finding(
                part,
                what,
                ratio_of_models(means[0], means[1]),
                Criterion(high=1, none=1),
                [wn, other],
                untestable=never_trained(wn, other)
                or ("a run has no samples as far apart as the drift is over" if few else ""),
            )
        )
    return findings


CLAIM = PaperClaim(
    "C14",
    statements={
        "a": "From the same codes, WN's samples drift less than vanilla's.",
        "b": "From the same codes, WN's samples drift less than BN's.",
    },
    needs=({"vanilla": ("series",), "bn": ("series",), "wn": ("series",)},),
    judge=judge,
)
