"""C10 (appendix D.3, table 7): on CIFAR-10, WN's last model is worse in few steps, best in many."""

import numpy as np

from wngan.bootstrap import above, paired
from wngan.claims.measures import (
    best,
    crossing,
    losses_at_optimum,
    losses_at_the_end,
    percent_above,
    scaled,
)
from wngan.claims.record import CURVE, FINALS, Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.outcome import STEADY_LOSS
from wngan.verdicts import NEGATIVE, Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Running and final losses, and losses along the final reconstruction, over the same images."""
    vanilla, bn, wn = (best(runs[0], model) for model in ("vanilla", "bn", "wn"))
    finals = [vanilla.optimal, vanilla.last, bn.optimal, bn.last, wn.optimal]
    against_others = paired(
        # A checkpoint of a diverged run does not compete.
        lambda means: above(means[:, 0], np.fmin.reduce(means[:, 1:], axis=1)),
        wn.last["losses"],
        *(final["losses"] for final in finals),
    )
    steps = wn.last["steps"]
    if not np.array_equal(steps, vanilla.optimal["steps"]):
        raise ValueError("The final reconstructions keep their losses after different steps.")
    passes = paired(
        lambda means: crossing(steps, means[:, : len(steps)], means[:, len(steps) :]),
        wn.last["curve"],
        vanilla.optimal["curve"],
    )
    step = paper["c"] * float(steps[-1]) / 2_000
    what = "reconstruction step from which on WN at its last iteration is below optimal vanilla"
    return [
        Finding(
            "a",
            "WN's running loss at its last iteration above that at its optimum, %",
            percent_above(losses_at_the_end(wn), losses_at_optimum(wn)),
            Criterion(low=100 * STEADY_LOSS),  # the optimum being the lowest, it is never below 0
            [wn],
            paper["a"],
        ),
        Finding(
            "b",
            "final loss of WN at its last iteration above the lowest of the others, %",
            against_others,
            NEGATIVE,
            [vanilla, bn, wn],
            paper["b"],
        ),
        Finding(
            "c",
            scaled(what, paper["c"], step),
            passes,
            Criterion(step / 2, step * 2),
            [vanilla, wn],
            step,
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
    needs=({"vanilla": FINALS, "bn": FINALS, "wn": (*FINALS, *CURVE)},),
    judge=judge,
    printed=printed,
)
