"""Judges the paper's claims C1 to C14: measures each, and compares with what the paper says.

Iterations and steps are the paper's in a run of the paper's length and scale with the length of any
other, so that a short run is judged at the same fractions of its training.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wngan import running as running_losses
from wngan.bootstrap import Estimate, paired, paired_ratio, share
from wngan.claims import (
    NOT_REPRODUCED,
    PARTS,
    REPRODUCED,
    UNDECIDED,
    Row,
    above,
    variation,
)
from wngan.diagnosis import STEADY_LOSS

FAILURES = ("diverged", "collapsed", "undiverse")
"""The status of a run that failed."""

HANDFUL = 5  # samples

Paper = Mapping[str, float]
"""The paper's figures, as `wngan.claims.printed` gives them."""


@dataclass(frozen=True)
class Run:
    """One run, with as much of it as a claim needs.

    Attributes:
        instance: a number, or "best".
        iterations: for how many it was to train.
        status: what became of it.
        running: its running losses, `wngan.running.FIELDS`.
        losses: float32 (E, images), of each image at each row of `running`.
        diagnosis: columns (rows,) by name: iteration, distinct, drift.
        optimal: of the final reconstruction at the optimum: losses float32 (N,), curve float32
            (N, S), the losses after each of steps int64 (S,).
        converged: the same at the last iteration.
    """

    experiment: str
    model: str
    instance: str
    iterations: int
    status: Mapping[str, Any]
    running: NDArray[np.void] = field(default_factory=lambda: np.empty(0, running_losses.FIELDS))
    losses: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    diagnosis: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    optimal: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    converged: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As configurations name it, such as bn or bn/2."""
        return self.model if self.instance == "best" else f"{self.model}/{self.instance}"

    @property
    def failed(self) -> bool:
        """Whether its training failed."""
        return self.status["status"] in FAILURES


Groups = Sequence[Sequence[Run]]
"""The runs of each of a claim's experiments."""


@dataclass(frozen=True)
class Criterion:
    """What a quantity must be for a claim to be reproduced: from `low` to `high`.

    Attributes:
        strict: whether the bounds themselves are outside.
    """

    low: float = -np.inf
    high: float = np.inf
    strict: bool = False

    def __str__(self) -> str:
        low, high = number(self.low), number(self.high)
        if self.low == self.high:
            return f"exactly {low}"
        if self.high == np.inf:
            return f"{'more than' if self.strict else 'at least'} {low}"
        if self.low == -np.inf:
            return f"{'less than' if self.strict else 'at most'} {high}"
        return f"from {low} to {high}"

    def verdict(self, low: float, high: float) -> str:
        """Whether all, none or some of the numbers from `low` to `high` are as they must be."""
        if np.isnan([low, high]).any():
            return UNDECIDED
        if self.strict:
            holds, fails = self.low < low and high < self.high, high <= self.low or self.high <= low
        else:
            holds, fails = self.low <= low and high <= self.high, high < self.low or self.high < low
        return REPRODUCED if holds else NOT_REPRODUCED if fails else UNDECIDED


POSITIVE = Criterion(low=0, strict=True)
NEGATIVE = Criterion(high=0, strict=True)


def judge(claim: str, runs: Groups, paper: Paper) -> list[Row]:
    """A row of `wngan.claims.FIELDS` for each part of a claim.

    Args:
        runs: those that `wngan.claims.needs` names.
        paper: the paper's figures, by claim and part.
    """
    return JUDGES[claim](runs, paper)


