"""The paper's claims C1 to C14: what they say, and what is needed to judge them."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

PARTS = {
    "C1": {"": "WN's final loss is at least 10 % below vanilla's."},
    "C2": {"": "BN's final loss is above vanilla's."},
    "C3": {"": "Until vanilla collapses, BN's running loss is never below vanilla's."},
    "C4": {"": "Vanilla collapses at about 135,000 of its 150,000 iterations."},
    "C5": {
        "a": "From 40,000 of 150,000 iterations on, BN's running loss fluctuates more than WN's.",
        "b": "From 40,000 of 150,000 iterations on, it fluctuates more than just before.",
    },
    "C6": {"": "WN improves to about 300,000 of its 700,000 iterations and then stays."},
    "C7": {"": "Instances of vanilla are nearly alike, and those of BN differ."},
    "C8": {"": "WN with mean-only BN has a higher running loss than vanilla."},
    "C9": {
        "a": "Affine WN's final loss is above WN's.",
        "b": "Affine WN's final loss is the same at its optimum and at its last iteration.",
    },
    "C10": {
        "a": "WN's running loss is higher at its last iteration than at its optimum.",
        "b": "WN at its last iteration has the lowest final loss of all.",
        "c": "From about reconstruction step 400 of 2,000 on, it is below the optimal vanilla.",
    },
    "C11": {"": "Vanilla fails to train on LSUN, at a lower learning rate too."},
    "C12": {
        "a": "The vanilla ResNet never gives more than a handful of different samples.",
        "b": "The BN ResNet never gives more than a handful of different samples.",
        "c": "The WN ResNet trains to its end.",
        "d": "At its end the WN ResNet gives more than a handful of different samples.",
    },
    "C13": {
        "a": "Vanilla often fails at twice the learning rate.",
        "b": "WN often fails at twice the learning rate.",
        "c": "BN trains at ten times the learning rate.",
        "d": "BN is less stable at ten times the learning rate.",
    },
    "C14": {"": "From the same codes, WN's samples drift less than vanilla's and BN's."},
}
"""What each part of a claim says; the part of an undivided claim has an empty name."""

FILES = {
    "status": "status.json",
    "running": "running.csv",
    "losses": "running.npy",
    "diagnosis": "diagnosis.csv",
    "optimal": "final/optimal.safetensors",
    "converged": "final/converged.safetensors",
}
"""Where a run keeps what a `Run` has."""

Needs = Mapping[str, tuple[str, ...]]

_FINALS = ("optimal", "converged")
_CURVE = ("running", "losses")

NEEDS: dict[str, tuple[Needs, ...]] = {
    "C1": ({"vanilla": ("optimal",), "wn": ("optimal",)},),
    "C2": ({"vanilla": ("optimal",), "bn": ("optimal",)},),
    "C3": ({"vanilla": ("running",), "bn": ("running",)},),
    "C4": ({"vanilla/*": ()},),
    "C5": ({"bn": _CURVE, "wn": _CURVE},),
    "C6": ({"wn": ()},),
    "C7": ({"vanilla/*": ("running",), "bn/*": ("running",)},),
    "C8": ({"vanilla": _CURVE, "wn_mean_bn": _CURVE},),
    "C9": ({"affine_wn": _FINALS, "wn": ("optimal",)},),
    "C10": ({"vanilla": _FINALS, "bn": _FINALS, "wn": (*_FINALS, *_CURVE)},),
    "C11": ({"vanilla/*": ()},),  # of each experiment
    "C12": ({"vanilla/*": ("diagnosis",), "bn/*": ("diagnosis",), "wn/*": ("diagnosis",)},),
    "C13": ({"bn": _CURVE}, {"vanilla/*": (), "wn/*": ()}, {"bn": _CURVE, "bn/*": ()}),
    "C14": ({"vanilla": ("diagnosis",), "bn": ("diagnosis",), "wn": ("diagnosis",)},),
}
"""What a claim takes of each of its experiments.

