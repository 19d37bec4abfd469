"""What is chosen: a run's best checkpoint, a model's best instance, the samples most alike."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from scripts import groups_figure, select_instance, select_optimal
from wngan import running
from wngan.image_grids import Panel

NAN = float("nan")
Rows = list[tuple[int, float, float]]
NONE = np.empty((0, 2))


@pytest.mark.parametrize(
    ("segments", "best", "holder"),
    [
        ([[(0, 9.0, 0.1), (10, 2.0, 0.2)], [(20, 3.0, 0.3), (30, 4.0, 0.4)]], 2.0, 0),
        ([[(0, 9.0, 0.1), (10, 5.0, 0.2)], [(20, NAN, NAN), (30, 3.0, 0.4)], []], 3.0, 1),
        ([[(0, 9.0, 0.1)], [(10, 8.0, 0.1)], [(20, 7.0, 0.2), (30, 7.0, 0.3)]], 7.0, 2),
    ],
)
def test_the_optimum_is_the_snapshot_with_the_lowest_loss(
    segments: list[Rows], best: float, holder: int, tmp_path: Path
) -> None:
    """Of the segment that has it; a diverged run's last segments have nothing."""
    files: list[list[Path]] = [[], [], []]
    for number, rows in enumerate(segments):
        for kind, suffix in zip(files, ("csv", "npy", "safetensors"), strict=True):
            kind.append(tmp_path / f"{number}.{suffix}")
        running.write(files[0][-1], rows)
        np.save(files[1][-1], np.array([[loss, iteration] for iteration, loss, _ in rows] or NONE))
        files[2][-1].write_text(f"of segment {number}")
    names = [tmp_path / name for name in ("running.csv", "running.npy", "optimal.safetensors")]
    select_optimal.main(*files, *names)
    expected = np.array([row for rows in segments for row in rows], running.FIELDS)
    found = running.read([names[0]])
    for name in running.FIELDS.names or ():
        np.testing.assert_array_equal(found[name], expected[name])
    np.testing.assert_array_equal(np.load(names[1])[:, 0], expected["running_loss"])
    np.testing.assert_array_equal(np.load(names[1])[:, 1], expected["iteration"])
    assert names[2].read_text() == f"of segment {holder}"
    assert np.nanmin(found["running_loss"]) == best


@pytest.mark.parametrize(
    ("curves", "best"),
    [
        ([[9.0, 5.0, 6.0], [8.0, 7.0, 4.0], [4.5, 9.0, 9.0]], 1),
        ([[NAN, NAN], [9.0, 3.0], [3.5, NAN]], 1),
        ([[2.0], [1.0], [0.5]], 2),
    ],
)
def test_the_best_instance_has_the_lowest_of_its_lowest_losses(
    curves: list[list[float]], best: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the lowest at its end, nor at its start; all of its files are copied."""
    inputs: dict[str, list[Path]] = {"running": [], "optimal": []}
    for number, losses in enumerate(curves):
        table, network = (tmp_path / f"{number}.{name}" for name in ("csv", "safetensors"))
        running.write(table, [(10 * k, loss, number) for k, loss in enumerate(losses)])
        network.write_text(f"of instance {number}")
        inputs["running"].append(table)
        inputs["optimal"].append(network)
    outputs = {"running": tmp_path / "best.csv", "optimal": tmp_path / "best.safetensors"}
    with caplog.at_level("INFO"):
        select_instance.main(inputs, outputs)
    assert outputs["running"].read_bytes() == inputs["running"][best].read_bytes()
    assert outputs["optimal"].read_text() == f"of instance {best}"
    assert f"Instance {best + 1} is the best" in caplog.text
    assert f"running loss of {np.nanmin(curves[best]):.6f}." in caplog.text


def test_groups_are_of_the_images_that_are_most_alike() -> None:
    """Up to brightness and contrast; the tighter group is first, and no image is in two."""
    random = np.random.default_rng(0)
    bases = random.integers(40, 80, (6, 8, 8, 3))
    noise = random.integers(0, 3, (2, 3, 8, 8, 3))
    close, closer = bases[0] + 3 * noise[0], bases[1] + noise[1]
    closer[1] = 2 * closer[1]  # another contrast
    closer[2] = closer[2] + 90  # another brightness
    images = np.concatenate([close[:2], bases[2:4], closer, bases[4:], close[2:]]).astype(np.uint8)
    groups = groups_figure.alike(images, 2, 3)
    assert [sorted(group.tolist()) for group in groups] == [[4, 5, 6], [0, 1, 9]]
    same = np.zeros((40, 2, 2, 3), np.uint8)
    assert np.array_equal(groups_figure.alike(same, 2, 3), [[0, 1, 2], [3, 4, 5]])
    # Nor does it count how faint images are.
    faint = random.integers(0, 2, (3, 8, 8, 3))
    few = np.concatenate([faint, bases[:1], bases[:1] + random.integers(0, 30, (1, 8, 8, 3))])
    assert sorted(groups_figure.alike(few.astype(np.uint8), 1, 2)[0].tolist()) == [3, 4]
    # The first of a group is the one with the others nearest to it.
    flat = images.astype(float)
    flat -= flat.mean((1, 2), keepdims=True)
    flat /= flat.std((1, 2), keepdims=True)
    for group in groups:
        far = np.square(flat[group][:, None] - flat[group]).mean((2, 3, 4))
        assert far.sum(1).argmin() == 0
        assert far[0].tolist() == sorted(far[0])


@pytest.mark.parametrize("groups", [1, 2])
def test_groups_are_shown_at_both_checkpoints(
    groups: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen by the second's images among the first so many codes, with the first's above them."""
    random = np.random.default_rng(0)
    early, late = random.integers(0, 256, (2, 9, 4, 4, 3), np.uint8)
    late[4], late[2] = late[1], late[5]
    late[4, 0, 0] ^= 1  # very much alike, and a little less
    late[2, 0] ^= 1
    late[8] = late[0]  # the same, but not among those to choose from
    for name, images in (("early", early), ("late", late)):
        np.save(tmp_path / f"{name}.npy", images)
    shown: list[list[list[Panel]]] = []
    monkeypatch.setattr(groups_figure, "image_figure", lambda rows: shown.append(rows) or Figure())
    groups_figure.main(
        [tmp_path / "early.npy", tmp_path / "late.npy"],
        ["bn/1@optimal", "bn/1@1200"],
        among=7,
        groups=groups,
        size=2,
        png=tmp_path / "figure.png",
        pdf=tmp_path / "figure.pdf",
    )
    [[panel]] = shown[0]
    expected = [images[group] for group in ([1, 4], [2, 5])[:groups] for images in (early, late)]
    np.testing.assert_array_equal(panel.images, expected)
    titles = [f"BN-1 at {name}" for name in ("optimum", "1,200")]
    assert panel.rows == [(1, title) for title in titles * groups]
