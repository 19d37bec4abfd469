"""Each claim on made-up runs: where it holds, where it does not, and where a training failed."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from scripts import claim as claim_script
from scripts import claims_table
from tests.unit.conftest import dataset
from wngan import outcome, running
from wngan.bootstrap import Estimate
from wngan.claims import CLAIMS
from wngan.claims.measures import common_rows, crossing, fluctuation
from wngan.claims.optima import SPREADS, spread
from wngan.claims.record import FILES, PaperValues, Run
from wngan.claims.table import FIELDS, Row, judge, not_run
from wngan.model_names import NAMES
from wngan.verdicts import VERDICTS, Criterion, like_percent, like_time

ROOT = Path(__file__).parents[2]
with open(ROOT / "report/paper_values.csv", newline="") as file:
    VALUES = list(csv.DictReader(file))
PAPER = PaperValues(VALUES)
PRINTED = {
    name + part: value
    for name, claim in CLAIMS.items()
    for part, value in claim.printed(PAPER).items()
}

QUANTITIES = Path(__file__).with_name("quantities.csv")

IMAGES = 100
HARD = np.random.default_rng(0).gamma(20, 0.05, IMAGES)
STEPS = np.unique(np.geomspace(1, 2000, 30).round().astype(np.int64))
YES, DIRECTION, NO, OPEN, UNTESTABLE, _ = VERDICTS


def per_image(levels: Any, seed: int = 1) -> Any:
    """Losses of images, float32 (…, IMAGES), whose means are `levels`."""
    images = HARD * np.random.default_rng(seed).normal(1, 0.01, IMAGES)
    return (np.asarray(levels)[..., None] * images / images.mean()).astype(np.float32)


def final(level: float, curve: Any = None, seed: int = 1) -> dict[str, Any]:
    """A final reconstruction with a mean loss of `level`, or with a curve of mean losses."""
    curve = np.full(len(STEPS), level) if curve is None else curve
    images = per_image(curve, seed).T
    return {"losses": images[:, -1], "curve": images, "steps": STEPS}


def run(
    model: str,
    instance: str = "1",
    iterations: int = 150_000,
    status: str = "trained",
    curve: Any = (3.0, 1.0, 2.0),
    every: int = 500,
    series: Any = None,
    experiment: str = "celeba_dcgan",
    **rest: Any,
) -> Run:
    """A run.

    Args:
        curve: mean running losses from iteration 0 on.
        rest: attributes of `Run`, and of its status; its "converged" is called settled.
    """
    fate = {"status": status, "reason": "", "converged": rest.pop("settled", None)}
    known = {"iteration": iterations, "collapsed": None, "restarts": []}
    known["learned"] = None if status == "learned_nothing" else every
    fate |= {name: rest.pop(name, default) for name, default in known.items()}
    rest["losses"] = per_image(curve, len(model))
    means = rest["losses"].mean(axis=1, dtype=np.float64)
    rows = [(every * k, mean, 0.0) for k, mean in enumerate(means)]
    rest["running"] = np.array(rows, running.FIELDS)
    if series is not None:
        at = np.arange(len(series)) * (iterations // (len(series) - 1 or 1))
        rest["series"] = {"iteration": at, **dict.fromkeys(("distinct", "drift"), series)}
    return Run(experiment, model, instance, iterations, fate, **rest)


def judged(claim: str, groups: list[list[Run]]) -> list[Row]:
    return judge(CLAIMS[claim], groups, PAPER)


def verdicts(claim: str, *runs: Run, groups: list[list[Run]] | None = None) -> list[str]:
    """By part; each row is checked on the way."""
    rows = judged(claim, groups or [list(runs)])
    for row in rows:
        assert set(row) == set(FIELDS)
        assert row["claim"] == claim
        assert row["verdict"] in VERDICTS
        assert row["statement"].endswith(".")
        assert row["criterion"]
        assert "training" in row["basis"]
        assert row["command"] == ""
        assert row["note"] or row["verdict"] != UNTESTABLE
        if not np.isnan(row["low"]):
            assert row["low"] <= row["measured"] <= row["high"]
    return [row["verdict"] for row in rows]


def group(model: str, levels: Any, **rest: Any) -> list[Run]:
    """Trainings of a model with these final losses at the optimum."""
    return [
        run(model, str(k), optimal=final(level, seed=9 * k + len(model)), **rest)
        for k, level in enumerate(levels, 1)
    ]


COMPARISONS = {
    # the model that is measured, the other, and a sign: 1 if the first is above
    "C1": ("wn", "vanilla", -1),
    "C2": ("bn", "vanilla", 1),
    "C15": ("wn", "bn", -1),
    "C16": ("wn", "bn", -1),
}


@pytest.mark.parametrize("claim", COMPARISONS)
@pytest.mark.parametrize(
    ("share", "expected"),
    [(1.0, YES), (0.6, YES), (1.8, YES), (0.45, DIRECTION), (2.2, DIRECTION), (-1.0, NO)],
)
def test_comparisons_by_their_size(claim: str, share: float, expected: str) -> None:
    """A difference of this share of the paper's, between trainings that are nearly alike."""
    model, other, sign = COMPARISONS[claim]
    level = 1 + sign * share * PRINTED[claim] / 100
    alike = np.array([1.0005, 0.9995, 1.0])
    runs = [*group(model, level * alike), *group(other, alike)]
    assert verdicts(claim, *runs) == [expected]
    (row,) = judged(claim, [runs])
    assert row["measured"] == pytest.approx(share * PRINTED[claim], abs=0.01)
    assert row["basis"] == "3 and 3 trainings"
    assert row["paper"] == pytest.approx(PRINTED[claim])


@pytest.mark.parametrize("claim", COMPARISONS)
def test_trainings_that_differ_leave_a_comparison_undecided(claim: str) -> None:
    model, other, sign = COMPARISONS[claim]
    size = sign * PRINTED[claim] / 100
    near = [1 + size, 1 + 1.02 * size, 1 + 0.98 * size]
    far = [1 + size, 1 + 4 * size, 1 - 3 * size]
    others = group(other, [1.0, 1.001, 0.999])
    assert verdicts(claim, *group(model, near), *others) == [YES]
    assert verdicts(claim, *group(model, far), *others) == [OPEN]
    assert judged(claim, [[*group(model, far), *others]])[0]["basis"] == "3 and 3 trainings"
    # One training is taken to vary as the other model's do, one of each as the paper's.
    runs = [*group(model, [1 + size]), *group(other, [1.0, 1 + 4 * size, 1 - 3 * size])]
    assert verdicts(claim, *runs) == [OPEN]
    (row,) = judged(claim, [[*group(model, [1 + size]), *group(other, [1.0])]])
    assert row["basis"] == "one training each, which are taken to spread as the paper's"
    error = sum(spread(name) ** 2 for name in (model, other)) ** 0.5
    assert row["high"] - row["low"] > 2 * 100 * 1.96 * error * min(1, 1 + size)


