"""C17 (abstract, appendix D.3, table 7): on CIFAR-10, WN's last model is below the others' best."""

from wngan.bootstrap import above
from wngan.claims.measures import (
    below,
    last_final,
    never_trained,
    of_model,
    percent_above,
    trained_too_short,
)
from wngan.claims.optima import FINALS_AT_OPTIMA
from wngan.claims.record import Figures, Finding, Groups, PaperClaim, PaperValues
from wngan.model_names import NAMES
from wngan.verdicts import like_percent

OTHERS = {"a": "vanilla", "b": "bn"}


def judge(runs: Groups, paper: Figures) -> list[Finding]:
    """WN's final loss at its last iteration against the others' at their optima."""
    wn = of_model(runs[0], "wn")
    findings = []
    for part, model in OTHERS.items():
        other = of_model(runs[0], model)
        more = percent_above(
            [last_final(run) for run in wn], [run.optimal["losses"] for run in other]
        )
        findings.append(
            Finding(
                part,
                f"WN's final loss at its last iteration below optimal {NAMES[model]}'s, %",
                below(more),
                like_percent(paper[part]),
                [wn, other],
                paper[part],
                untestable=never_trained(wn, other) or trained_too_short(wn, other),
            )
        )
    return findings


def printed(values: PaperValues) -> Figures:
    """From table 7."""
    last = values.final(7, "wn", "last")
    return {part: -above(last, values.final(7, model)) for part, model in OTHERS.items()}


CLAIM = PaperClaim(
    "C17",
    statements={
        "a": "On CIFAR-10, WN's final loss at its last iteration is below optimal vanilla's.",
        "b": "On CIFAR-10, WN's final loss at its last iteration is below optimal BN's.",
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
