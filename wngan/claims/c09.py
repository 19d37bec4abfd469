"""C9 (appendix D.2, table 6): affine WN's final loss is above WN's, early and late."""

from wngan.bootstrap import above, ratio_within
from wngan.claims.measures import last_final, never_trained, of_model, optimum_is_last, percent
from wngan.claims.optima import FINALS_AT_OPTIMA, compare, final_at_optimum
from wngan.claims.record import Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.verdicts import Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses; b is not testable where the optimum of a training is its last iteration."""
    affine, wn = of_model(runs[0], "affine_wn"), of_model(runs[0], "wn")
    at_last = [run.name for run in affine if optimum_is_last(run)]
    itself = f"the optimum of {at_last[0]} is its last iteration" if at_last else ""
    later = ratio_within(
        [last_final(run) for run in affine], [final_at_optimum(run) for run in affine]
    )
    return [
        compare(
            "a", "optimal affine WN's final loss above optimal WN's, %", affine, wn, paper["a"]
        ),
        Finding(
            "b",
            "affine WN's final loss at its last iteration above that at its optimum, %",
            percent(later),
            Criterion(-2, 2),
            [affine],
            paper["b"],
            untestable=never_trained(affine) or itself,
        ),
    ]


def printed(values: PaperValues) -> Figures:
    """From table 6."""
    optimal, wn = values.final(6, "affine_wn"), values.final(6, "wn")
    last = values.final(6, "affine_wn", "last")
    return {"a": above(optimal, wn), "b": above(last, optimal)}


CLAIM = PaperClaim(
    "C9",
    statements={
        "a": "Affine WN's final loss is above WN's.",
        "b": "Affine WN's final loss is the same at its optimum and at its last iteration.",
    },
    needs=({"affine_wn": (*FINALS_AT_OPTIMA, "last"), "wn": FINALS_AT_OPTIMA},),
    judge=judge,
    printed=printed,
)
