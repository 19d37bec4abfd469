"""What `snakemake --profile own` trains: a configuration for images of one's own, and this machine.

It is chosen once and written to a file, which says from then on what is run.
"""

import json
import math
import re
import subprocess
import sys
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

import numpy as np
import yaml

from wngan.config import ConfigError
from wngan.config_file import read
from wngan.datasets.containers import ARCHIVES, find_images, reader
from wngan.decoding import decode
from wngan.errors import InputError
from wngan.log import logger
from wngan.runs import Config

MODELS = ("vanilla", "bn", "wn")
TRAININGS = 3
"""Of each model."""

JOBS = 116
"""Of a first run, from the images to the last figure."""

FEWEST = 50
"""Images, of which a tenth is for testing and the others fill a batch."""

READERS = 8
"""Processes that read images to prepare them, at most: the threads of the rule `prepare_folder`."""

LOOKED_AT = 100
"""Images whose sizes are looked at."""

BATCH = 32

SLOW = {32: [16, 32, 64], 64: [16, 32, 64, 128], 128: [16, 32, 64, 128, 256]}
"""Channels for processors, a quarter of the paper's or less, by image size."""

FAST = {32: [96, 192, 384], 64: [64, 128, 256, 512], 128: [64, 128, 256, 512, 1024]}
"""Channels for GPUs: appendix D.3's, and table 1's without or with its last."""

SIZES = tuple(FAST)
"""Heights and widths of images that there are networks for."""

AFFORDED = 64
"""The largest of these that is chosen without a GPU."""

EVALUATIONS = ((200, 2000, 2000), (200, 500, 1000), (100, 200, 500), (50, 100, 250), (20, 50, 100))
"""Images of running and of final evaluations, and steps of the latter, from the paper's down."""

SNAPSHOTS = 25
"""Of each training, which are evaluated."""

LONGEST = 150_000
"""Iterations of the paper's vanilla and BN models (section 5.1)."""


class Network(NamedTuple):
    """What decides how fast a DCGAN is."""

    image_size: int
    channels: list[int]
    code_length: int
    batch_size: int


class Found(NamedTuple):
    """Images.

    Attributes:
        images: how many.
        shorter: the median of the shorter sides of some, in pixels.
        seconds: to read and decode one of these, their mean.
    """

    images: int
    shorter: int
    seconds: float


@dataclass(frozen=True)
class Machine:
    """What a machine can do.

    Attributes:
        name: of what it computes on.
        gpu: whether that is a GPU.
        cores: that this process may use.
        jobs: trainings at once.
        iteration: seconds of a training iteration, a mean over models.
        step: seconds of a reconstruction step of one image.
        start: seconds that a job takes before it computes.
    """

    name: str
    gpu: bool
    cores: int
    jobs: int
    iteration: float
    step: float
    start: float


@dataclass(frozen=True)
class Chosen:
    """A configuration for images of one's own.

    Attributes:
        config: it.
        file: where it is, or will be.
        text: what is to be written there; None where an earlier call did.
        sentences: what it is, for people.
    """

    config: Config
    file: Path
    text: str | None
    sentences: str

    def write(self) -> None:
        """Writes the file, if it is not there.

        Raises:
            ConfigError: it can't be written, or another call has written it meanwhile.
        """
        if self.text is None:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with open(self.file, "x", encoding="utf-8") as file:
                file.write(self.text)
        except FileExistsError as error:
            raise ConfigError(
                f"Another call has chosen and written {self.file} meanwhile. If it does not run, "
                "run the same command again."
            ) from error
        except OSError as error:
            raise ConfigError(
                f"{self.file} can't be written ({error.strerror}). Name a folder of yours, as in "
                "--config results=/path/to/results."
            ) from error


