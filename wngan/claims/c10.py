"""C10 (appendix D.3, table 7): on CIFAR-10, WN's last model is worse in few steps, best in many."""

from dataclasses import replace

import numpy as np

from wngan.bootstrap import IMAGES_ALONE, Estimate, above, paired, ratio_within
from wngan.claims.measures import (
    crossing,
    last_final,
    losses_at_optimum,
    losses_at_the_end,
    never_trained,
    of_model,
    percent,
    scaled,
    trained_too_short,
)
from wngan.claims.optima import compare, final_at_optimum
from wngan.claims.record import (
    CURVE,
    FINALS,
    Figures,
    Finding,
    Groups,
    PaperClaim,
    PaperValues,
    Run,
)
from wngan.model_names import NAMES
from wngan.outcome import STEADY_LOSS
from wngan.verdicts import like_percent, like_time


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Running and final losses, and losses along the final reconstruction.

    In b the rival is whichever of the others has the lowest mean.
    """
    vanilla, _, wn = models = [of_model(runs[0], name) for name in ("vanilla", "bn", "wn")]
    checkpoints = {"optimum": final_at_optimum, "last iteration": last_final}
    rivals = [(group, at) for group in models for at in checkpoints][:-1]

    def mean_loss(rival: tuple[list[Run], str]) -> float:
        """Infinite if a checkpoint is of a diverged run, which does not compete."""
        group, at = rival
        mean = np.mean([checkpoints[at](run) for run in group])
        return float(np.nan_to_num(mean, nan=np.inf))

    group, at = min(rivals, key=mean_loss)
    steps = wn[0].last["steps"]
    if not np.array_equal(steps, vanilla[0].optimal["steps"]):
        raise ValueError("The final reconstructions keep their losses after different steps.")
    passes = paired(
        lambda means: crossing(steps, means[:, : len(steps)], means[:, len(steps) :]),
        np.mean([run.last["curve"] for run in wn], axis=0),
        np.mean([run.optimal["curve"] for run in vanilla], axis=0),
    )
    step = paper["c"] * float(steps[-1]) / 2_000
    what = "reconstruction step from which on WN at its last iteration is below optimal vanilla"
    what_best = (
        "final loss of WN at its last iteration above the lowest of the others "
        f"({NAMES[group[0].model]} at its {at}), %"
    )
    against_best = compare("b", what_best, wn, group, paper["b"], last_final, checkpoints[at])
    if group is wn:
        own = ratio_within([last_final(r) for r in wn], [final_at_optimum(r) for r in wn])
        against_best = replace(against_best, measured=percent(own), models=[wn], spread="")
    too_short = trained_too_short(wn)
    diverged = next((f"{run.name} diverged" for run in wn if run.diverged), "")
    return [
        Finding(
            "a",
            "WN's running loss at its last iteration above that at its optimum, %",
            percent(
                ratio_within(list(map(losses_at_the_end, wn)), list(map(losses_at_optimum, wn)))
            ),
            replace(like_percent(paper["a"]), none=100 * STEADY_LOSS),  # noise alone is above 0
            [wn],
            paper["a"],
            untestable=never_trained(wn) or too_short or diverged,
        ),
        replace(against_best, untestable=never_trained(*models) or trained_too_short(*models)),
        Finding(
            "c",
            scaled(what, paper["c"], step),
            Estimate(np.inf) if diverged else passes,
            like_time(step),
            [wn, vanilla],
            step,
            untestable=never_trained(wn, vanilla) or too_short,
            spread=IMAGES_ALONE,
        ),
    ]


def printed(values: PaperValues) -> Figures:
    """From table 7, and from the text for the step."""
    lowest, last = values.losses(7, "running_loss", model="wn")
    others = [values.final(7, model, kind) for model in ("vanilla", "bn") for kind in FINALS]
    rivals = min(*others, values.final(7, "wn"))
    return {
        "a": above(last, lowest),
        "b": above(values.final(7, "wn", "last"), rivals),
        "c": 400,
    }


CLAIM = PaperClaim(
    "C10",
    statements={
        "a": "WN's running loss is higher at its last iteration than at its optimum.",
        "b": "WN at its last iteration has the lowest final loss of all.",
        "c": "From about reconstruction step 400 of 2,000 on, it is below the optimal vanilla.",
    },
    needs=(
        {
            "vanilla": ("running", *FINALS),
            "bn": ("running", *FINALS),
            "wn": (*FINALS, *CURVE),
        },
    ),
    judge=judge,
    printed=printed,
)
