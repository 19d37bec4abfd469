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
from wngan import outcome, running
from wngan.claims import CLAIMS
from wngan.claims.measures import crossing, fluctuation
from wngan.claims.record import FILES, PaperValues, Run
from wngan.claims.table import FIELDS, Row, judge, not_run
from wngan.verdicts import VERDICTS, Criterion

ROOT = Path(__file__).parents[2]
with open(ROOT / "report/paper_values.csv", newline="") as file:
    VALUES = list(csv.DictReader(file))
PAPER = PaperValues(VALUES)
PRINTED = {
    name + part: value
    for name, claim in CLAIMS.items()
    for part, value in claim.printed(PAPER).items()
}

IMAGES = 100
HARD = np.random.default_rng(0).gamma(20, 0.05, IMAGES)
STEPS = np.unique(np.geomspace(1, 2000, 30).round().astype(np.int64))
YES, NO, OPEN, _ = VERDICTS


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
    instance: str = "best",
    iterations: int = 150_000,
    status: str = "trained",
    curve: Any = None,
    every: int = 500,
    series: Any = None,
    experiment: str = "celeba_dcgan",
    **rest: Any,
) -> Run:
    """A run.

    Args:
        rest: attributes of `Run`, and of its status; its "converged" is called settled.
        curve: mean running losses from iteration 0 on.
    """
    fate = {"status": status, "reason": "", "converged": rest.pop("settled", None)}
    for name, default in {"iteration": iterations, "collapsed": None, "restarts": []}.items():
        fate[name] = rest.pop(name, default)
    if curve is not None:
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
        assert "criterion: " in row["quantity"]
        assert row["command"] == ""
        if not np.isnan(row["low"]):
            assert row["low"] <= row["measured"] <= row["high"]
    return [row["verdict"] for row in rows]


@pytest.mark.parametrize(("wn", "expected"), [(0.85, YES), (0.95, NO), (1.2, NO), (0.9, OPEN)])
def test_c1(wn: float, expected: str) -> None:
    vanilla = run("vanilla", optimal=final(1.0))
    assert verdicts("C1", vanilla, run("wn", optimal=final(wn, seed=2))) == [expected]


def test_c1_is_the_papers_figure_and_interval() -> None:
    vanilla, wn = run("vanilla", optimal=final(1.0)), run("wn", optimal=final(0.85, seed=2))
    (row,) = judged("C1", [[vanilla, wn]])
    assert row["paper"] == pytest.approx(10.484524)
    assert row["measured"] == pytest.approx(15, abs=1e-3)
    assert 14 < row["low"] < 15 < row["high"] < 16  # narrow, because it is paired
    assert row["quantity"] == "WN's final loss below vanilla's, %; criterion: at least 10"


@pytest.mark.parametrize(("bn", "expected"), [(1.03, YES), (0.97, NO), (1.0, OPEN)])
def test_c2(bn: float, expected: str) -> None:
    vanilla = run("vanilla", optimal=final(1.0))
    assert verdicts("C2", vanilla, run("bn", optimal=final(bn, seed=2))) == [expected]


def test_c3() -> None:
    vanilla = np.r_[np.full(201, 1.0), np.full(100, 5.0)]
    bn = np.full(301, 2.0)
    bn[0] = 0.5  # before training
    collapsing = run("vanilla", curve=vanilla, collapsed=201 * 500)
    assert verdicts("C3", collapsing, run("bn", curve=bn)) == [YES]
    assert verdicts("C3", run("vanilla", curve=vanilla), run("bn", curve=bn)) == [NO]
    bn[7] = 0.9
    (row,) = judged("C3", [[collapsing, run("bn", curve=bn)]])
    assert row["verdict"] == NO
    assert row["measured"] == pytest.approx(0.5)  # % of 200 evaluations
    bn[7] = np.nan
    assert verdicts("C3", collapsing, run("bn", curve=bn)) == [YES]
    diverged = run("bn", curve=bn[:1], status="diverged", iteration=3)
    assert verdicts("C3", collapsing, diverged) == [NO]


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
        for k, at in enumerate((135_000, 90_000, 101_250, None), 1)
    ]
    assert verdicts("C4", *runs) == [YES, NO, YES, NO]
    rows = judged("C4", [runs[:1] + runs[3:]])
    assert [row["part"] for row in rows] == ["1", "4"]
    assert [row["measured"] for row in rows] == [pytest.approx(135_000 * scale), np.inf]
    assert rows[0]["paper"] == pytest.approx(135_000 * scale)
    assert ("scaled" in rows[0]["quantity"]) == (scale != 1)