def chosen(asked: Mapping[str, Any], template: Path) -> Chosen:
    """The configuration for images of one's own, chosen now unless an earlier call has.

    Choosing takes a while; log lines say what it does.

    Args:
        asked: images, image_size, hours and results, as own/config.yaml has them.
        template: own/config.yaml.template.

    Raises:
        ConfigError: something that was asked for is not right, or not what the file was chosen for.
        InputError: the images can't be used.
    """
    images, size, hours = _checked(asked)
    name = name_of(images)
    results = Path(str(asked.get("results") or f"results/own/{name}"))
    for key, path in (("images", images), ("results", results)):
        if re.search(r"[{}$]", str(path)):
            raise ConfigError(
                f"{key} must be a path without {{, }} and $, not {path}; rename it, or link to it."
            )
    if results.expanduser().absolute().is_relative_to(images):
        raise ConfigError(
            f"results must not be in {images}, where they would count as images; name another "
            "folder, as in --config results=/path/to/results."
        )
    file = results / "config.yaml"
    chosen_for = {"images": str(images), "image_size": size, "hours": hours}
    if file.exists():
        config = read(file)
        if (before := config.get("chosen_for")) != chosen_for:
            raise ConfigError(
                f"{file} was chosen for {_listed(before or {})}, not for {_listed(chosen_for)}. "
                "Edit that file and ask as you did then, delete it to choose again, or name "
                "another folder, as in --config results=results/other."
            )
        return Chosen(config, file, None, f"What is run was chosen earlier; it is in {file}.")
    logger.info("Looking at the images in %s …", images)
    found = survey(images)
    logger.info("Measuring for about 20 seconds how fast this machine trains …")
    networks = {
        "cpu": network(size or fitting(found, AFFORDED), SLOW, 64),
        "gpu": network(size or fitting(found), FAST, 256),
    }
    machine = measured(networks)
    used = networks["gpu" if machine.gpu else "cpu"]
    values = {"chosen_for": chosen_for, "name": name, "path": str(images)}
    values |= {"results": str(results), "data": str(results / "data")}
    values |= choice(found, used, machine, hours)
    text = filled(template, values)
    config = yaml.safe_load(text)
    return Chosen(config, file, text, _sentences(file, found, machine, values))


def fitting(found: Found, largest: int = max(SIZES)) -> int:
    """The largest size that half of the images fill, up to `largest`; the smallest if none does."""
    return max((size for size in SIZES if size <= min(found.shorter, largest)), default=SIZES[0])


def network(image_size: int, channels: Mapping[int, list[int]], code_length: int) -> Network:
    """The network for images of a size."""
    return Network(image_size, channels[image_size], code_length, BATCH)


def survey(images: Path) -> Found:
    """How many images there are, and of what size.

    Raises:
        InputError: there are none, too few, or none of those that are looked at can be decoded.
    """
    members = find_images(images)
    if len(members) < FEWEST:
        raise InputError(f"{images} has {len(members)} images; there must be at least {FEWEST}.")
    count = min(LOOKED_AT, len(members))
    if members[0].offset is None:
        some = [members[k] for k in np.linspace(0, len(members) - 1, count, dtype=int)]
    else:  # the first of a compressed tar, as all before an image must be read
        some = sorted(members, key=lambda member: (member.file, member.offset))[:count]
    sides, times, problems = [], [], []
    with reader() as read_member:
        for member in some:
            start = time.perf_counter()
            try:  # one that is damaged is named when images are prepared
                sides.append(min(decode(read_member(member), str(member)).size))
            except InputError as error:
                problems.append(error)
            times.append(time.perf_counter() - start)
    if not sides:
        raise problems[0]
    seconds = float(np.mean(times[1:]))  # the first also opens an archive
    return Found(len(members), int(np.median(sides)), seconds)


def measured(networks: Mapping[str, Network]) -> Machine:
    """How fast this machine is, by a process of its own, which keeps no GPU's memory after it.

    Args:
        networks: those for "cpu" and "gpu".

    Raises:
        ConfigError: that process failed.
    """
    given = json.dumps({name: network._asdict() for name, network in networks.items()})
    command = [sys.executable, "-m", "wngan.speed", given]
    above = Path(__file__).parents[1]  # where `wngan` is found, whatever this process works in
    done = subprocess.run(command, capture_output=True, text=True, cwd=above)
    if done.returncode:
        raise ConfigError(f"The speed of this machine could not be measured: {done.stderr}")
    return Machine(**json.loads(done.stdout))