@pytest.mark.parametrize("claim", COMPARISONS)
def test_what_makes_a_comparison_untestable(claim: str) -> None:
    model, other, sign = COMPARISONS[claim]
    level = 1 + sign * PRINTED[claim] / 100
    tested = set(VERDICTS) - {UNTESTABLE}
    falling = [*group(model, [level, level], curve=[3, 2, 1]), *group(other, [1.0])]
    assert verdicts(claim, *falling) == [UNTESTABLE]
    (row,) = judged(claim, [falling])
    assert (
        row["note"] == f"the optimum of {model}/1 is its last evaluation, so it may still improve"
    )
    falling = [*group(model, [level]), *group(other, [1.0], curve=[3, 2, 1])]
    assert verdicts(claim, *falling) == [UNTESTABLE]
    for status in ("learned_nothing", "never_diverse"):
        nothing = [*group(model, [level]), *group(other, [1.0, 1.0], status=status)]
        assert verdicts(claim, *nothing) == [UNTESTABLE]
        assert (
            f"all trainings of {NAMES[other]} are {status}" in judged(claim, [nothing])[0]["note"]
        )
        nothing[1] = group(other, [1.0])[0]  # one of two is something
        assert set(verdicts(claim, *nothing)) < tested
    # A run that diverged has a lowest loss from before, even if that is its last.
    diverged = [*group(model, [level]), *group(other, [1.0], curve=[3, 2, 1], status="diverged")]
    assert set(verdicts(claim, *diverged)) < tested


def test_c1_is_the_papers_figure_and_interval() -> None:
    runs = [*group("vanilla", [1.0]), *group("wn", [0.85])]
    (row,) = judged("C1", [runs])
    assert row["paper"] == pytest.approx(10.484524)
    assert row["measured"] == pytest.approx(15, abs=1e-3)
    assert 10 < row["low"] < 15 < row["high"] < 20
    assert row["quantity"] == "WN's final loss below vanilla's, %"
    assert row["criterion"] == "from 5.24 to 21; 0 is no difference"


def test_c3() -> None:
    vanilla = np.r_[np.full(201, 1.0), np.full(100, 5.0)]
    bn = np.full(301, 2.0)
    bn[0] = 0.5  # before training
    collapsing = run("vanilla", curve=vanilla, collapsed=201 * 500)
    assert verdicts("C3", collapsing, run("bn", curve=bn)) == [YES]
    assert verdicts("C3", run("vanilla", curve=vanilla), run("bn", curve=bn)) == [DIRECTION]
    bn[7] = 0.95
    (row,) = judged("C3", [[collapsing, run("bn", curve=bn)]])
    assert row["verdict"] == DIRECTION
    assert row["measured"] == pytest.approx(0.5)  # % of 200 evaluations
    # Of several trainings the mean counts, before the first collapse.
    second = run("bn", "2", curve=bn + 0.12)
    assert verdicts("C3", collapsing, run("bn", curve=bn), second) == [YES]
    second = run("vanilla", "2", curve=vanilla, collapsed=7 * 500)
    assert verdicts("C3", collapsing, second, run("bn", curve=bn)) == [YES]
    assert verdicts("C3", collapsing, run("bn", curve=0.25 * bn)) == [NO]
    bn[7] = np.nan
    assert verdicts("C3", collapsing, run("bn", curve=bn)) == [YES]
    diverged = run("bn", curve=bn[:1], status="diverged", iteration=3)
    assert verdicts("C3", collapsing, diverged) == [UNTESTABLE]
    # Trainings so far apart that BN might as well be below.
    apart = [run("bn", str(k), curve=bn + more) for k, more in enumerate((0, 3, -0.5))]
    assert verdicts("C3", collapsing, *apart) == [OPEN]
    few = [run(model, curve=np.array([3.0, 2.0, 1.0])) for model in ("vanilla", "bn")]
    assert verdicts("C3", *few) == [UNTESTABLE]
    assert judged("C3", [few])[0]["note"] == "of 3 evaluations or more there are 2"
    # How far trainings are apart is by all evaluations, not by the first.
    level = np.full(301, 2.0)
    high = [run("bn", str(k), curve=level + (k * np.arange(301) == k)) for k in (1, 2)]
    assert verdicts("C3", collapsing, *high) == [YES]
    assert judged("C3", [[collapsing, *high]])[0]["high"] == 0


@pytest.mark.parametrize("scale", [1, 1 / 75])
def test_c4(scale: float) -> None:
    runs = [
        run(
            "vanilla",
            str(k),
            round(150_000 * scale),
            "collapsed" if at else "trained",
            collapsed=at and round(at * scale),
        )
        for k, at in enumerate((135_000, 60_000, 75_000, None), 1)
    ]
    assert verdicts("C4", *runs) == [YES, NO, YES, NO]
    rows = judged("C4", [runs[:1] + runs[3:]])
    assert [row["part"] for row in rows] == ["1", "4"]
    assert [row["measured"] for row in rows] == [pytest.approx(135_000 * scale), np.inf]
    assert rows[0]["paper"] == pytest.approx(135_000 * scale)
    assert ("scaled" in rows[0]["quantity"]) == (scale != 1)
    assert verdicts("C4", run("vanilla", status="never_diverse")) == [UNTESTABLE]


def wave(size: float, calm_until: int = 0) -> Any:
    """A curve of 301 losses that alternates by a factor, after a calm start."""
    curve = np.full(301, 1.0) * np.exp(0.005 * (np.arange(301) % 2))
    curve[calm_until:] *= np.exp(size * (np.arange(301 - calm_until) % 2))
    return curve


def test_c5() -> None:
    wn = run("wn", curve=wave(0.005), iterations=700_000)
    assert verdicts("C5", run("bn", curve=wave(0.1, 80)), wn) == [YES, YES]
    assert verdicts("C5", run("bn", curve=wave(0.012, 80)), wn)[0] == DIRECTION
    assert verdicts("C5", run("bn", curve=wave(0.1)), wn) == [YES, OPEN]
    assert verdicts("C5", run("bn", curve=wave(0.004)), wn)[0] == NO
    assert verdicts("C5", run("bn", curve=wave(0.1)[:2]), wn) == [UNTESTABLE, UNTESTABLE]
    assert (
        "of 3 evaluations or more"
        in judged("C5", [[run("bn", curve=wave(0.1)[:2]), wn]])[0]["note"]
    )
    three = [run("bn", str(k), curve=wave(size, 80)) for k, size in enumerate((0.1, 0.001, 0.9))]
    assert verdicts("C5", *three, wn) == [OPEN, OPEN]


