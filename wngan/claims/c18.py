"""C18 (section 1): the lower the reconstruction loss, the better the samples."""

import numpy as np

from wngan.bootstrap import FEWEST_PAIRS
from wngan.claims.measures import never_trained, of_model
from wngan.claims.record import Figures, Finding, Groups, PaperClaim
from wngan.quality_ranks import along_trainings, between_models
from wngan.verdicts import Criterion

MODELS = ("vanilla", "bn", "wn")


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Rank correlations of running losses with Fréchet distances of samples to training images.

    The paper shows samples and gives no number, so any correlation above 0 is the paper's.
    """
    models = [of_model(runs[0], name) for name in MODELS]
    qualities = [[run.quality for run in group] for group in models]
    trainings = [quality for group in qualities for quality in group]
    features = " and ".join(sorted({name for each in trainings for name in each["features"]}))
    what = f"Spearman's correlation of running loss and Fréchet distance (of {features})"
    positive = Criterion(low=0, none=0)
    measured = {
        "a": (
            "over a training's snapshots, mean over trainings",
            along_trainings(trainings),
            "snapshots",
        ),
        "b": ("over models at their optima", between_models(qualities), "models"),
    }
    too_few = f"a correlation takes {FEWEST_PAIRS} {{}} or more of which not all are equal"
    return [
        Finding(
            part,
            f"{what} {over}",
            estimate,
            positive,
            models,
            untestable=never_trained(*models)
            or (too_few.format(counted) if np.isnan(estimate.value) else ""),
            spread="taken together",
        )
        for part, (over, estimate, counted) in measured.items()
    ]


CLAIM = PaperClaim(
    "C18",
    statements={
        "a": "As a model trains, its samples are the better the lower its running loss is.",
        "b": "Of several models, those with lower running losses have better samples.",
    },
    needs=(dict.fromkeys(MODELS, ("quality",)),),
    judge=judge,
)