def choice(found: Found, network: Network, machine: Machine, hours: float) -> dict[str, Any]:
    """Numbers of a configuration whose trainings take about as many hours as they may.

    Jobs take a while to start. Of a training's share of the rest, at most a third goes to
    evaluations, as far as `EVALUATIONS` has small enough ones, the others to iterations, up to
    `LONGEST`.

    Returns:
        What own/config.yaml.template fills in, and the "seconds" that all will take.
    """
    test = min(2000, found.images // 10)
    rounds = max(1, len(MODELS) * TRAININGS / machine.jobs)
    starts = JOBS * machine.start / machine.jobs
    share = (3600 * hours - starts) / rounds
    for running, final, final_steps in EVALUATIONS:
        running, final = min(running, test // 2), min(final, test)
        evaluations = (SNAPSHOTS * running * 50 + final * final_steps) * machine.step
        if evaluations <= share / 3:
            break
    every = _rounded(min(LONGEST, (share - evaluations) / machine.iteration) / SNAPSHOTS)
    iterations = SNAPSHOTS * every
    long = iterations >= 100_000
    return {
        **network._asdict(),
        "count": found.images,
        "shorter": found.shorter,
        "machine": machine.name,
        "jobs": machine.jobs,
        "day": str(datetime.now(UTC).date()),
        "test": test,
        "lr": 0.0001 if long else 0.0003,
        "why_lr": "the paper's" if long else "three times the paper's, as trainings are shorter",
        "iterations": iterations,
        "trainings": TRAININGS,
        "seconds_of_iteration": float(f"{machine.iteration:.2g}"),
        "seconds_of_step": float(f"{machine.step:.2g}"),
        "every": every,
        "samples_every": every // 5,
        "drift": 5 * every,
        "evolution": [every, *(k * every for k in (5, 10, 15, 20, 25))],
        "running_images": running,
        "final_images": final,
        "final_steps": final_steps,
        "quality_images": min(1000, found.images - test),
        "rows": min(6, final // 2),
        "groups": min(4, final // min(6, final // 2)),
        "seconds": starts + rounds * (iterations * machine.iteration + evaluations),
    }


def filled(template: Path, values: Mapping[str, Any]) -> str:
    """A configuration's text, with values as JSON, which is YAML whatever is in them."""
    bare = {"day", "machine", "jobs", "why_lr", "count", "shorter"}  # in comments
    texts = {
        key: str(value) if key in bare else json.dumps(value, ensure_ascii=False)
        for key, value in values.items()
    }
    texts |= {"bare_name": values["name"]}
    return Template(template.read_text(encoding="utf-8")).substitute(texts)


def _checked(asked: Mapping[str, Any]) -> tuple[Path, int | None, float]:
    """Images, size and hours."""
    if unknown := sorted(set(asked) - {"images", "image_size", "hours", "results"}):
        raise ConfigError(
            f"{', '.join(unknown)} can't be given beside images, only image_size, hours and "
            "results. For all else choose with --dry-run first, and edit the configuration that it "
            "writes."
        )
    images, size, hours = (asked.get(name) for name in ("images", "image_size", "hours"))
    if hours is None:  # which own/config.yaml always has
        raise ConfigError(
            "images are trained on by a profile of their own, as in snakemake --profile own "
            "--config images=/path/to/images."
        )
    if not images:
        raise ConfigError("images must be given, as in --config images=/path/to/images.")
    path = Path(str(images)).expanduser().absolute()
    if not path.exists():
        raise ConfigError(f"images must be a folder, a zip or a tar; there is no {path}.")
    if size is not None and size not in SIZES:
        sizes = ", ".join(map(str, SIZES))
        raise ConfigError(
            f"image_size must be one of {sizes}, not {size!r}; for another, edit what was chosen."
        )
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours < math.inf:
        raise ConfigError(f"hours must be a number above 0, not {hours!r}.")
    return path, size, hours


def name_of(images: Path) -> str:
    """What data set and experiment are called: the images' name, in letters that names may have."""
    name = images.name.lower()
    suffix = next((each for each in ARCHIVES if name.endswith(each)), "")
    plain = unicodedata.normalize("NFKD", name.removesuffix(suffix)).encode("ascii", "ignore")
    return re.sub(r"\W+", "_", plain.decode(), flags=re.ASCII).strip("_") or "images"


def _listed(chosen_for: Mapping[str, Any]) -> str:
    """What was asked for, as it stands in a command."""
    given = [f"{key}={value}" for key, value in chosen_for.items() if value is not None]
    return " ".join(given) or "something else"


def _rounded(number: float) -> int:
    """Down to two digits and zeros, and to a multiple of 5; at least 10."""
    power = 10 ** max(0, math.floor(math.log10(max(number, 1))) - 1)
    return max(10, int(number / power) * power // 5 * 5)


def _time(seconds: float) -> str:
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _sentences(file: Path, found: Found, machine: Machine, values: Mapping[str, Any]) -> str:
    """What was chosen, for people."""
    size = values["image_size"]
    preparation = found.images * found.seconds / min(machine.cores, READERS)
    return (
        f"{found.images:,} images, the shorter side {found.shorter} pixels in the middle: they "
        f"become {size}×{size}, and {values['test']:,} are for testing.\n"
        f"Vanilla, BN and WN train {TRAININGS} times each for {values['iterations']:,} iterations, "
        f"{machine.jobs} at once on {machine.name}, {machine.iteration:.2g} s an iteration: with "
        f"evaluations about {_time(values['seconds'])}, after about {_time(preparation)} in which "
        "images are prepared.\n"
        f"All that was chosen is in {file}; edit it as you like."
        + ("\nAdd --resources gpu=1, so that jobs do not wait for each other's GPU." * machine.gpu)
    )