def test_c5_scales() -> None:
    short = {"iterations": 2000, "every": 125}
    bn = run("bn", curve=wave(0.1, 4)[:17], **short)
    a, b = judged("C5", [[bn, run("wn", curve=wave(0.01)[:17], **short)]])
    assert "from iteration 533 on" in a["quantity"]
    assert "from 133 to 533" in b["quantity"]
    assert b["verdict"] != UNTESTABLE  # three evaluations are enough
    assert a["verdict"] == YES


@pytest.mark.parametrize("iterations", [700_000, 2_000])
@pytest.mark.parametrize(
    ("share", "expected"), [(3 / 7, YES), (0.2, NO), (0.9, NO), (None, NO), (2 / 7, YES)]
)
def test_c6(share: float | None, expected: str, iterations: int) -> None:
    at = None if share is None else share * iterations
    wn = run("wn", curve=[3, *[1] * 12], series=np.ones(9), iterations=iterations, settled=at)
    assert verdicts("C6", wn) == [expected]


def test_c6_of_a_run_that_was_too_short_to_converge() -> None:
    enough = {"curve": [3, *[1] * 12], "series": np.ones(9)}
    for change, why in (
        ({"curve": [3, 1, 2]}, "of 10 evaluations or more there are 3"),
        ({"series": np.full(9, np.nan)}, "wn/1 has no samples as far apart as the drift is over"),
        ({"curve": np.geomspace(3, 1, 13)}, "the optimum of wn/1 is its last evaluation"),
    ):
        row = judged("C6", [[run("wn", iterations=700_000, **enough | change)]])[0]
        assert row["verdict"] == UNTESTABLE
        assert why in row["note"]
        converged = run("wn", iterations=700_000, settled=300_000, **enough | change)
        assert verdicts("C6", converged) == [YES]


def instances(model: str, lowest: list[float], status: str = "trained") -> list[Run]:
    return [
        run(model, str(k), curve=[3.0, loss, 2.0], status=status)
        for k, loss in enumerate(lowest, 1)
    ]


def test_c7() -> None:
    """Of so few trainings a spread must be many times the other to be known to be larger."""
    vanilla = instances("vanilla", [1.0, 1.01, 1.02])
    assert verdicts("C7", *vanilla, *instances("bn", [1.0, 1.2, 1.1])) == [YES]
    assert verdicts("C7", *vanilla, *instances("bn", [1.0, 1.5, 1.2])) == [DIRECTION]
    assert verdicts("C7", *vanilla, *instances("bn", [1.0, 1.12, 1.06])) == [OPEN]
    assert verdicts("C7", *vanilla, *instances("bn", [1.0, 1.0004, 1.0002])) == [NO]
    ten = instances("vanilla", [1 + k / 900 for k in range(10)])
    bns = instances("bn", [1 + 6 * k / 900 for k in range(10)])
    assert verdicts("C7", *ten, *bns) == [YES]
    assert PRINTED["C7"] == pytest.approx(5.92, abs=0.01)
    assert verdicts("C7", *vanilla[:1], *bns) == [UNTESTABLE]
    assert "two trainings or more" in judged("C7", [[*vanilla[:1], *bns]])[0]["note"]
    assert verdicts("C7", *vanilla[:2], *bns[:2]) == [OPEN]


@pytest.mark.parametrize(
    ("mixed", "expected"), [(1.1, YES), (1.01, DIRECTION), (0.9, NO), (1.0, OPEN)]
)
def test_c8(mixed: float, expected: str) -> None:
    alike = enumerate((1.0004, 0.9996, 1.0), 1)
    vanilla = [run("vanilla", str(k), curve=[5, 2, lowest, 3]) for k, lowest in alike]
    assert verdicts("C8", *vanilla, run("wn_mean_bn", curve=[6, mixed, 4])) == [expected]
    falling = run("wn_mean_bn", curve=[6, 4, mixed])
    assert verdicts("C8", *vanilla, falling) == [UNTESTABLE]


@pytest.mark.parametrize(
    ("optimal", "last", "expected"),
    [
        (1.07, 1.075, [YES, YES]),
        (0.9, 1.0, [NO, NO]),
        (1.0, 0.9, [OPEN, NO]),
        (1.07, 1.0914, [YES, OPEN]),
        (1.07, np.nan, [YES, NO]),
        (1.2, 1.2, [DIRECTION, YES]),
    ],
)
def test_c9(optimal: float, last: float, expected: list[str]) -> None:
    status = "diverged" if np.isnan(last) else "trained"
    parts = {"optimal": final(optimal, seed=2), "last": final(last, seed=3), "status": status}
    wn = run("wn", optimal=final(1.0))
    assert verdicts("C9", run("affine_wn", **parts), wn) == expected
    if status == "trained":
        falling = run("affine_wn", curve=[3, 2, 1], **parts)
        assert verdicts("C9", falling, wn) == [UNTESTABLE, UNTESTABLE]


def cifar(last: float, wn_final: Any, status: str = "trained") -> list[Run]:
    start = np.log(STEPS)
    others = {"iterations": 500_000, "optimal": final(1.0), "last": final(1.1)}
    return [
        run("vanilla", **{**others, "optimal": final(1.0, 2 - start / start[-1])}),
        run("bn", **{**others, "last": final(np.nan), "status": "diverged"}),
        run(
            "wn",
            curve=[9, 4, last],
            optimal=final(1.05),
            last=final(0, wn_final, seed=3),
            status=status,
            iterations=500_000,
        ),
    ]


