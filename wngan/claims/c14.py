"""C14 (section 5.3, figure 3): from the same codes, WN's samples drift less than the others'."""

import numpy as np

from wngan.bootstrap import ratio_of_models
from wngan.claims.measures import after_start, never_trained, of_model
from wngan.claims.record import Figures, Finding, Groups, PaperClaim, Run
from wngan.model_names import NAMES
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Mean drifts over the iterations that all runs have, before any of them collapsed.

    Drift is relative to how samples of different codes differ, which in a collapse is next to
    nothing.
    """
    wn = of_model(runs[0], "wn")
    findings = []
    for part, model in (("a", "vanilla"), ("b", "bn")):
        other = of_model(runs[0], model)
        stop = min(map(_stop, [*wn, *other]))
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


def _stop(run: Run) -> int:
    """The last iteration of a run's samples, or the last before it collapsed."""
    collapsed = run.status["collapsed"]
    at = run.series["iteration"]
    return int(max(at if collapsed is None else at[at < collapsed], default=0))


CLAIM = PaperClaim(
    "C14",
    statements={
        "a": "From the same codes, WN's samples drift less than vanilla's.",
        "b": "From the same codes, WN's samples drift less than BN's.",
    },
    needs=({"vanilla": ("series",), "bn": ("series",), "wn": ("series",)},),
    judge=judge,
)
