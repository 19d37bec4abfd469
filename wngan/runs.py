"""Data sets, experiments and their runs, as a checked configuration has them.

Nothing here looks at a file or knows Snakemake. Places of files are relative to the folder `runs`
of the results.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

Config = dict[str, Any]

BEST = "best"
"""The instance of a model with the lowest running loss (section 5.1)."""


class Source(NamedTuple):
    """Where a checkpoint is.

    Attributes:
        file: the checkpoint itself, or the folder of snapshots that has it.
        changes: a small file that changes whenever the checkpoint does.
    """

    file: str
    changes: str


@dataclass(frozen=True)
class Run:
    """One training, or the best of a model's trainings.

    Attributes:
        experiment: its name.
        model: its name.
        instance: a number from 1, or `BEST`.
        iterations: how many the training has.
        segment: iterations of one training job.
        seed: of the training; that of the first instance for the best.
        restarts: how often it may start again if it diverges in its first segment.
    """

    experiment: str
    model: str
    instance: str
    iterations: int
    segment: int
    seed: int
    restarts: int

    @property
    def place(self) -> str:
        """Its folder."""
        return f"{self.experiment}/{self.model}/{self.instance}"

    @property
    def name(self) -> str:
        """As configurations name it: bn, for the best instance, or bn/2."""
        return self.model if self.instance == BEST else f"{self.model}/{self.instance}"

    @property
    def segments(self) -> list[tuple["Run", int]]:
        """The run with the number of each of its segments, from 1."""
        return [(self, number) for number in range(1, self.iterations // self.segment + 1)]

    def start_of(self, number: int) -> int:
        """The last iteration before a segment."""
        return (number - 1) * self.segment

    def stop_of(self, number: int) -> int:
        """The last iteration of a segment."""
        return number * self.segment

    def segment_of(self, iteration: int) -> int:
        """The number of the segment that trains an iteration."""
        return (iteration - 1) // self.segment + 1

    def source(self, checkpoint: str) -> Source:
        """Where a checkpoint is: "optimal", "last" (the last iteration), or an iteration."""
        if checkpoint == "optimal":
            return Source(f"{self.place}/optimal.safetensors", f"{self.place}/running.csv")
        at = self.iterations if checkpoint == "last" else int(checkpoint)
        folder = f"{self.place}/segments/{self.segment_of(at)}"
        file = "state.safetensors" if checkpoint == "last" else "snapshots"
        return Source(f"{folder}/{file}", f"{folder}/status.json")


class Final(NamedTuple):
    """The final reconstruction of a run's checkpoint: "optimal", "last", or an iteration."""

    run: Run
    checkpoint: str

    @property
    def place(self) -> str:
        """Its files, without their suffix."""
        return f"{self.run.place}/final/{self.checkpoint}"


def split_run(run: str) -> tuple[str, str]:
    """A run as configurations name it, as model and instance: "bn/2" or, for the best, "bn"."""
    model, _, instance = run.partition("/")
    return model, instance or BEST


def minutes(seconds: float) -> int:
    """How long a job may take: half an hour and twice the `seconds` that are estimated."""
    return math.ceil(30 + 2 * seconds / 60)


@dataclass(frozen=True)
class Dataset:
    """A data set.

    Attributes:
        settings: as in the configuration.
    """

    name: str
    settings: Config

    @property
    def type(self) -> str:
        """Such as "celeba" or "folder"."""
        return str(self.settings["type"])

    @property
    def archive(self) -> Path | None:
        """The archive that it is made of: absolute where the user has it, else below `raw`."""
        if "archive" not in self.settings:
            return None
        return Path(self.settings["archive"]["file"]).expanduser()

    @property
    def digest(self) -> Config:
        """Size and digest of the archive: all of it that decides what is made of it."""
        return {key: self.settings["archive"][key] for key in ("bytes", "sha256")}

    @property
    def resize(self) -> bool:
        """Whether images are resized before they are cropped."""
        return bool(self.settings.get("resize", False))

    @property
    def split_by(self) -> str | None:
        """ "folder" where all images of a folder are for testing, or all for training."""
        return self.settings.get("split_by")

    @property
    def values(self) -> int:
        """Values of an image, one per pixel and channel."""
        return 3 * int(self.settings["image_size"]) ** 2

    @property
    def encoded(self) -> bool:
        """Whether images stay encoded, to be decoded while training."""
        return self.type == "lsun"


@dataclass(frozen=True)
class Model:
    """All trainings of a model in an experiment.

    Attributes:
        runs: its instances.
    """

    runs: list[Run]