For a model's best instance, as in "bn", or for each instance, as in "bn/*": keys of `FILES`; status
is always taken.
"""

INSTANCES = {"C7": 2}
"""How many instances of each model a claim needs, where it needs several."""

ARCHITECTURES = {"C12": "resnet"}
"""The architecture of a claim's experiments, where the claim is of one."""

LR_FACTORS = {"C13": (1, 2, 10)}
"""Learning rates of a claim's experiments, relative to that of the first."""

REPRODUCED, NOT_REPRODUCED, UNDECIDED, NOT_RUN = VERDICTS = (
    "reproduced",
    "not reproduced",
    "undecided",
    "not run",
)

FIELDS = (
    "claim", "part", "statement", "experiment", "quantity", "paper", "measured", "low", "high",
    "verdict", "note", "command",
)  # fmt: skip
"""Columns of the table of claims.

paper, measured, low, high: numbers in the unit that quantity names; inf is "never". low and high
bound the 95 % interval. note: what went wrong. command: what would run a claim.
"""

Row = dict[str, Any]
"""A row of `FIELDS`."""


def needs(claim: str, experiments: int) -> tuple[Needs, ...]:
    """What a claim takes of each of its experiments, which are that many."""
    return NEEDS[claim] * experiments if claim == "C11" else NEEDS[claim]


def printed(rows: Sequence[Mapping[str, str]]) -> dict[str, float]:
    """The paper's figures, by claim and part as in "C9a", in the units of the table of claims.

    Parts of which the paper says only that something is more, or often so, have none.

    Args:
        rows: of report/paper_values.csv; other figures are in the paper's text.
    """

    def numbers(table: int, field: str, **where: str) -> list[float]:
        where["table"] = str(table)
        return [float(row[field]) for row in rows if where.items() <= row.items()]

    def final(table: int, model: str, checkpoint: str = "optimal") -> float:
        (loss,) = numbers(table, "final_loss", model=model, checkpoint=checkpoint)
        return loss

    (vanilla,) = numbers(2, "running_loss", model="vanilla")
    (mixed,) = numbers(5, "running_loss", model="wn_mean_bn")
    lowest, last = numbers(7, "running_loss", model="wn")
    others = [final(7, model, kind) for model in ("vanilla", "bn") for kind in _FINALS]
    return {
        "C1": -above(final(2, "wn"), final(2, "vanilla")),
        "C2": above(final(2, "bn"), final(2, "vanilla")),
        "C3": 0,
        "C4": 135_000,
        "C6": 300_000,
        "C7": variation(numbers(4, "running_loss")) / variation(numbers(3, "running_loss")),
        "C8": above(mixed, vanilla),
        "C9a": above(final(6, "affine_wn"), final(6, "wn")),
        "C9b": above(final(6, "affine_wn", "converged"), final(6, "affine_wn")),
        "C10a": above(last, lowest),
        "C10b": above(final(7, "wn", "converged"), min(*others, final(7, "wn"))),
        "C10c": 400,
        "C11": 100,
        "C12c": 100,
    }


def above(a: Any, b: Any) -> Any:
    """By how many percent a is above b."""
    return 100 * a / b - 100


def variation(losses: Sequence[float]) -> float:
    """The standard deviation over the mean of two or more losses."""
    center, count = fmean(losses), len(losses)
    return (sum((loss - center) ** 2 for loss in losses) / (count - 1)) ** 0.5 / center


def not_run(claim: str, paper: Mapping[str, float]) -> list[Row]:
    """A row of `FIELDS` for each part of a claim that a configuration leaves out."""
    command = f"snakemake --resources gpu=1 --cores all results/claims/{claim}.csv"
    rest: Row = {"experiment": "", "quantity": "", "verdict": NOT_RUN, "note": ""}
    rest |= dict.fromkeys(("measured", "low", "high"), float("nan"))
    return [
        {"claim": claim, "part": part, "statement": statement, "command": command, **rest}
        | {"paper": paper.get(claim + part, float("nan"))}
        for part, statement in PARTS[claim].items()
    ]
