"""C9 (appendix D.2, table 6): affine WN's final loss is above WN's, early and late."""

from wngan.bootstrap import above
from wngan.claims.measures import best, percent_above
from wngan.claims.record import FINALS, Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.verdicts import POSITIVE, Criterion


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """Final losses, over the same images."""
    affine, wn = best(runs[0], "affine_wn"), best(runs[0], "wn")
    return [
        Finding(
            "a",
            "optimal affine WN's final loss above optimal WN's, %",
            percent_above(affine.optimal["losses"], wn.optimal["losses"]),
            POSITIVE,
            [affine, wn],
            paper["a"],
        ),
        Finding(
            "b",
            "affine WN's final loss at its last iteration above that at its optimum, %",
            percent_above(affine.last["losses"], affine.optimal["losses"]),
            Criterion(-2, 2),
            [affine],
            paper["b"],
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
    needs=({"affine_wn": FINALS, "wn": ("optimal",)},),
    judge=judge,
    printed=printed,
)