def wave(size: float, calm_until: int = 0) -> Any:
    """A curve of 301 losses that alternates by a factor, after a calm start."""
    curve = np.full(301, 1.0) * np.exp(0.005 * (np.arange(301) % 2))
    curve[calm_until:] *= np.exp(size * (np.arange(301 - calm_until) % 2))
    return curve


def test_c5() -> None:
    wn = run("wn", curve=wave(0.005), iterations=700_000)
    assert verdicts("C5", run("bn", curve=wave(0.1, 80)), wn) == [YES, YES]
    assert verdicts("C5", run("bn", curve=wave(0.1)), wn) == [YES, OPEN]
    assert verdicts("C5", run("bn", curve=wave(0.004)), wn)[0] == NO
    assert verdicts("C5", run("bn", curve=wave(0.1)[:2]), wn) == [OPEN, OPEN]
    diverged = run("bn", curve=wave(0.1)[:2], status="diverged", iteration=700)
    assert verdicts("C5", diverged, wn) == [NO, NO]


def test_c5_scales() -> None:
    short = {"iterations": 2000, "every": 125}
    bn = run("bn", curve=wave(0.1, 4)[:17], **short)
    a, b = judged("C5", [[bn, run("wn", curve=wave(0.01)[:17], **short)]])
    assert "from iteration 533 on" in a["quantity"]
    assert "from 133 to 533" in b["quantity"]
    assert b["verdict"] != OPEN  # three evaluations are enough
    assert a["verdict"] == YES


@pytest.mark.parametrize("iterations", [700_000, 2_000])
@pytest.mark.parametrize(
    ("share", "expected"), [(3 / 7, YES), (0.2, NO), (0.7, NO), (None, NO), (2 / 7, YES)]
)
def test_c6(share: float | None, expected: str, iterations: int) -> None:
    at = None if share is None else share * iterations
    assert verdicts("C6", run("wn", iterations=iterations, settled=at)) == [expected]


def instances(model: str, lowest: list[float], status: str = "trained") -> list[Run]:
    return [
        run(model, str(k), curve=[3.0, loss, 2.0], status=status)
        for k, loss in enumerate(lowest, 1)
    ]


def test_c7() -> None:
    alike, different = [1.0, 1.01, 1.02], [1.0, 1.2, 1.1]
    vanilla = instances("vanilla", alike)
    assert verdicts("C7", *vanilla, *instances("bn", different)) == [YES]
    assert verdicts("C7", *vanilla, *instances("bn", alike)) == [NO]
    assert PRINTED["C7"] == pytest.approx(6.05, abs=0.05)
    nowhere = instances("bn", [np.nan] * 3, "diverged")
    for each in nowhere:
        each.running["running_loss"][:] = np.nan
    assert verdicts("C7", *vanilla, *nowhere) == [NO]


@pytest.mark.parametrize(("mixed", "expected"), [(1.1, YES), (0.9, NO), (1.0, OPEN)])
def test_c8(mixed: float, expected: str) -> None:
    vanilla = run("vanilla", curve=[5, 2, 1, 3])
    runs = (vanilla, run("wn_mean_bn", curve=[6, mixed, 4]))
    assert verdicts("C8", *runs) == [expected]


@pytest.mark.parametrize(
    ("optimal", "last", "expected"),
    [
        (1.07, 1.075, [YES, YES]),
        (0.9, 1.0, [NO, NO]),
        (1.0, 0.9, [OPEN, NO]),
        (1.07, 1.0914, [YES, OPEN]),
        (1.07, np.nan, [YES, NO]),
    ],
)
def test_c9(optimal: float, last: float, expected: list[str]) -> None:
    status = "diverged" if np.isnan(last) else "trained"
    affine = run(
        "affine_wn",
        optimal=final(optimal, seed=2),
        last=final(last, seed=3),
        status=status,
    )
    assert verdicts("C9", affine, run("wn", optimal=final(1.0))) == expected


