"""A claim of the paper, and what it is judged by."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from inspect import getfile
from pathlib import Path

from wngan.claims import CLAIMS
from wngan.claims.record import FILES
from wngan.items.item import Item
from wngan.runs import Config, Experiment, Final, Run


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, and the experiments that it is judged by.

    Attributes:
        name: as in "C1".
    """

    name: str
    experiments: list[Experiment]

    @cached_property
    def needed(self) -> list[list[tuple[Run, tuple[str, ...]]]]:
        """For each experiment its runs, each with what it takes of them (`wngan.claims.FILES`)."""
        needs = CLAIMS[self.name].needs_of(len(self.experiments))
        return [
            [
                (run, ("status", *files))
                for model, files in needed.items()
                for run in experiment.model(model).runs
            ]
            for experiment, needed in zip(self.experiments, needs, strict=True)
        ]

    @property
    def runs(self) -> list[list[Config]]:
        """The same as `scripts/claim.py` takes it."""
        return [
            [
                {
                    "experiment": run.experiment,
                    "model": run.model,
                    "instance": run.instance,
                    "iterations": run.iterations,
                    "files": list(files),
                }
                for run, files in group
            ]
            for group in self.needed
        ]

    @property
    def files(self) -> list[str]:
        """The places of those files, in that order."""
        return [f"{run.place}/{FILES[name]}" for run, names in self._found for name in names]

    @property
    def changes(self) -> list[str]:
        """The small file that changes along with each of them that is large."""
        large = (file for file in self.files if file.endswith(".safetensors"))
        return [file.replace(".safetensors", ".sha256") for file in large]

    @property
    def item(self) -> Item:
        """What it is made of."""
        runs = [run for run, _ in self._found]
        finals = [
            Final(run, name)
            for run, names in self._found
            for name in names
            if FILES[name].startswith("final/")
        ]
        modules = {name: Path(getfile(claim.judge)).resolve() for name, claim in CLAIMS.items()}
        others = frozenset(modules.values()) - {modules[self.name]}
        return Item(self.name, "claim.py", self.runs, runs, finals, others)

    @property
    def _found(self) -> Iterator[tuple[Run, tuple[str, ...]]]:
        """The runs of all experiments, one after the other."""
        return (each for group in self.needed for each in group)


def claim_experiments(config: Config, claim: str) -> list[str]:
    """The names of the experiments that a claim is judged by."""
    names = config["claims"][claim]
    return [names] if isinstance(names, str) else names