def test_c10() -> None:
    # Both curves are straight lines over the logarithm; they cross at step 400.
    start, cross = np.log(STEPS) / np.log(2000), np.log(400) / np.log(2000)
    falling = 2 - start - 0.3 * (start - cross)
    assert verdicts("C10", *cifar(5, falling)) == [YES, YES, YES]
    a, b, c = judged("C10", [cifar(5, falling)])
    assert a["measured"] == pytest.approx(25, abs=1e-3)
    assert (a["paper"], b["paper"]) == pytest.approx((30.1577, -4.2191), abs=1e-3)
    assert b["measured"] == pytest.approx(-30 * (1 - cross), abs=0.01)
    assert "(vanilla at its optimum)" in b["quantity"]
    assert c["measured"] == pytest.approx(400, rel=0.01)
    assert 300 < c["low"] < c["high"] < 500
    assert c["basis"] == "one training each, images alone"
    assert verdicts("C10", *cifar(4.1, falling))[0] == NO  # 2.5 %, as noise would have it
    assert verdicts("C10", *cifar(4.4, falling))[0] == DIRECTION
    # Where the optimum is the last iteration, it is not above itself.
    assert verdicts("C10", *cifar(3.9, falling + 0.5)) == [UNTESTABLE] * 3
    assert verdicts("C10", *cifar(5, falling + 0.5)) == [YES, NO, NO]
    assert judged("C10", [cifar(5, falling + 0.5)])[2]["measured"] == np.inf
    assert verdicts("C10", *cifar(5, falling - 0.5)) == [YES, DIRECTION, NO]  # from step 1 on
    for level in (falling, falling * np.nan):  # that of the last good state, or none
        assert verdicts("C10", *cifar(5, level, "diverged")) == [UNTESTABLE, NO, NO]


@pytest.mark.parametrize(
    ("model", "kind", "name"),
    [
        ("vanilla", "optimal", "vanilla at its optimum"),
        ("vanilla", "last", "vanilla at its last iteration"),
        ("bn", "optimal", "BN at its optimum"),
        ("bn", "last", "BN at its last iteration"),
        ("wn", "optimal", "WN at its optimum"),
    ],
)
def test_c10_is_against_the_lowest_of_the_others(model: str, kind: str, name: str) -> None:
    """Also against WN itself at its optimum; a checkpoint that diverged does not compete."""
    runs = [
        run(each, optimal=final(2.0, seed=3), last=final(2.5, seed=4), iterations=500_000)
        for each in ("vanilla", "bn", "wn")
    ]
    chosen = next(each for each in runs if each.model == model)
    getattr(chosen, kind).update(final(1.0, seed=5))
    for each in runs[:2]:
        if each is not chosen:
            each.status["status"] = "diverged"  # type: ignore[index]
            each.last.update(final(np.nan))  # type: ignore[attr-defined]
    runs[2].last.update(final(0.9, seed=6))  # type: ignore[attr-defined]
    row = judged("C10", [runs])[1]
    assert f"the lowest of the others ({name}), %" in row["quantity"]
    assert row["measured"] == pytest.approx(-10, abs=0.01)
    if model == "wn":
        assert row["basis"] == "one training, images alone"
        assert row["high"] - row["low"] < 1
    else:
        assert row["basis"].startswith("one training each, which are taken to spread")
        assert row["high"] - row["low"] > 5
    runs[1].status["status"] = "trained"  # type: ignore[index]
    runs[1].losses[-1] /= 10  # BN's optimum, which one of them may be, is its last evaluation
    runs[1].running["running_loss"][-1] /= 10
    assert verdicts("C10", *runs)[1] == UNTESTABLE


def test_c10_scales_and_wants_the_same_steps() -> None:
    runs = cifar(5, 2 - np.log(STEPS) / 9)
    for each in runs:
        for kind in (each.optimal, each.last):
            kind["steps"] = STEPS / 4  # type: ignore[index]
    assert judged("C10", [runs])[2]["paper"] == 100
    runs[0].optimal["steps"] = STEPS  # type: ignore[index]
    with pytest.raises(ValueError, match="different steps"):
        judged("C10", [runs])


@pytest.mark.parametrize("failure", ["diverged", "collapsed", "never_diverse", "learned_nothing"])
def test_c11(failure: str) -> None:
    failed = run("vanilla", "1", status=failure, collapsed=7, iteration=9)
    trained = run("vanilla", "1", experiment="lsun_lr_00001")
    assert verdicts("C11", groups=[[failed], [trained]]) == [YES, NO]
    assert verdicts("C11", groups=[[failed, trained]]) == [NO]
    row = judged("C11", [[failed]])[0]
    assert (
        row["note"] == f"celeba_dcgan vanilla/1 {failure} at {7 if failure == 'collapsed' else 9}"
    )
    assert row["paper"] == 100
    # What has come to nothing so far may still train, if its loss falls to the end.
    falling = run("vanilla", "1", status=failure, collapsed=7, iteration=9, curve=[3, 2, 1])
    so_far = failure in ("never_diverse", "learned_nothing")
    assert verdicts("C11", falling) == [UNTESTABLE if so_far else YES]


def resnets(wn: Run, largest: float = 4) -> list[Run]:
    few = np.array([9, 1, largest, 2])  # the first is of an untrained generator
    return [run(model, "1", 70_000, "collapsed", series=few, collapsed=9) for model in
            ("vanilla", "bn")] + [wn]  # fmt: skip


def test_c12() -> None:
    wn = run("wn", "1", 300_000, series=np.array([1, 2, 9]))
    assert verdicts("C12", *resnets(wn)) == [YES, YES, YES, YES]
    assert verdicts("C12", *resnets(wn, 6)) == [NO, NO, YES, YES]
    wn = run("wn", "1", 300_000, "diverged", series=np.array([1, 9, 4]), iteration=9)
    assert verdicts("C12", *resnets(wn)) == [YES, YES, NO, NO]
    gone = run("wn", "1", 300_000, "diverged", series=np.array([1, 2, 9]), iteration=9)
    assert verdicts("C12", *resnets(gone)) == [YES, YES, NO, NO]  # it has no samples at its end
    for status in ("learned_nothing", "never_diverse"):
        blocks = run("wn", "1", 300_000, status, series=np.array([1, 2, 9]), learned=None)
        assert verdicts("C12", *resnets(blocks)) == [YES, YES, NO, UNTESTABLE]
    noise = [
        run(m, "1", 70_000, "never_diverse", series=np.ones(4), learned=None)
        for m in ("vanilla", "bn")
    ]
    assert verdicts("C12", *noise, wn) == [UNTESTABLE, UNTESTABLE, NO, NO]
    at_once = [
        run(model, "1", 70_000, "diverged", series=np.empty(0), iteration=1)
        for model in ("vanilla", "bn", "wn")
    ]
    assert verdicts("C12", *at_once) == [YES, YES, NO, NO]
    assert [row["measured"] for row in judged("C12", [at_once])] == [0, 0, 0, 0]
    long = run("wn", "1", 300_000, series=np.array([1, 2, 3, 9]))
    short = run("wn", "2", 300_000, series=np.array([1, 9, 9, 4]))
    assert judged("C12", [[*resnets(long), short]])[3]["measured"] == 4  # the fewest, at the end


