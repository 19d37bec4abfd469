"""How often each claim's judge says what it should: where the paper is right, and where it is not.

    python -m benchmarks.replications --output docs/claims.md

A replication is an experiment like the paper's in which the paper's figures are true. A null is one
in which what a claim asserts is absent. In both, trainings of a model differ by as much as the
paper's tables 3 and 4 print (`SPREADS`, standard deviations of log losses), and images by about as
much as in the demo. The numbers are made up by these rules, not trained: the judge is tested.
"""

import argparse
import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from wngan import running
from wngan.claims import CLAIMS
from wngan.claims.optima import SPREADS
from wngan.claims.optima import spread as spread_of
from wngan.claims.record import PaperValues, Run
from wngan.claims.table import judge
from wngan.verdicts import DIRECTION_ONLY, REPRODUCED, VERDICTS

ROOT = Path(__file__).parents[1]
with open(ROOT / "report/paper_values.csv", newline="") as _file:
    PAPER = PaperValues(list(csv.DictReader(_file)))

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

IMAGES, RUNNING_IMAGES = 2_000, 200
"""Of final and running reconstructions, as in the paper."""

RESAMPLES = 1_000
"""Of each interval, in place of 10,000."""

HARDNESS, OWN = 0.5, 0.15
"""Standard deviations of an image's log loss: for all models alike, and for each training alone."""

NOISE = 0.005
"""The standard deviation of the log of a running loss between evaluations."""

EVALUATIONS = 60
"""Running evaluations of each run, evenly over its training."""

STEPS = np.unique(np.geomspace(1, 2000, 30).round().astype(np.int64))


@dataclass
class World:
    """Makes runs of which everything is known.

    Attributes:
        rng: of all that is random.
        trainings: of each model, in place of the paper's, if not 0.
    """

    rng: np.random.Generator
    trainings: int = 0
    hard: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.hard = np.exp(HARDNESS * self.rng.standard_normal(IMAGES))
        self.hard /= self.hard.mean()

    def images(self, count: int) -> NDArray[np.float64]:
        """The loss of each image (count,) of one checkpoint, whose mean is about 1."""
        own = np.exp(OWN * self.rng.standard_normal(count) - OWN**2 / 2)
        return self.hard[:count] / self.hard[:count].mean() * own

    def group(
        self,
        model: str,
        count: int,
        *,
        final: float = 1.0,
        last: float | None = None,
        lowest: float = 1.0,
        curve: Curve = lambda at: 1 + np.abs(at - 0.3),
        jitter: Curve = lambda at: np.full_like(at, NOISE),
        steps: Curve | None = None,
        drift: float = 1.0,
        distinct: float = 20.0,
        spread: float | None = None,
        experiment: str = "experiment",
        iterations: int = 150_000,
        status: Callable[[int], str] = lambda number: "trained",
        **fate: Any,
    ) -> list[Run]:
        """The trainings of a model.

        Args:
            count: of them, unless the world says how many.
            final, last: mean final losses at the optimum and at the last iteration.
            lowest: the lowest running loss.
            curve: running losses over `lowest`, by the share of the training.
            jitter: standard deviations of their logarithms.
            steps: final losses of the last checkpoint and of the optimal one after `STEPS`.
            drift, distinct: of samples.
            spread: of trainings; by default that of `SPREADS`.
            status: of each training, by its number; the rest of what became of it is `fate`.
        """
        runs = []
        spread = spread_of(model) if spread is None else spread
        for number in range(1, (self.trainings or count) + 1):
            effect = np.exp(spread * self.rng.standard_normal())
            at = np.linspace(0, 1, EVALUATIONS + 1)
            noise = np.exp(jitter(at) * self.rng.standard_normal(len(at)))
            means = lowest * effect * curve(at) * noise
            losses = np.outer(means, self.images(RUNNING_IMAGES)).astype(np.float32)
            measured = losses.mean(axis=1, dtype=np.float64)
            rows = [
                (round(k * iterations), loss, 0.0) for k, loss in zip(at, measured, strict=True)
            ]
            finals = {}
            for name, level in (("optimal", final), ("last", last or final)):
                each = level * effect * self.images(IMAGES)
                shape = steps(STEPS.astype(float)) if steps else np.ones(len(STEPS))
                finals[name] = {"losses": each, "curve": np.outer(each, shape), "steps": STEPS}
            of_samples = np.linspace(0.1, 1, 10) * iterations
            moved = np.exp(0.1 * self.rng.standard_normal())
            series = {
                "iteration": of_samples,
                "drift": np.full(10, drift * moved),
                "distinct": np.full(10, distinct),
            }
            found = {"status": status(number), "iteration": iterations, "restarts": []}
            collapsed = iterations if found["status"] == "collapsed" else None
            found |= {"collapsed": collapsed, "converged": None, "learned": 1}
            found |= {name: value(self.rng) for name, value in fate.items()}
            table = np.array(rows, running.FIELDS)
            runs.append(
                Run(
                    experiment,
                    model,
                    str(number),
                    iterations,
                    found,
                    running=table,
                    losses=losses,
                    series=series,
                    optimal=finals["optimal"],
                    last=finals["last"],
                )
            )
        return runs