@dataclass(frozen=True)
class Experiment:
    """Models trained in the same way on the same data set.

    Attributes:
        settings: as in the configuration.
        seed: of the first instance of each model.
    """

    name: str
    dataset: Dataset
    settings: Config
    seed: int

    @cached_property
    def runs(self) -> list[Run]:
        """All trainings."""
        return [run for model in self.settings["models"] for run in self.model(model).runs]

    def model(self, name: str) -> Model:
        """All trainings of a model."""
        instances = range(1, self.settings["models"][name]["instances"] + 1)
        return Model([self.instance(name, str(number)) for number in instances])

    def instance(self, model: str, instance: str) -> Run:
        """One training by its number from 1, or the best of them (`BEST`)."""
        settings = self.settings["models"][model]
        return Run(
            self.name,
            model,
            instance,
            settings["iterations"],
            self.settings["segment"],
            self.seed + (0 if instance == BEST else int(instance) - 1),
            settings.get("restarts", 0),
        )

    def run(self, name: str) -> Run:
        """The run that a configuration names, as in bn or bn/2; the best of one is that one."""
        model, instance = split_run(name)
        if self.settings["models"][model]["instances"] == 1:
            instance = "1"
        return self.instance(model, instance)

    def snapshots(self, run: Run, number: int) -> range:
        """The iterations of a segment's snapshots; the first segment also has the untrained 0."""
        every, start = self.settings["evaluation"]["running"]["every"], run.start_of(number)
        return range(start + every if start else 0, run.stop_of(number) + 1, every)

    def trainings(self, run: Run) -> list[Run]:
        """The trainings that a run is the best of, or itself."""
        return self.model(run.model).runs if run.instance == BEST else [run]

    def training(self, run: Run) -> Config:
        """What a run trains, as `wngan.settings.Settings` takes it."""
        return {
            "architecture": self.settings["architecture"],
            "model": run.model,
            "image_size": self.dataset.settings["image_size"],
            "channels": self.settings["channels"],
            "code_length": self.settings["code_length"],
            "batch_size": self.settings["batch_size"],
            "lr": self.settings["lr"],
            "seed": run.seed,
            "snapshot_every": self.settings["evaluation"]["running"]["every"],
            "sample_every": self.settings["samples"]["every"],
            "sample_codes": self.settings["samples"]["codes"],
            "precision": self.settings["precision"],
        }

    @property
    def training_threads(self) -> int:
        """Cores of a training job: where images stay encoded, several decode them."""
        return 4 if self.dataset.encoded else 1

    @property
    def training_minutes(self) -> int:
        """What a segment may take."""
        return minutes(self.settings["segment"] * self.settings["seconds"]["iteration"])

    @property
    def evaluation_minutes(self) -> int:
        """What the evaluation of a segment's snapshots may take."""
        running = self.settings["evaluation"]["running"]
        snapshots = self.settings["segment"] // running["every"] + 1
        return self._reconstruction_minutes(snapshots * running["images"] * running["steps"])

    @property
    def final_minutes(self) -> int:
        """What a shard of a final reconstruction may take."""
        final = self.settings["evaluation"]["final"]
        images = math.ceil(final["images"] / final["shards"])
        return self._reconstruction_minutes(images * final["steps"])

    def probe_minutes(self, images: int) -> int:
        """What the reconstruction of this many images by the final evaluation's steps may take."""
        return self._reconstruction_minutes(images * self.settings["evaluation"]["final"]["steps"])

    @property
    def baseline_minutes(self) -> int:
        """What losses without a generator may take: on a core, 20 GFLOP/s, 5 in float64."""
        training, test, values = self._baseline_sizes
        square = min(training, values)
        products = 2 * training * values * (square + test)
        return minutes(products / 20e9 + 10 * square**3 / 5e9)

    @property
    def baseline_megabytes(self) -> int:
        """The memory that they take: training images in float32, and products of all pairs."""
        training, test, values = self._baseline_sizes
        numbers = 10 * training * values + 40 * min(training, values) ** 2 + test * values
        return 2000 + math.ceil(numbers / 1e6)

    @property
    def _baseline_sizes(self) -> tuple[int, int, int]:
        """Training images, test images, and values of an image."""
        images = self.settings["evaluation"]["baselines"]["images"]
        return images, self.dataset.settings["test"], self.dataset.values

    def _reconstruction_minutes(self, image_steps: int) -> int:
        return minutes(image_steps * self.settings["seconds"]["step"])