def rates(failing: int, tenfold: float, bn: str = "trained") -> list[list[Run]]:
    """Runs at three learning rates; so many of three trainings fail at the second."""
    status = ["diverged"] * failing + ["trained"] * (3 - failing)
    return [
        [run("bn", curve=wave(0.02))],
        [run(m, str(k), status=s) for m in ("vanilla", "wn") for k, s in enumerate(status, 1)],
        [
            run("bn", str(k), curve=wave(tenfold)[:101], iterations=50_000, status=bn)
            for k in (1, 2, 3)
        ],
    ]


def test_c13() -> None:
    assert verdicts("C13", groups=rates(1, 0.1)) == [YES, YES, YES, YES]
    assert verdicts("C13", groups=rates(0, 0.01)) == [NO, NO, YES, NO]
    assert verdicts("C13", groups=rates(3, np.nan, "diverged")) == [YES, YES, NO, UNTESTABLE]
    rows = judged("C13", rates(2, 0.1))
    assert rows[0]["measured"] == pytest.approx(200 / 3)
    assert rows[0]["low"] == pytest.approx(20.77, abs=0.01)  # Wilson's, which decides nothing
    assert "from iteration 12,500 on" in rows[3]["quantity"]
    assert rows[3]["measured"] == pytest.approx(0.105 / 0.025, rel=0.01)
    short = rates(2, 0.1)
    short[2] = [run("bn", str(k), curve=wave(0.1)[:3], iterations=50_000) for k in (1, 2)]
    assert verdicts("C13", groups=short)[3] == UNTESTABLE
    assert "of 3 evaluations or more there are 0" in judged("C13", short)[3]["note"]
    assert rows[3]["basis"] == "3 and 1 trainings, the one taken to vary as the others"


def drifting(model: str, instance: str, *drifts: float, **rest: Any) -> Run:
    """A run whose drifts are of every 50,000 iterations."""
    series = np.r_[np.nan, drifts]
    return run(model, instance, 50_000 * len(drifts), series=series, **rest)


def test_c14() -> None:
    vanilla, bn = (
        [drifting(model, str(k), 1.0 + 0.01 * k, 1.0, 1.4) for k in (1, 2)]
        for model in ("vanilla", "bn")
    )
    # Later ones, where the others have ended, do not count.
    wn = [drifting("wn", str(k), 0.2 + 0.01 * k, 0.3, 0.34, *[9.0] * 11) for k in (1, 2)]
    a, b = judged("C14", [[*vanilla, *bn, *wn]])
    assert (a["verdict"], a["measured"]) == (YES, pytest.approx(0.25, abs=0.01))
    assert (b["verdict"], b["measured"]) == (YES, pytest.approx(0.25, abs=0.01))
    assert "to iteration 150,000 over vanilla's" in a["quantity"]
    # With one training of each nothing is known of others.
    assert verdicts("C14", vanilla[0], bn[0], wn[0]) == [OPEN, OPEN]
    more = [drifting("wn", str(k), 2.0 + 0.01 * k, 2.4, 2.8) for k in (1, 2)]
    assert verdicts("C14", *vanilla, *bn, *more) == [NO, NO]
    gone = run("bn", series=np.empty(0), status="diverged", iteration=5)
    assert verdicts("C14", *vanilla, gone, *wn) == [YES, UNTESTABLE]
    gone = run("wn", series=np.empty(0), status="diverged", iteration=5)
    vanilla, bn = vanilla[:1], bn[:1]
    assert verdicts("C14", *vanilla, *bn, gone) == [UNTESTABLE, UNTESTABLE]
    vanilla, bn = vanilla[0], bn[0]
    assert np.isnan(judged("C14", [[vanilla, bn, gone]])[1]["measured"])
    assert "has no samples as far apart" in judged("C14", [[vanilla, bn, gone]])[1]["note"]
    row = judged("C14", [[vanilla, bn, gone]])[0]
    assert row["note"].endswith("; celeba_dcgan wn/1 diverged at 5")


def test_c14_ends_where_a_run_collapses() -> None:
    """From there on samples are alike, and any change of them is large beside that."""
    wn, bn = ([drifting(m, str(k), 0.5, 0.5 + k / 99, 0.5) for k in (1, 2)] for m in ("wn", "bn"))
    collapsed = {"status": "collapsed", "collapsed": 120_000}
    vanilla = [drifting("vanilla", str(k), 0.5, 0.5 + k / 99, 100, **collapsed) for k in (1, 2)]
    a, b = judged("C14", [[*vanilla, *bn, *wn]])
    assert a["measured"] == b["measured"] == pytest.approx(1)
    assert a["verdict"] == b["verdict"] == OPEN
    assert "to iteration 100,000 over vanilla's" in a["quantity"]
    assert "to iteration 150,000 over BN's" in b["quantity"]


def test_c17() -> None:
    """A diverged run has no last model."""
    others = [*group("vanilla", [1.0]), *group("bn", [1.4])]
    runs = [*others, run("wn", last=final(0.96))]
    assert verdicts("C17", *runs) == [YES, YES]
    assert verdicts("C17", *others, run("wn", last=final(1.1))) == [NO, YES]
    assert verdicts("C17", *others, run("wn", last=final(0.5))) == [DIRECTION, YES]
    gone = run("wn", last=final(np.nan), status="diverged")
    assert verdicts("C17", *others, gone) == [NO, NO]
    assert (
        verdicts("C17", *others, run("wn", last=final(0.96), curve=[3, 2, 1])) == [UNTESTABLE] * 2
    )
    assert PRINTED["C17a"] == pytest.approx(4.22, abs=0.01)
    assert PRINTED["C17b"] == pytest.approx(33.3, abs=0.05)


def measured(falls: bool, optimum: tuple[float, float], seed: int = 0) -> dict[str, Any]:
    """Qualities of a training whose distances fall with the losses, or rise as they fall."""
    losses = 10.0 / np.arange(1, 8)
    distances = (losses if falls else 11 - losses) + np.random.default_rng(seed).normal(0, 0.5, 7)
    return {
        "checkpoint": np.array(["optimal", *["snapshot"] * 6, "last"]),
        "iteration": np.array([70, *range(10, 71, 10)]),
        "running_loss": np.array([optimum[0], *losses]),
        "fid": np.array([optimum[1], *distances]),
        "features": np.array(["pixels"] * 8),
    }


