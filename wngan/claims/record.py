"""What a claim of the paper is: its statements, what it needs, the paper's figures, its judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wngan import running as running_losses
from wngan.bootstrap import Estimate, basis
from wngan.outcome import FAILURES
from wngan.verdicts import Criterion

FILES = {
    "status": "status.json",
    "running": "running.csv",
    "losses": "running.npy",
    "series": "outcome.csv",
    "quality": "quality.csv",
    "optimal": "final/optimal.safetensors",
    "last": "final/last.safetensors",
}
"""Where a run keeps what a `Run` has."""

FINALS = ("optimal", "last")
CURVE = ("running", "losses")

Needs = Mapping[str, tuple[str, ...]]
"""For each model, of all of its trainings: keys of `FILES`."""


@dataclass(frozen=True)
class Run:
    """One run, with as much of it as a claim needs.

    Attributes:
        instance: a number.
        iterations: how many it was to train.
        status: what became of it.
        running: its running losses, `wngan.running.FIELDS`.
        losses: float32 (E, images), of each image at each row of `running`.
        series: columns (rows,) by name: iteration, distinct, drift.
        quality: columns (rows,) by name, as scripts/join_quality.py writes them.
        optimal: of the final reconstruction at the optimum: losses float32 (N,), curve float32
            (N, S), the losses after each of steps int64 (S,).
        last: the same at the last iteration.
        folders: of the images, where a data set is split by folder; losses and curve are then
            `wngan.bootstrap.per_folder`, with a row per folder in place of an image.
    """

    experiment: str
    model: str
    instance: str
    iterations: int
    status: Mapping[str, Any]
    running: NDArray[np.void] = field(default_factory=lambda: np.empty(0, running_losses.FIELDS))
    losses: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    series: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    quality: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    optimal: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    last: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    folders: NDArray[np.int64] | None = None

    @property
    def name(self) -> str:
        """As configurations name it, such as bn/2."""
        return f"{self.model}/{self.instance}"

    @property
    def failed(self) -> bool:
        """Whether its training failed."""
        return self.status["status"] in FAILURES

    @property
    def diverged(self) -> bool:
        """Whether its losses became infinite."""
        return self.status["status"] == "diverged"


Groups = Sequence[Sequence[Run]]
"""The runs of each of a claim's experiments."""


@dataclass(frozen=True)
class Finding:
    """What was measured for one part of a claim.

    Attributes:
        part: a key of the claim's statements, or one of several rows of an undivided claim.
        quantity: what was measured, with its unit.
        measured: the number and its interval.
        criterion: what it must be.
        models: the trainings that were measured, of each model.
        paper: the paper's figure; NaN if it has none.
        by_value: whether the interval is for reading alone.
        untestable: why the runs cannot test the claim; "" if they can.
        spread: how the interval takes trainings to differ, if not by how these do.
    """

    part: str
    quantity: str
    measured: Estimate
    criterion: Criterion
    models: Sequence[Sequence[Run]]
    paper: float = np.nan
    by_value: bool = False
    untestable: str = ""
    spread: str = ""

    @property
    def runs(self) -> list[Run]:
        """All trainings that were measured."""
        return [run for runs in self.models for run in runs]

    @property
    def basis(self) -> str:
        """How many trainings it rests on, and what its interval says of others."""
        interval = not (self.by_value or np.isnan(self.measured.low))
        return basis(
            *self.models,
            spread=self.spread or (None if interval else ""),
            folders=self.runs[0].folders if interval else None,
        )


class PaperValues:
    """The paper's numbers.

    Args:
        rows: of report/paper_values.csv.
    """

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        self.rows = rows

    def losses(self, table: int, field: str, **where: str) -> list[float]:
        """A column of those rows of a table that have certain values in other columns."""
        where["table"] = str(table)
        return [float(row[field]) for row in self.rows if where.items() <= row.items()]

    def final(self, table: int, model: str, checkpoint: str = "optimal") -> float:
        """The final loss of the only such row."""
        (loss,) = self.losses(table, "final_loss", model=model, checkpoint=checkpoint)
        return loss


Figures = Mapping[str, float]
"""The paper's figures by part, in the unit of the part's quantity."""


@dataclass(frozen=True)
class PaperClaim:
    """A claim of the paper.

    Attributes:
        name: as in "C1".
        statements: what each part says; the part of an undivided claim has an empty name.
        needs: what it takes of each of its experiments; status is always taken.
        judge: measures it, given the runs that it needs and the paper's figures.
        printed: the paper's figures. Parts for which the paper gives no figure have none.
        each: whether it may have any number of experiments, each with the same needs.
        instances: how many instances of each model it needs.
        architecture: of its experiments, where the claim is of one.
        lr_factors: learning rates of its experiments, relative to that of the first.
    """

    name: str
    statements: Mapping[str, str]
    needs: tuple[Needs, ...]
    judge: Callable[[Groups, Figures], list[Finding]]
    printed: Callable[[PaperValues], Figures] = lambda values: {}
    each: bool = False
    instances: int = 1
    architecture: str | None = None
    lr_factors: tuple[float, ...] = ()

    def needs_of(self, experiments: int) -> tuple[Needs, ...]:
        """What it takes of each of its experiments, which are that many."""
        return self.needs * experiments if self.each else self.needs