def cifar(last: float, wn_final: Any, status: str = "trained") -> list[Run]:
    start = np.log(STEPS)
    others = {"iterations": 500_000, "optimal": final(1.0), "last": final(1.1)}
    return [
        run("vanilla", **{**others, "optimal": final(1.0, 2 - start / start[-1])}),
        run("bn", **{**others, "last": final(np.nan)}),
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
    assert c["measured"] == pytest.approx(400, rel=0.01)
    assert 300 < c["low"] < c["high"] < 500
    assert verdicts("C10", *cifar(4.1, falling))[0] == NO  # 2.5 %, as noise would have it
    # Where the optimum is the last iteration, it is not above itself.
    assert verdicts("C10", *cifar(4, falling + 0.5)) == [NO, NO, NO]
    assert judged("C10", [cifar(4, falling + 0.5)])[2]["measured"] == np.inf
    assert verdicts("C10", *cifar(5, falling - 0.5)) == [YES, YES, NO]  # below from step 1 on
    assert verdicts("C10", *cifar(5, falling * np.nan, "diverged")) == [NO, NO, NO]


def test_c10_scales_and_wants_the_same_steps() -> None:
    runs = cifar(5, 2 - np.log(STEPS))
    for each in runs:
        for kind in (each.optimal, each.last):
            kind["steps"] = STEPS / 4  # type: ignore[index]
    assert judged("C10", [runs])[2]["paper"] == 100
    runs[0].optimal["steps"] = STEPS  # type: ignore[index]
    with pytest.raises(ValueError, match="different steps"):
        judged("C10", [runs])


@pytest.mark.parametrize("failure", ["diverged", "collapsed", "never_diverse"])
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
    at_once = [
        run(model, "1", 70_000, "diverged", series=np.empty(0), iteration=1)
        for model in ("vanilla", "bn", "wn")
    ]
    assert verdicts("C12", *at_once) == [YES, YES, NO, NO]


def rates(failing: int, tenfold: float, bn: str = "trained") -> list[list[Run]]:
    """Runs at three learning rates; so many of three instances fail at the second."""
    status = ["diverged"] * failing + ["trained"] * (3 - failing)
    return [
        [run("bn", curve=wave(0.02))],
        [run(m, str(k), status=s) for m in ("vanilla", "wn") for k, s in enumerate(status, 1)],
        [run("bn", curve=wave(tenfold)[:101], iterations=50_000, status=bn)]
        + [run("bn", str(k), status=bn) for k in (1, 2, 3)],
    ]


def test_c13() -> None:
    assert verdicts("C13", groups=rates(1, 0.1)) == [YES, YES, YES, YES]
    assert verdicts("C13", groups=rates(0, 0.01)) == [NO, NO, YES, NO]
    assert verdicts("C13", groups=rates(3, np.nan, "diverged")) == [YES, YES, NO, NO]
    rows = judged("C13", rates(2, 0.1))
    assert rows[0]["measured"] == pytest.approx(200 / 3)
    assert rows[0]["low"] == pytest.approx(20.77, abs=0.01)  # Wilson's, which decides nothing
    assert "from iteration 12,500 on" in rows[3]["quantity"]


def test_c14() -> None:
    vanilla, bn = (run(model, series=np.array([np.nan, 1.0, 1.4])) for model in ("vanilla", "bn"))
    late = np.r_[np.nan, 0.2, 0.4, np.full(12, 9.0)]  # every 50,000 iterations
    wn = run("wn", iterations=700_000, series=late)
    assert verdicts("C14", vanilla, bn, wn) == [NO]
    late[3] = 0.3  # later ones, where the others have ended, do not count
    (row,) = judged("C14", [[vanilla, bn, wn]])
    assert (row["verdict"], row["measured"]) == (YES, pytest.approx(0.25))
    gone = run("bn", series=np.empty(0), status="diverged", iteration=5)
    assert verdicts("C14", vanilla, gone, wn) == [YES]
    gone = run("wn", series=np.empty(0), status="diverged", iteration=5)
    (row,) = judged("C14", [[vanilla, bn, gone]])
    assert row["verdict"] == NO
    assert row["note"] == "there was nothing to measure; celeba_dcgan wn diverged at 5"


def test_restarts_are_noted() -> None:
    wn = run("wn", settled=300_000, iterations=700_000, restarts=[{"iteration": 3}])
    assert judged("C6", [[wn]])[0]["note"] == "celeba_dcgan wn restarted 1×"


CRITERIA = st.builds(
    Criterion, st.sampled_from([-np.inf, -1, 0]), st.sampled_from([0, 2, np.inf]), st.just(False)
)


@given(CRITERIA, st.lists(st.floats(-9, 9), min_size=3, max_size=3))
def test_a_verdict_holds_for_every_number_of_the_interval(
    criterion: Criterion, numbers: list[float]
) -> None:
    low, inside, high = sorted(numbers)
    whole, one = criterion.verdict(low, high), criterion.verdict(inside, inside)
    assert one != OPEN
    assert whole in (one, OPEN)


def test_a_criterion_inside_the_interval_decides_nothing() -> None:
    assert Criterion(-2, 2).verdict(-3, 3) == OPEN
    assert Criterion(low=0, strict=True).verdict(0, 0) == NO
    assert Criterion(low=0).verdict(0, 0) == YES
    assert Criterion().verdict(np.nan, 1) == OPEN


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (Criterion(0, 0), "exactly 0"),
        (Criterion(low=10), "at least 10"),
        (Criterion(low=0, strict=True), "more than 0"),
        (Criterion(high=5), "at most 5"),
        (Criterion(high=1, strict=True), "less than 1"),
        (Criterion(-2, 2), "from -2 to 2"),
        (Criterion(200_000, 450_000), "from 200,000 to 450,000"),
        (Criterion(low=100 / 3), "at least 33.3"),
    ],
)
def test_a_criterion_can_be_read(criterion: Criterion, text: str) -> None:
    assert str(criterion) == text