def qualities(falls: list[bool], optima: list[tuple[float, float]]) -> list[Run]:
    """Two trainings of each model."""
    names = [(model, instance) for model in ("vanilla", "bn", "wn") for instance in "12"]
    return [
        run(*name, quality=measured(fall, optimum, seed))
        for seed, (name, fall, optimum) in enumerate(zip(names, falls, optima, strict=True))
    ]


def test_c18() -> None:
    rising, mixed = [(k, 2 * k) for k in range(6)], [(k, (5 * k) % 6 + k % 2) for k in range(6)]
    # Three models rank nothing, and their trainings are not independent.
    assert verdicts("C18", *qualities([True] * 6, rising)) == [YES, UNTESTABLE]
    falling = [(k, -k) for k in range(6)]
    assert verdicts("C18", *qualities([False] * 6, falling)) == [NO, UNTESTABLE]
    assert verdicts("C18", *qualities([True, False] * 3, mixed)) == [OPEN, UNTESTABLE]
    a, b = judged("C18", [qualities([True] * 6, rising)])
    assert a["quantity"].startswith("Spearman's correlation of running loss and Fréchet distance")
    assert "(of pixels)" in a["quantity"]
    assert a["basis"] == b["basis"] == "2 and 2 and 2 trainings, taken together"
    single = qualities([True] * 6, rising)[::2]
    assert verdicts("C18", *single) == [YES, UNTESTABLE]
    assert judged("C18", [single])[0]["basis"] == "one training each, taken together"
    assert "a correlation takes 5 models or more" in judged("C18", [single])[1]["note"]
    dead = qualities([True] * 6, rising)
    for each in dead[:2]:
        each.status["status"] = "learned_nothing"  # type: ignore[index]
    assert verdicts("C18", *dead) == [UNTESTABLE] * 2


def test_the_spreads_are_the_papers() -> None:
    for table, model in ((3, "vanilla"), (4, "bn")):
        logs = np.log(PAPER.losses(table, "running_loss"))
        assert SPREADS[model] == pytest.approx(logs.std(ddof=1), rel=1e-3)
    assert spread("wn") == spread("vanilla") != spread("bn")


def test_restarts_are_noted() -> None:
    wn = run("wn", settled=300_000, iterations=700_000, restarts=[{"iteration": 3}])
    assert judged("C6", [[wn]])[0]["note"] == "celeba_dcgan wn/1 restarted 1×"


def test_a_training_that_had_to_start_again_failed() -> None:
    """At a learning rate that is said to fail often; but it did train."""
    again = [run("wn", str(k), restarts=[{"iteration": 3}] * (k == 1)) for k in (1, 2, 3)]
    groups = rates(0, 0.1)
    groups[1] = [each for each in groups[1] if each.model == "vanilla"] + again
    assert verdicts("C13", groups=groups) == [NO, YES, YES, YES]
    assert judged("C13", groups)[1]["measured"] == pytest.approx(100 / 3)


NONE = Criterion(low=1, high=3, none=0)


@given(
    st.sampled_from([NONE, Criterion(-3, -1, none=0), Criterion(1, 2), Criterion(high=2)]),
    st.lists(st.floats(-9, 9), min_size=3, max_size=3),
)
def test_a_verdict_holds_for_every_number_of_the_interval(
    criterion: Criterion, numbers: list[float]
) -> None:
    low, inside, high = sorted(numbers)
    whole = criterion.verdict(Estimate(inside, low, high))
    one = criterion.verdict(Estimate(inside, low, high), by_value=True)
    assert one != OPEN
    assert whole in (one, OPEN)
    assert criterion.verdict(Estimate(inside)) == (one if np.isnan(criterion.none) else OPEN)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((2, 1, 9), YES),
        ((2, 0.1, 9), YES),
        ((0.5, 0.1, 0.9), DIRECTION),
        ((4, 3, 9), DIRECTION),
        ((2, 0, 9), OPEN),
        ((-1, -2, 0.1), OPEN),
        ((-1, -2, 0), NO),
        ((0, 0, 0), NO),
        ((np.nan, np.nan, np.nan), UNTESTABLE),
        ((np.inf, np.nan, np.nan), DIRECTION),
    ],
)
def test_verdicts_by_interval_and_size(interval: tuple[float, ...], expected: str) -> None:
    assert NONE.verdict(Estimate(*interval)) == expected
    mirrored = Estimate(-interval[0], -interval[2], -interval[1])
    assert Criterion(-3, -1, none=0).verdict(mirrored) == expected


def test_sizes_alone() -> None:
    assert Criterion(-2, 2).verdict(Estimate(0, -3, 3)) == OPEN
    assert Criterion(-2, 2).verdict(Estimate(0, -2, 2)) == YES
    assert Criterion(-2, 2).verdict(Estimate(3, 2.5, 4)) == NO
    assert like_time(100).verdict(Estimate(50)) == YES
    assert like_time(100).verdict(Estimate(201)) == NO
    assert like_time(100).verdict(Estimate(np.inf)) == NO


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (Criterion(0, 0, none=50), "exactly 0; 50 is no difference"),
        (Criterion(low=10), "at least 10"),
        (Criterion(high=5), "at most 5"),
        (Criterion(-2, 2), "from -2 to 2"),
        (like_time(300_000), "from 150,000 to 600,000"),
        (like_percent(-10), "from -20 to -5; 0 is no difference"),
        (Criterion(low=100 / 3), "at least 33.3"),
    ],
)
def test_a_criterion_can_be_read(criterion: Criterion, text: str) -> None:
    assert str(criterion) == text


def test_rows_that_runs_have_in_common() -> None:
    """By their iterations, both bounds included, without the start."""
    curves = {100: 11, 200: 6, 300: 5}
    runs = [run("bn", str(k), curve=np.ones(n), every=k) for k, n in curves.items()]
    for start, stop, expected in (
        (0, np.inf, [600]),
        (600, 600, [600]),
        (601, np.inf, []),
        (0, 599, []),
    ):
        rows = common_rows(runs, start, stop)
        assert [r.running["iteration"][k].tolist() for r, k in zip(runs, rows, strict=True)] == [
            expected
        ] * 3
    (alone,) = common_rows(runs[:1], 0, 100)
    assert alone.tolist() == [1]
    pair = common_rows(runs[:2], 200, 400)
    assert [each.tolist() for each in pair] == [[2, 4], [1, 2]]