def number(value: float) -> str:
    """A number of the table for people."""
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def crossing(
    steps: NDArray[np.int64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The step from which on each curve of `a` stays below that of `b`; inf if it does not.

    Args:
        steps: int64 (S,), increasing, from 1 on.
        a: (R, S); between steps curves are taken to be straight lines over the steps' logarithm.
        b: (R, S).
    """
    gap = a - b
    higher = ~(gap < 0)
    last = len(steps) - 1 - np.argmax(higher[:, ::-1], axis=1)
    before = np.clip(last, 0, max(len(steps) - 2, 0))
    after = np.minimum(before + 1, len(steps) - 1)
    rows = np.arange(len(gap))
    crosses = higher.any(axis=1) & ~higher[:, -1]
    fall = np.where(crosses, gap[rows, before] - gap[rows, after], 1)
    logs = np.log(steps)
    at = logs[before] + gap[rows, before] / fall * (logs[after] - logs[before])
    step = np.where(crosses, np.exp(np.where(crosses, at, 0)), np.inf)
    return np.where(higher.any(axis=1), step, steps[0])


def fluctuation(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of curves (R, E): the root mean square (R,) of the log ratio of successive losses.

    It is NaN for fewer than three losses.
    """
    if losses.shape[1] < 3:
        return np.full(len(losses), np.nan)
    return np.sqrt(np.square(np.diff(np.log(losses), axis=1)).mean(axis=1))


def _c1(runs: Groups, paper: Paper) -> list[Row]:
    """Final losses at the optima, over the same images."""
    vanilla, wn = _best(runs[0], "vanilla"), _best(runs[0], "wn")
    below = paired(
        lambda means: 100 - 100 * means[:, 0] / means[:, 1],
        wn.optimal["losses"],
        vanilla.optimal["losses"],
    )
    what = "WN's final loss below vanilla's, %"
    return [_row("C1", "", what, below, Criterion(low=10), [vanilla, wn], paper["C1"])]


def _c2(runs: Groups, paper: Paper) -> list[Row]:
    """Final losses at the optima, over the same images."""
    vanilla, bn = _best(runs[0], "vanilla"), _best(runs[0], "bn")
    more = _percent_above(bn.optimal["losses"], vanilla.optimal["losses"])
    what = "BN's final loss above vanilla's, %"
    return [_row("C2", "", what, more, POSITIVE, [vanilla, bn], paper["C2"])]


def _c3(runs: Groups, paper: Paper) -> list[Row]:
    """Running evaluations after iteration 0 that both best instances have."""
    vanilla, bn = _best(runs[0], "vanilla"), _best(runs[0], "bn")
    collapsed = vanilla.status["collapsed"]
    stop = np.inf if collapsed is None else collapsed - 1
    a, b = _common(bn, vanilla, 0, stop)
    below = bn.running["running_loss"][a] < vanilla.running["running_loss"][b]
    measured = Estimate(float(100 * below.mean()) if len(below) else np.nan)
    what = "running evaluations before vanilla's collapse at which BN's loss is below vanilla's, %"
    return [_row("C3", "", what, measured, Criterion(0, 0), [vanilla, bn], paper["C3"])]


def _c4(runs: Groups, paper: Paper) -> list[Row]:
    """The collapse of each instance, within a quarter of the paper's."""
    rows = []
    for run in _instances(runs[0], "vanilla"):
        printed = paper["C4"] * run.iterations / 150_000
        at = Estimate(_iteration(run.status["collapsed"]))
        what = _scaled(f"iteration of {run.name}'s collapse", paper["C4"], printed)
        within = Criterion(0.75 * printed, 1.25 * printed)
        rows.append(_row("C4", run.instance, what, at, within, [run], printed))
    return rows


def _c5(runs: Groups, paper: Paper) -> list[Row]:
    """`fluctuation` from the paper's onset on: against WN's, and against BN's own before.

    The paper calls the fluctuation excessive: a is judged against twice WN's. b tells an onset from
    a loss that always fluctuates; the first quarter before it, where losses fall steeply, is left
    out.
    """
    bn, wn = _best(runs[0], "bn"), _best(runs[0], "wn")
    onset = 40_000 * bn.iterations / 150_000
    a, b = _common(bn, wn, onset)
    against_wn = _fluctuation_ratio(bn.losses[a], wn.losses[b])
    at = bn.running["iteration"]
    earlier = bn.losses[(at >= onset / 4) & (at <= onset)]
    against_earlier = _fluctuation_ratio(bn.losses[at >= onset], earlier)
    size = "root mean square log ratio of successive running losses"
    from_on = f"from iteration {onset:,.0f} on"
    return [
        _row(
            "C5",
            "a",
            f"BN's {size} over WN's, {from_on}, ratio",
            against_wn,
            Criterion(low=2, strict=True),
            [bn, wn],
        ),
        _row(
            "C5",
            "b",
            f"BN's {size} {from_on} over that from {onset / 4:,.0f} to {onset:,.0f}, ratio",
            against_earlier,
            Criterion(low=1, strict=True),
            [bn],
        ),
    ]


def _c6(runs: Groups, paper: Paper) -> list[Row]:
    """The iteration from which on loss and samples stay."""
    wn = _best(runs[0], "wn")
    scale = wn.iterations / 700_000
    at = Estimate(_iteration(wn.status["converged"]))
    within = Criterion(200_000 * scale, 450_000 * scale)
    what = "iteration from which on WN's running loss and samples stay"
    what = _scaled(what, paper["C6"], paper["C6"] * scale)
    return [_row("C6", "", what, at, within, [wn], paper["C6"] * scale)]


def _c7(runs: Groups, paper: Paper) -> list[Row]:
    """Coefficients of variation (standard deviation over mean) of the instances' lowest losses."""
    vanilla, bn = _instances(runs[0], "vanilla"), _instances(runs[0], "bn")
    of_vanilla, of_bn = ([_lowest(run) for run in group] for group in (vanilla, bn))
    ratio = Estimate(float(np.divide(variation(of_bn), variation(of_vanilla))))
    what = (
        f"coefficient of variation of the lowest running loss among {len(bn)} BN instances over "
        f"that among {len(vanilla)} vanilla ones, ratio; too few for an interval"
    )
    over_two = Criterion(low=2, strict=True)
    return [_row("C7", "", what, ratio, over_two, [*vanilla, *bn], paper["C7"])]


def _c8(runs: Groups, paper: Paper) -> list[Row]:
    """Running losses at the optima, over the same images."""
    vanilla, mixed = _best(runs[0], "vanilla"), _best(runs[0], "wn_mean_bn")
    more = _percent_above(_at_optimum(mixed), _at_optimum(vanilla))
    what = "lowest running loss of WN with mean-only BN above vanilla's, %"
    return [_row("C8", "", what, more, POSITIVE, [vanilla, mixed], paper["C8"])]


def _c9(runs: Groups, paper: Paper) -> list[Row]:
    """Final losses, over the same images."""
    affine, wn = _best(runs[0], "affine_wn"), _best(runs[0], "wn")
    return [
        _row(
            "C9",
            "a",
            "optimal affine WN's final loss above optimal WN's, %",
            _percent_above(affine.optimal["losses"], wn.optimal["losses"]),
            POSITIVE,
            [affine, wn],
            paper["C9a"],
        ),
        _row(
            "C9",
            "b",
            "affine WN's final loss at its last iteration above that at its optimum, %",
            _percent_above(affine.converged["losses"], affine.optimal["losses"]),
            Criterion(-2, 2),
            [affine],
            paper["C9b"],
        ),
    ]


def _c10(runs: Groups, paper: Paper) -> list[Row]:
    """Running and final losses, and losses along the final reconstruction, over the same images."""
    vanilla, bn, wn = (_best(runs[0], model) for model in ("vanilla", "bn", "wn"))
    finals = [vanilla.optimal, vanilla.converged, bn.optimal, bn.converged, wn.optimal]
    against_others = paired(
        # A checkpoint of a diverged run is no rival.
        lambda means: above(means[:, 0], np.fmin.reduce(means[:, 1:], axis=1)),
        wn.converged["losses"],
        *(final["losses"] for final in finals),
    )
    steps = wn.converged["steps"]
    if not np.array_equal(steps, vanilla.optimal["steps"]):
        raise ValueError("The final reconstructions keep their losses after different steps.")
    passes = paired(
        lambda means: crossing(steps, means[:, : len(steps)], means[:, len(steps) :]),
        wn.converged["curve"],
        vanilla.optimal["curve"],
    )
    step = paper["C10c"] * float(steps[-1]) / 2_000
    what = "reconstruction step from which on WN at its last iteration is below optimal vanilla"
    return [
        _row(
            "C10",
            "a",
            "WN's running loss at its last iteration above that at its optimum, %",
            _percent_above(_at_the_end(wn), _at_optimum(wn)),
            Criterion(low=100 * STEADY_LOSS),  # the optimum being the lowest, it is never below 0
            [wn],
            paper["C10a"],
        ),
        _row(
            "C10",
            "b",
            "final loss of WN at its last iteration above the lowest of the others, %",
            against_others,
            NEGATIVE,
            [vanilla, bn, wn],
            paper["C10b"],
        ),
        _row(
            "C10",
            "c",
            _scaled(what, paper["C10c"], step),
            passes,
            Criterion(step / 2, step * 2),
            [vanilla, wn],
            step,
        ),
    ]


def _c11(runs: Groups, paper: Paper) -> list[Row]:
    """A row for each experiment, that is, for each learning rate."""
    return [
        _share_row(
            "C11", str(part), "failed", _instances(group, "vanilla"), at_least=1, paper=paper["C11"]
        )
        for part, group in enumerate(runs, 1)
    ]


def _c12(runs: Groups, paper: Paper) -> list[Row]:
    """The effective number of different samples; a handful is `HANDFUL`."""
    rows = []
    size = "effective number of different samples of the fixed codes"
    for part, model in (("a", "vanilla"), ("b", "bn")):
        instances = _instances(runs[0], model)
        # A run that failed before its first samples has given none.
        peak = max(np.max(_after_start(run, "distinct"), initial=0) for run in instances)
        what = f"largest {size} in the training"
        at_most = Criterion(high=HANDFUL)
        rows.append(_row("C12", part, what, Estimate(float(peak)), at_most, instances))
    wn = _instances(runs[0], "wn")
    rows.append(_share_row("C12", "c", "trained", wn, at_least=1, paper=paper["C12c"]))
    ends = [distinct[-1] if len(distinct := _after_start(r, "distinct")) else 0.0 for r in wn]
    what = f"{size} at the last iteration"
    more = Criterion(low=HANDFUL, strict=True)
    rows.append(_row("C12", "d", what, Estimate(float(min(ends))), more, wn))
    return rows


def _c13(runs: Groups, paper: Paper) -> list[Row]:
    """The paper says "often", taken as a third or more, and "still trainable", two thirds or more.

    `fluctuation` is compared after the first quarter of the iterations that both runs have, where
    the losses no longer fall steeply.
    """
    usual, doubled, tenfold = runs
    before, after = _best(usual, "bn"), _best(tenfold, "bn")
    start = min(before.iterations, after.iterations) / 4
    a, b = _common(after, before, start)
    what = (
        "BN's root mean square log ratio of successive running losses at ten times the learning "
        f"rate over that at the usual one, from iteration {start:,.0f} on, ratio"
    )
    ratio = _fluctuation_ratio(after.losses[a], before.losses[b])
    more = Criterion(low=1, strict=True)
    return [
        _share_row("C13", "a", "failed", _instances(doubled, "vanilla"), at_least=1 / 3),
        _share_row("C13", "b", "failed", _instances(doubled, "wn"), at_least=1 / 3),
        _share_row("C13", "c", "trained", _instances(tenfold, "bn"), at_least=2 / 3),
        _row("C13", "d", what, ratio, more, [before, after]),
    ]


def _c14(runs: Groups, paper: Paper) -> list[Row]:
    """Mean drifts over the iterations that all three runs were to have."""
    models = [_best(runs[0], model) for model in ("vanilla", "bn", "wn")]
    stop = min(run.iterations for run in models)
    vanilla, bn, wn = (_mean(_after_start(run, "drift", stop)) for run in models)
    what = (
        "WN's mean drift (change of samples of the same codes relative to the distance between "
        f"those of different codes) to iteration {stop:,} over the smaller of vanilla's and BN's, "
        "ratio"
    )
    ratio = Estimate(float(np.divide(wn, np.fmin(vanilla, bn))))
    return [_row("C14", "", what, ratio, Criterion(high=1, strict=True), models)]


JUDGES: dict[str, Callable[[Groups, Paper], list[Row]]] = {
    "C1": _c1, "C2": _c2, "C3": _c3, "C4": _c4, "C5": _c5, "C6": _c6, "C7": _c7,
    "C8": _c8, "C9": _c9, "C10": _c10, "C11": _c11, "C12": _c12, "C13": _c13, "C14": _c14,
}  # fmt: skip


# Rows


def _row(
    claim: str,
    part: str,
    what: str,
    measured: Estimate,
    criterion: Criterion,
    runs: Sequence[Run],
    paper: float = np.nan,
    by_value: bool = False,
) -> Row:
    """A row of `wngan.claims.FIELDS`.

    Args:
        part: one of `PARTS`, or one of several rows of an undivided claim.
        what: the quantity, with its unit.
        criterion: of the whole interval; of the value if there is none, or with `by_value`.
        runs: those that were measured.
        paper: the paper's figure.
    """
    bounds = [measured.value] * 2 if by_value or np.isnan(measured.low) else measured[1:]
    verdict = criterion.verdict(*bounds)
    notes = list(filter(None, map(_note, runs)))
    if np.isnan(measured.value):
        if any(run.failed for run in runs):
            verdict = NOT_REPRODUCED
        notes.insert(0, "there was nothing to measure")
    return {
        "claim": claim,
        "part": part,
        "statement": PARTS[claim].get(part) or PARTS[claim][""],
        "experiment": " ".join(dict.fromkeys(run.experiment for run in runs)),
        "quantity": f"{what}; criterion: {criterion}",
        "paper": paper,
        "measured": measured.value,
        "low": measured.low,
        "high": measured.high,
        "verdict": verdict,
        "note": "; ".join(notes),
        "command": "",
    }


def _share_row(
    claim: str,
    part: str,
    what: str,
    runs: Sequence[Run],
    at_least: float,
    paper: float = np.nan,
) -> Row:
    """A row for the share of instances that "failed" or "trained", judged by its value.

    A few instances leave an interval (Wilson's) that could decide nothing.
    """
    if what == "failed":  # a run that had to start again did
        count = sum(run.failed or bool(run.status.get("restarts")) for run in runs)
    else:
        count = sum(not run.failed for run in runs)
    percent = Estimate(*(100 * each for each in share(count, len(runs))))
    text = f"{runs[0].model} instances that {what}, % of {len(runs)}; judged by the value"
    criterion = Criterion(low=100 * at_least)
    return _row(claim, part, text, percent, criterion, runs, paper, by_value=True)


def _note(run: Run) -> str:
    """What went wrong in a run."""
    status, restarts = run.status, len(run.status.get("restarts", []))
    texts = []
    if run.failed:
        at = status["collapsed"] if status["status"] == "collapsed" else status["iteration"]
        texts.append(f"{status['status']} at {at:,}")
    if restarts:
        texts.append(f"restarted {restarts}×")
    return f"{run.experiment} {run.name} {', '.join(texts)}" if texts else ""


def _scaled(what: str, printed: float, scaled: float) -> str:
    """A quantity that the paper gives in iterations or steps of a run of another length."""
    return what if printed == scaled else f"{what} (the paper's {printed:,.0f} scaled to this run)"


# Measurements


def _best(runs: Sequence[Run], model: str) -> Run:
    """The best instance of a model."""
    return next(run for run in runs if (run.model, run.instance) == (model, "best"))


def _instances(runs: Sequence[Run], model: str) -> list[Run]:
    """The instances of a model."""
    return [run for run in runs if run.model == model and run.instance != "best"]


def _percent_above(a: NDArray[np.float32], b: NDArray[np.float32]) -> Estimate:
    """By how many percent the mean of `a` (N,) is above that of `b` (N,), of the same images."""
    return Estimate(*(above(ratio, 1) for ratio in paired_ratio(a, b)))


def _fluctuation_ratio(a: NDArray[np.float32], b: NDArray[np.float32]) -> Estimate:
    """`fluctuation` of the mean of losses `a` (E, images) over that of `b`, of the same images."""
    return paired(
        lambda means: fluctuation(means[:, : len(a)]) / fluctuation(means[:, len(a) :]), a.T, b.T
    )


def _common(
    a: Run, b: Run, start: float, stop: float = np.inf
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows of two runs' running losses at iterations that both have, from `start` to `stop`.

    Iteration 0, before any training, is left out.
    """
    at, rows_a, rows_b = np.intersect1d(
        a.running["iteration"], b.running["iteration"], return_indices=True
    )
    kept = (at > 0) & (at >= start) & (at <= stop)
    return rows_a[kept], rows_b[kept]


def _lowest(run: Run) -> float:
    """The lowest running loss."""
    return float(run.running["running_loss"][running_losses.optimum(run.running)])


def _at_optimum(run: Run) -> NDArray[np.float32]:
    """The running loss of each image at the optimum."""
    return run.losses[running_losses.optimum(run.running)]


def _at_the_end(run: Run) -> NDArray[np.float32]:
    """The running loss of each image at the last iteration; NaN if the run diverged before it."""
    return run.losses[-1] * (np.nan if run.status["status"] == "diverged" else 1)


def _iteration(at: int | None) -> float:
    """An iteration, or infinity for never."""
    return np.inf if at is None else float(at)


def _after_start(run: Run, name: str, stop: float = np.inf) -> NDArray[np.float64]:
    """A column of a run's diagnosis where it is finite, after iteration 0 and up to `stop`."""
    at, column = run.diagnosis["iteration"], run.diagnosis[name]
    return column[(at > 0) & (at <= stop) & np.isfinite(column)]


def _mean(values: NDArray[np.float64]) -> float:
    """The mean, NaN of nothing."""
    return float(values.mean()) if len(values) else np.nan