def test_crossings() -> None:
    steps, zero = np.array([1, 10, 100]), np.zeros((6, 3))
    gaps = np.array(
        [[1, 1, -1], [-1, 1, -3], [-1, -1, -1], [1, 1, 1], [-1, -1, np.nan], [1, 0, -1]], float
    )
    expected = [10**1.5, 10**1.25, 1, np.inf, np.inf, 10]
    np.testing.assert_allclose(crossing(steps, gaps, zero), expected)


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


def test_there_are_fourteen_claims() -> None:
    numbered = [f"C{number}" for number in range(1, 15)]
    assert list(CLAIMS) == numbered
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
            case _:
                rows = np.zeros(len(value["iteration"]), outcome.FIELDS)
                for field, column in value.items():
                    rows[field] = column
                outcome.write(path, rows)
    return paths


def everything(claim: str) -> list[list[Run]]:
    """Runs with all that claims take, as many as a claim needs."""
    drift = np.array([np.nan, 1.0, 1.4])
    return [
        [
            run(
                name.removesuffix("/*"),
                instance,
                curve=wave(0.1) * (1 + 0.1 * (instance == "2")),
                series=drift,
                optimal=final(1.0),
                last=final(1.1),
            )
            for name in group
            for instance in (("1", "2") if name.endswith("*") else ("best",))
        ]
        for group in CLAIMS[claim].needs_of(2)
    ]


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_script_reads_what_the_claim_needs(claim: str, tmp_path: Path) -> None:
    groups = everything(claim)
    runs: list[list[dict[str, Any]]] = []
    files = []
    for group, needed in zip(groups, CLAIMS[claim].needs_of(2), strict=True):
        runs.append([])
        for each in group:
            key = each.model if each.instance == "best" else f"{each.model}/*"
            names = ["status", *needed[key]]
            files += save(each, names, tmp_path)
            fields = ("experiment", "model", "instance", "iterations")
            runs[-1].append({"files": names} | {field: getattr(each, field) for field in fields})
    claim_script.main(claim, runs, files, VALUES, tmp_path / "claim.csv")
    table = pandas.read_csv(tmp_path / "claim.csv")
    assert list(table.columns) == list(FIELDS)
    expected = judged(claim, groups)
    assert table["verdict"].tolist() == [row["verdict"] for row in expected]
    measured = [row["measured"] for row in expected]
    np.testing.assert_allclose(table["measured"], measured, rtol=1e-5, atol=1e-4)
    first = (tmp_path / "claim.csv").read_bytes()
    claim_script.main(claim, runs, files, VALUES, tmp_path / "claim.csv")
    assert (tmp_path / "claim.csv").read_bytes() == first


def test_the_table_has_every_claim(tmp_path: Path) -> None:
    vanilla, wn = run("vanilla", "1", collapsed=135_000), run("vanilla", "2")
    rows = judged("C4", [[vanilla, wn]])
    pandas.DataFrame(rows, columns=FIELDS).to_csv(tmp_path / "C4.csv", index=False)
    csv_file, page = tmp_path / "claims.csv", tmp_path / "claims.html"
    claims_table.main(["C4"], [tmp_path / "C4.csv"], VALUES, csv_file, page)
    table = pandas.read_csv(csv_file)
    assert list(table["claim"].unique()) == list(CLAIMS)
    left_out = table[table["claim"] != "C4"]
    assert set(left_out["verdict"]) == {"not run"}
    assert left_out["measured"].isna().all()
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
        "not reproduced",
        "text-align: left",
    ):
        assert word in text


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_is_not_run_says_so(claim: str) -> None:
    rows = not_run(CLAIMS[claim], PAPER)
    assert all(set(row) == set(FIELDS) for row in rows)
    assert [row["part"] for row in rows] == list(CLAIMS[claim].statements)