def test_crossings() -> None:
    steps, zero = np.array([1, 10, 100]), np.zeros((6, 3))
    gaps = np.array(
        [[1, 1, -1], [-1, 1, -3], [-1, -1, -1], [1, 1, 1], [-1, -1, np.nan], [1, 0, -1]], float
    )
    expected = [10**1.5, 10**1.25, 1, np.inf, np.inf, 10]
    np.testing.assert_allclose(crossing(steps, gaps, zero), expected)


@given(
    st.integers(1, 7).flatmap(
        lambda count: st.lists(
            st.lists(st.integers(-3, 3), min_size=count, max_size=count), min_size=1, max_size=5
        )
    )
)
def test_crossings_are_those_of_a_plain_loop(gaps: list[list[int]]) -> None:
    """Of several curves at once, of which none has to do with another."""
    steps = np.array([1, 3, 7, 20, 33, 70, 99])[: len(gaps[0])]
    expected = []
    for gap in gaps:
        high = [k for k, value in enumerate(gap) if value >= 0]
        if not high:
            expected.append(1.0)
        elif high[-1] == len(gap) - 1:
            expected.append(np.inf)
        else:
            k = high[-1]
            share = gap[k] / (gap[k] - gap[k + 1])
            expected.append(steps[k] * (steps[k + 1] / steps[k]) ** share)
    values = np.array(gaps, float)
    np.testing.assert_allclose(crossing(steps, values + 5, np.full_like(values, 5)), expected)


def test_fluctuation_is_of_ratios() -> None:
    curves = np.array([[1, 2, 1, 2], [10, 20, 10, 20], [3, 3, 3, 3]], float)
    np.testing.assert_allclose(fluctuation(curves), [np.log(2), np.log(2), 0])
    assert np.isnan(fluctuation(curves[:, :2])).all()


def test_the_papers_figures() -> None:
    assert PRINTED["C1"] == pytest.approx(10.5, abs=0.05)
    assert PRINTED["C2"] == pytest.approx(3, abs=0.05)
    assert PRINTED["C8"] == pytest.approx(14.7, abs=0.05)
    assert PRINTED["C9a"] == pytest.approx(7.5, abs=0.05)
    assert PRINTED["C9b"] == pytest.approx(-0.03, abs=0.01)
    assert set(PRINTED) <= {name + part for name in CLAIMS for part in CLAIMS[name].statements}


def test_claims_are_numbered() -> None:
    assert list(CLAIMS) == [f"C{number}" for number in range(1, len(CLAIMS) + 1)]
    assert len(CLAIMS["C11"].needs_of(2)) == 2
    assert len(CLAIMS["C13"].needs_of(3)) == 3


