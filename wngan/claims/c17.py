"""C17 (abstract, appendix D.3, table 7): on CIFAR-10, WN's last model is below the others' best."""

from wngan.bootstrap import above
from wngan.claims.measures import last_final, of_model
from wngan.claims.optima import FINALS_AT_OPTIMA, compare, final_at_optimum
from wngan.claims.record import Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.model_names import NAMES

OTHERS = {"a": "vanilla", "b": "bn"}


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """WN's final loss at its last iteration against the others' at their optima."""
    wn = of_model(runs[0], "wn")
    return [
        compare(
            part,
            f"WN's final loss at its last iteration below optimal {NAMES[model]}'s, %",
            wn,
            of_model(runs[0], model),
            paper[part],
            last_final,
            final_at_optimum,
            below=True,
        )
        for part, model in OTHERS.items()
    ]


def printed(values: PaperValues) -> Figures:
    """From table 7."""
    last = values.final(7, "wn", "last")
    return {part: -above(last, values.final(7, model)) for part, model in OTHERS.items()}


CLAIM = PaperClaim(
    "C17",
    statements={
        "a": "At its last iteration WN's final loss is below optimal vanilla's (paper: CIFAR-10).",
        "b": "At its last iteration WN's final loss is below optimal BN's (paper: CIFAR-10).",
    },
    needs=(
        {
            "vanilla": FINALS_AT_OPTIMA,
            "bn": FINALS_AT_OPTIMA,
            "wn": ("running", "last"),
        },
    ),
    judge=judge,
    printed=printed,
)
