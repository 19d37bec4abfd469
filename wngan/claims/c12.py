"""C12 (sections 5.6 and 5.7): vanilla and BN ResNets give a handful of samples, WN's trains on."""

import numpy as np

from wngan.bootstrap import Estimate
from wngan.claims.measures import after_start, learned_nothing, of_model, share_finding
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.verdicts import Criterion

HANDFUL = 5  # samples


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """The effective number of different samples; a handful is `HANDFUL`.

    Noise is diverse as well, so what a training that learned nothing gives tests nothing.
    """
    findings = []
    size = "effective number of different samples of the fixed codes"
    for part, model in (("a", "vanilla"), ("b", "bn")):
        group = of_model(runs[0], model)
        # A run that failed before its first samples has given none.
        peak = max(np.max(after_start(run, "distinct"), initial=0) for run in group)
        what = f"largest {size} in the training"
        at_most = Criterion(high=HANDFUL)
        untestable = learned_nothing(group)
        findings.append(
            Finding(part, what, Estimate(float(peak)), at_most, [group], untestable=untestable)
        )
    wn = of_model(runs[0], "wn")
    findings.append(share_finding("c", "trained", wn, at_least=1, paper=paper["c"]))
    ends = [0.0 if run.diverged else after_start(run, "distinct")[-1] for run in wn]
    what = f"{size} at the last iteration, the fewest of all trainings; judged by the value"
    more = Criterion(low=HANDFUL, none=HANDFUL)
    fewest = Estimate(float(min(ends)))
    untestable = learned_nothing(wn)
    findings.append(Finding("d", what, fewest, more, [wn], by_value=True, untestable=untestable))
    return findings


CLAIM = PaperClaim(
    "C12",
    statements={
        "a": "The vanilla ResNet never gives more than a handful of different samples.",
        "b": "The BN ResNet never gives more than a handful of different samples.",
        "c": "The WN ResNet trains to its end.",
        "d": "At its end the WN ResNet gives more than a handful of different samples.",
    },
    needs=({"vanilla": ("series",), "bn": ("series",), "wn": ("series",)},),
    judge=judge,
    printed=lambda values: {"c": 100},
    architecture="resnet",
)