Groups = list[list[Run]]
Maker = Callable[[World, bool], Groups]


def about(time: float) -> Callable[[np.random.Generator], int]:
    """A time that varies by a tenth."""
    return lambda rng: round(time * np.exp(0.1 * rng.standard_normal()))


def finals(table: int, models: Mapping[str, int], **more: Any) -> Maker:
    """Models at the final losses of a table, or all at that of the first."""
    first = next(iter(models))

    def make(world: World, true: bool) -> Groups:
        runs: list[Run] = []
        for model, count in models.items():
            level = PAPER.final(table, model if true else first)
            runs += world.group(model, count, final=level, **more)
        return [runs]

    return make


def c3(world: World, true: bool) -> Groups:
    """BN above vanilla, or like it in all."""
    level = 0.017199 if true else 0.014509
    collapse = {"collapsed": about(135_000)}
    spread = {} if true else {"spread": SPREADS["vanilla"]}
    runs = world.group("vanilla", 3, lowest=0.014509, **collapse)
    return [runs + world.group("bn", 3, lowest=level, **spread)]


def c4(world: World, true: bool) -> Groups:
    """A collapse at about the paper's time, or none."""
    return [world.group("vanilla", 3, collapsed=about(135_000) if true else lambda rng: None)]


def flat(at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Steep for the first few percent, then level."""
    return 1 + 3 * np.exp(-at / 0.02)


def c5(world: World, true: bool) -> Groups:
    """BN's loss jitters from the onset on, or never."""
    onset = 40 / 150

    def jitter(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where((at > onset) & true, 0.1, 2 * NOISE)

    calm = {"jitter": lambda at: np.full_like(at, 2 * NOISE), "curve": flat}
    bn = world.group("bn", 3, jitter=jitter, curve=flat)
    return [bn + world.group("wn", 1, **calm)]  # type: ignore[arg-type]


def c6(world: World, true: bool) -> Groups:
    """WN settles at about the paper's time, or never."""
    settled = about(300_000) if true else lambda rng: None
    return [world.group("wn", 1, iterations=700_000, converged=settled)]


def c7(world: World, true: bool) -> Groups:
    """BN's trainings differ as the paper's, or as vanilla's."""
    spread = SPREADS["bn" if true else "vanilla"]
    return [world.group("vanilla", 3) + world.group("bn", 3, spread=spread)]


def c8(world: World, true: bool) -> Groups:
    """WN with mean-only BN at its loss, or at vanilla's."""
    mixed = 0.016639 if true else 0.014509
    vanilla = world.group("vanilla", 3, lowest=0.014509)
    return [vanilla + world.group("wn_mean_bn", 1, lowest=mixed)]


def c9(world: World, true: bool) -> Groups:
    """Affine WN as in table 6, or like WN first and 10 % worse at its end."""
    wn = PAPER.final(6, "wn")
    optimal = PAPER.final(6, "affine_wn") if true else wn
    last = optimal * (PAPER.final(6, "affine_wn", "last") / PAPER.final(6, "affine_wn"))
    affine = world.group("affine_wn", 1, final=optimal, last=last if true else 1.1 * optimal)
    return [affine + world.group("wn", 1, final=wn)]


def c10(world: World, true: bool) -> Groups:
    """WN's last model as in table 7, or level, and vanilla's equal all along."""
    lowest, end = PAPER.losses(7, "running_loss", model="wn")
    rise = end / lowest - 1 if true else 0

    def curve(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return flat(at) + rise * at

    vanilla, bn, wn = (PAPER.final(7, model) for model in ("vanilla", "bn", "wn"))
    ends = {m: PAPER.final(7, m, "last") for m in ("vanilla", "bn", "wn")}
    best = ends["wn"] if true else vanilla
    falls = np.log(vanilla / best) / np.log(2000 / 400) if true else 0.0

    def wns(step: NDArray[np.float64]) -> NDArray[np.float64]:
        """Over its loss at the end: it passes vanilla's level curve at step 400."""
        return (step / 2000) ** -falls

    more = {"iterations": 500_000}
    return [
        world.group("vanilla", 1, final=vanilla, last=ends["vanilla"], **more)
        + world.group("bn", 1, final=bn, last=ends["bn"], **more)
        + world.group("wn", 1, final=wn, last=best, lowest=lowest, curve=curve, steps=wns, **more)
    ]


def fails(share: float, world: World) -> Callable[[int], str]:
    """The status of trainings of which so many fail."""
    return lambda number: "collapsed" if world.rng.random() < share else "trained"


def c11(world: World, true: bool) -> Groups:
    """Vanilla always fails, or never."""
    share = float(true)
    names = ("lsun_dcgan", "lsun_lr_00001")
    return [
        world.group("vanilla", 1, status=fails(share, world), experiment=name) for name in names
    ]


def c12(world: World, true: bool) -> Groups:
    """Few samples of vanilla and BN and many of WN, or the other way round."""
    few, many = (3.0, 20.0) if true else (20.0, 3.0)
    return [
        world.group("vanilla", 1, distinct=few)
        + world.group("bn", 1, distinct=few)
        + world.group("wn", 1, distinct=many, status=fails(0 if true else 1, world))
    ]


def c13(world: World, true: bool) -> Groups:
    """Half of the trainings fail and BN trains less stably, or none, and BN fails as stably."""

    def jitter(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full_like(at, 0.1 if true else 0.03)

    usual = world.group("bn", 3, jitter=lambda at: np.full_like(at, 0.03), curve=flat)
    status = fails(0.5 if true else 0, world)
    doubled = [run for m in ("vanilla", "wn") for run in world.group(m, 3, status=status)]
    tenfold = world.group("bn", 3, jitter=jitter, curve=flat, status=fails(0 if true else 1, world))
    return [usual, doubled, tenfold]


def c14(world: World, true: bool) -> Groups:
    """WN drifts half as far as the others, or as far."""
    others = world.group("vanilla", 3) + world.group("bn", 3)
    return [others + world.group("wn", 1, drift=0.5 if true else 1)]


def c17(world: World, true: bool) -> Groups:
    """WN's last model as in table 7, or the others like it."""
    wn = PAPER.final(7, "wn", "last")
    levels = {m: PAPER.final(7, m) if true else wn for m in ("vanilla", "bn")}
    runs = [run for m, level in levels.items() for run in world.group(m, 1, final=level)]
    return [runs + world.group("wn", 1, last=wn)]


def c18(world: World, true: bool) -> Groups:
    """Distances that follow losses but for a third, or that have nothing to do with them.

    Losses fall to one level over ten snapshots; optima differ as `SPREADS` and the paper's table 2.
    Distances that have nothing to do with losses are alike in trainings of one model.
    """
    rng, runs = world.rng, []
    for model, count in {"vanilla": 3, "bn": 3, "wn": 1}.items():
        effect = np.exp(rng.standard_normal())
        for run in world.group(model, count):
            own = PAPER.final(2, model) * np.exp(spread_of(model) * rng.standard_normal())
            losses = own * np.r_[1, 1 + 3 * np.exp(-np.arange(1, 11) / 3)]
            noise = np.exp(0.3 * rng.standard_normal(11))
            noise[0] = np.exp(0.03 * rng.standard_normal())
            unrelated = effect * np.exp(np.cumsum(rng.standard_normal(11)))
            quality = {
                "checkpoint": np.array(["optimal", *["snapshot"] * 10]),
                "iteration": np.array([100, *range(10, 101, 10)]),
                "running_loss": losses,
                "fid": losses * noise if true else unrelated,
                "features": np.array(["inception"] * 11),
            }
            runs.append(replace(run, quality=quality))
    return [runs]


MAKERS: dict[str, Maker] = {
    "C1": finals(2, {"vanilla": 3, "wn": 1}),
    "C2": finals(2, {"vanilla": 3, "bn": 3}),
    "C3": c3,
    "C4": c4,
    "C5": c5,
    "C6": c6,
    "C7": c7,
    "C8": c8,
    "C9": c9,
    "C10": c10,
    "C11": c11,
    "C12": c12,
    "C13": c13,
    "C14": c14,
    "C15": finals(2, {"bn": 3, "wn": 1}),
    "C16": finals(8, {"bn": 1, "wn": 1}),
    "C17": c17,
    "C18": c18,
}
"""By claim, what makes a replication (true) or a null (false), with the paper's trainings."""


def verdicts(claim: str, worlds: int, true: bool, trainings: int = 0) -> dict[str, Counter[str]]:
    """How often each part of a claim got each verdict."""
    found: dict[str, Counter[str]] = {}
    with patch("wngan.bootstrap.RESAMPLES", RESAMPLES):
        for seed in range(worlds):
            world = World(np.random.default_rng([seed, int(claim[1:]), true]), trainings)
            for row in judge(CLAIMS[claim], MAKERS[claim](world, true), PAPER):
                # Rows of trainings or experiments of an undivided claim are counted together.
                part = row["part"] if row["part"].isalpha() else ""
                found.setdefault(claim + part, Counter())[row["verdict"]] += 1
    return found


def percent(counts: Counter[str], *which: str) -> float:
    """How often one of these verdicts came out."""
    return 100 * sum(counts[each] for each in which) / counts.total()


def table(worlds: int) -> str:
    """The table in Markdown."""
    lines = [
        "| claim | replication | five trainings each: reproduced | null: on the paper's side |",
        "| --- | --- | ---: | ---: |",
    ]
    for claim in tqdm(MAKERS, unit="claim"):
        true, five = (verdicts(claim, worlds, True, count) for count in (0, 5))
        null = verdicts(claim, worlds, False)
        for part, counts in true.items():
            shown = ", ".join(
                f"{percent(counts, each):.0f} {each}" for each in VERDICTS if counts[each]
            )
            lines.append(
                f"| {part} | {shown} | {percent(five[part], REPRODUCED):.0f} | "
                f"{percent(null[part], REPRODUCED, DIRECTION_ONLY):.0f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Prints the table, or puts it in place of the one in a page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=200, help="of each kind; 200 by default")
    parser.add_argument("--output", type=Path, help="a page in Markdown with a table to replace")
    arguments = parser.parse_args()
    made = table(arguments.worlds)
    if arguments.output is None:
        print(made)
    else:
        page = arguments.output.read_text()
        arguments.output.write_text(re.sub(r"\| claim \|.*\|", lambda _: made, page, flags=re.S))


if __name__ == "__main__":
    main()