def save(run: Run, names: list[str], folder: Path) -> list[Path]:
    """The files of a run that a claim needs, and no others."""
    paths = [folder / run.experiment / run.model / run.instance / FILES[name] for name in names]
    for name, path in zip(names, paths, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        value: Any = getattr(run, name)
        match path.suffix:
            case ".json":
                path.write_text(json.dumps(value))
            case ".npy":
                np.save(path, value)
            case ".safetensors":
                save_file({**value, "images": np.zeros((2, 2), np.uint8)}, path)
            case _ if name == "running":
                running.write(path, value)
            case _ if name == "quality":
                pandas.DataFrame(value).to_csv(path, index=False)
            case _:
                rows = np.zeros(len(value["iteration"]), outcome.FIELDS)
                for field, column in value.items():
                    rows[field] = column
                outcome.write(path, rows)
    return paths


def everything(claim: str) -> list[list[Run]]:
    """Runs with all that claims take, two trainings of each model."""
    drift = np.array([np.nan, 1.0, 1.4])
    return [
        [
            run(
                model,
                instance,
                curve=wave(0.1) * (1 + 0.1 * (instance == "2")),
                series=drift,
                optimal=final(1.0),
                last=final(1.1),
                quality=measured(True, (len(model), 3.0)),
            )
            for model in group
            for instance in ("1", "2")
        ]
        for group in CLAIMS[claim].needs_of(2)
    ]


ASKED = ("part", "experiment", "quantity", "criterion", "paper", "basis")
"""Columns that say what is asked, not what came out."""


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_is_asked_is_written_down(claim: str) -> None:
    """In quantities.csv, to be read in a review; PYTHONPATH=. python tests/unit/test_claims.py."""
    with open(QUANTITIES, newline="") as file:
        expected = [row for row in csv.DictReader(file) if row["claim"] == claim]
    assert asked(claim) == expected


def asked(claim: str) -> list[dict[str, str]]:
    """Of two trainings of each model, as texts."""
    rows = judged(claim, everything(claim))
    texts = ({name: row[name] for name in ASKED} for row in rows)
    return [
        {"claim": claim}
        | {k: f"{v:.6g}" if isinstance(v, float | int) else v for k, v in text.items()}
        for text in texts
    ]


SHARES = {"C11": {"", "1", "2"}, "C12": {"c"}, "C13": {"a", "b", "c"}}
"""Parts that count trainings which failed, those that learned nothing among them."""


@pytest.mark.parametrize("status", ["learned_nothing", "never_diverse"])
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_model_that_came_to_nothing_tests_nothing(claim: str, status: str) -> None:
    """Whatever a part measures of it; but that samples are all alike is what C12 asks for."""
    for model in {run.model for group in everything(claim) for run in group}:
        groups = everything(claim)
        for each in (run for group in groups for run in group if run.model == model):
            each.status["status"] = status  # type: ignore[index]
            each.status["learned"] = None if status == "learned_nothing" else 500  # type: ignore[index]
        findings = CLAIMS[claim].judge(groups, CLAIMS[claim].printed(PAPER))
        for finding, row in zip(findings, judged(claim, groups), strict=True):
            measured_it = model in {run.model for run in finding.runs}
            if not measured_it or finding.part in SHARES.get(claim, set()):
                continue
            if claim == "C12" and status == "never_diverse":
                assert row["verdict"] != UNTESTABLE
            else:
                assert row["verdict"] == UNTESTABLE, (finding.part, model)
                why = f"all trainings of {NAMES[model]} are {status}"
                if claim == "C12":
                    why = f"no training of {NAMES[model]} learned anything"
                assert why in row["note"]


def written(
    claim: str, groups: list[list[Run]], folder: Path
) -> tuple[list[list[dict[str, Any]]], list[Path]]:
    """What a claim's script is told of its runs, and their files."""
    runs: list[list[dict[str, Any]]] = []
    files = []
    for group, needed in zip(groups, CLAIMS[claim].needs_of(2), strict=True):
        runs.append([])
        for each in group:
            names = ["status", *needed[each.model]]
            files += save(each, names, folder)
            fields = ("experiment", "model", "instance", "iterations")
            runs[-1].append({"files": names} | {field: getattr(each, field) for field in fields})
    return runs, files


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_script_reads_what_the_claim_needs(claim: str, tmp_path: Path) -> None:
    groups = everything(claim)
    runs, files = written(claim, groups, tmp_path)
    places = [[path] * len(groups) for path in dataset(tmp_path)]
    claim_script.main(claim, runs, files, *places, VALUES, tmp_path / "claim.csv")
    table = pandas.read_csv(tmp_path / "claim.csv")
    assert list(table.columns) == list(FIELDS)
    expected = judged(claim, groups)
    assert table["verdict"].tolist() == [row["verdict"] for row in expected]
    measured = [row["measured"] for row in expected]
    np.testing.assert_allclose(table["measured"], measured, rtol=1e-5, atol=1e-4)
    rounded = [float(f"{number:.6g}") for number in table["measured"]]  # as machines differ
    np.testing.assert_array_equal(table["measured"], rounded)
    first = (tmp_path / "claim.csv").read_bytes()
    claim_script.main(claim, runs, files, *places, VALUES, tmp_path / "claim.csv")
    assert (tmp_path / "claim.csv").read_bytes() == first


def test_the_script_takes_folders_where_the_split_is(tmp_path: Path) -> None:
    """Of C15's final losses and C5's curves; what was measured stays, and the basis says so."""
    for claim, expected in (
        ("C15", "2 and 2 trainings, 20 folders"),
        ("C5", "2 trainings, 20 folders"),
    ):
        rows = []
        for folders in (None, [k // 5 for k in range(IMAGES)] + [77] * 9):
            groups = everything(claim)
            runs, files = written(claim, groups, tmp_path)
            places = [[path] * len(groups) for path in dataset(tmp_path, folders)]
            claim_script.main(claim, runs, files, *places, VALUES, tmp_path / "claim.csv")
            rows.append(pandas.read_csv(tmp_path / "claim.csv").iloc[-1])
        images, of_folders = rows
        assert of_folders["measured"] == pytest.approx(images["measured"], rel=1e-4)
        assert of_folders["basis"] == expected
        assert "folder" not in images["basis"]


def test_finals_and_curves_are_per_folder_where_the_split_is(tmp_path: Path) -> None:
    """A row per folder; folders are of the images that the fewest were evaluated of."""
    folders = np.array([0, 0, 1, 2, 2, 2, 3])
    losses, curve = np.arange(6, dtype=np.float32), np.arange(12, dtype=np.float32).reshape(6, 2)
    save_file({"losses": losses, "curve": curve, "steps": np.array([0, 9])}, tmp_path / "optimal")
    of_images = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.save(tmp_path / "losses.npy", of_images)
    known = {"experiment": "a", "model": "bn", "instance": "1", "iterations": 9, "status": {}}
    files = [tmp_path / "losses.npy", tmp_path / "optimal"]

    def read(names: list[str], *paths: Path, split: bool = True) -> Run:
        given = known | {"files": names}
        return claim_script.read(given, iter(paths), folders if split else None)

    plain = read(["losses", "optimal"], *files, split=False)
    assert plain.folders is None
    assert plain.losses.tolist() == of_images.tolist()
    assert plain.optimal["losses"].tolist() == losses.tolist()
    found = read(["losses", "optimal"], *files)
    assert found.folders is not None
    assert found.folders.tolist() == [0, 0, 1]
    # Sums of folders, so that their mean is that over images.
    assert found.losses.tolist() == pytest.approx(np.array([[1, 2], [7, 5]]) * 2 / 3)
    assert found.optimal["losses"].tolist() == [0.5, 1, 6]
    assert found.optimal["curve"].tolist() == [[1, 2], [2, 2.5], [12, 13.5]]
    assert found.optimal["steps"].tolist() == [0, 9]
    alone = read(["optimal"], files[1])
    assert alone.folders is not None
    assert alone.folders.tolist() == [0, 0, 1, 2, 2, 2]


def test_the_table_has_every_claim(tmp_path: Path) -> None:
    vanilla, wn = run("vanilla", "1", collapsed=135_000), run("vanilla", "2")
    rows = judged("C4", [[vanilla, wn]])
    rows[0] |= {"low": 3, "high": 1234567}
    pandas.DataFrame(rows, columns=FIELDS).to_csv(tmp_path / "C4.csv", index=False)
    csv_file, page = tmp_path / "claims.csv", tmp_path / "claims.html"
    claims_table.main(["C4"], [tmp_path / "C4.csv"], VALUES, csv_file, page)
    table = pandas.read_csv(csv_file)
    assert list(table.columns) == list(FIELDS)
    assert list(table["claim"].unique()) == list(CLAIMS)
    left_out = table[table["claim"] != "C4"]
    assert set(left_out["verdict"]) == {"not run"}
    assert left_out["measured"].isna().all()
    texts = ["experiment", "quantity", "criterion", "basis", "note"]
    with open(csv_file, newline="") as file:
        as_text = [row for row in csv.DictReader(file) if row["claim"] != "C4"]
    assert {row[name] for row in as_text for name in [*texts, "measured", "low", "high"]} == {""}
    for row in as_text:
        printed = PRINTED.get(row["claim"] + row["part"])
        if printed is None:
            assert row["paper"] == ""
        else:
            assert float(row["paper"]) == pytest.approx(printed, rel=1e-5)
    commands = left_out["command"].tolist()
    options = "--resources gpu=1 --cores all"
    assert commands == [
        f"snakemake {options} results/claims/{claim}.csv" for claim in left_out["claim"]
    ]
    assert table.loc[table["claim"] == "C4", "measured"].tolist() == [135_000, np.inf]
    assert table.loc[0, "paper"] == pytest.approx(10.4845)
    text = page.read_text()
    for word in (
        "C4/1",
        "C9a",
        "135,000",
        "never",
        "not run",
        "contradicted",
        "one training",
        "text-align: left",
        ">3\u00a0to\u00a01,234,567</td>",
    ):
        assert word in text
    assert text.count("\u00a0to\u00a0") == 1


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_is_not_run_says_so(claim: str) -> None:
    rows = not_run(CLAIMS[claim], PAPER)
    assert all(set(row) == set(FIELDS) for row in rows)
    assert [row["part"] for row in rows] == list(CLAIMS[claim].statements)


if __name__ == "__main__":
    with open(QUANTITIES, "w", newline="") as output:
        writer = csv.DictWriter(output, ["claim", *ASKED], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for claim in CLAIMS for row in asked(claim))
