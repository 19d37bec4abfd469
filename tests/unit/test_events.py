"""Event files: the right numbers after interruptions too, and nothing where nobody wants them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from scripts import evaluate
from tests.unit.test_protocol import CPU, EVALUATION, Data, data
from tests.unit.test_training import Images, contents, images, stop_after
from wngan import running
from wngan.events import training_events, write_evaluation
from wngan.settings import Settings
from wngan.training import Interrupted, train

__all__ = ["data", "images"]


def scalars(folder: Path, tag: str) -> dict[int, float]:
    """What TensorBoard shows: the value at each step."""
    events = EventAccumulator(str(folder))
    events.Reload()
    found = events.Scalars(tag)
    assert len({event.step for event in found}) == len(found)
    return {event.step: event.value for event in found}


def test_losses_are_averaged_and_an_interruption_leaves_no_trace(
    images: Images, tiny: Settings, tmp_path: Path
) -> None:
    """Interrupted at iteration 4 of 6; the state that is saved is of iteration 3 or 4."""
    train(tiny, images, tmp_path / "without", stop=6)
    with training_events(tmp_path / "events") as on_losses, pytest.raises(Interrupted):
        train(
            tiny,
            images,
            tmp_path / "run",
            stop=6,
            on_losses=on_losses,
            reason_to_stop=stop_after(4),
        )
    with training_events(tmp_path / "events") as on_losses:
        train(tiny, images, tmp_path / "run", stop=6, on_losses=on_losses)
    assert contents(tmp_path / "run") == contents(tmp_path / "without")
    means = np.load(tmp_path / "run/losses.npy").reshape(2, 3, 2).mean(1)
    for column, name in enumerate(("discriminator", "generator")):
        found = scalars(tmp_path / "events", f"loss/{name}")
        assert list(found) == [3, 6]
        np.testing.assert_allclose(list(found.values()), means[:, column], rtol=1e-6)


def test_an_attempt_that_starts_again_takes_back_what_was_written(tmp_path: Path) -> None:
    """As after a kill, or with the seed of a restart."""
    for factor in (1, 2):
        with training_events(tmp_path) as on_losses:
            assert on_losses is not None
            for iteration in (3, 6, 9)[: 4 - factor]:
                on_losses(iteration, np.full((3, 2), factor * iteration, np.float32))
    assert scalars(tmp_path, "loss/generator") == {3: 6, 6: 12}


def test_running_losses_of_segments_in_any_order(tmp_path: Path) -> None:
    write_evaluation(tmp_path, "2", [(20, 0.25, 0.1)])
    write_evaluation(tmp_path, "1", [(0, 9, 0.1), (10, 9, 0.1)])
    write_evaluation(tmp_path, "1", [(0, 1, 0.1), (10, 0.5, 0.1)])  # with other code
    assert scalars(tmp_path, "running_loss") == {0: 1, 10: 0.5, 20: 0.25}


OFF = """
import sys
from wngan import events
import scripts.train, scripts.evaluate
with events.training_events(None) as on_losses:
    assert on_losses is None
assert not [name for name in sys.modules if "tensorboard" in name]
"""


def test_nothing_is_imported_where_events_are_not_wanted() -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", OFF], cwd=root, check=True)


def test_running_losses_are_shown_by_segment(
    data: Callable[..., Data], tiny: Settings, tmp_path: Path
) -> None:
    """As scripts/evaluate.py writes them, in a folder beside that of the training."""
    given, pictures = data(), np.random.default_rng(5).integers(0, 256, (9, 8, 8, 3), np.uint8)
    train(tiny, pictures, tmp_path / "run", stop=6)
    files = [tmp_path / name for name in ("running.csv", "running.npy", "best.safetensors")]
    evaluate.main(
        given.info,
        given.permutation,
        tmp_path / "run/snapshots",
        tmp_path / "run/status.json",
        *files,
        iterations=[0, 6],
        images=2,
        segment="1",
        events=tmp_path / "events",
        device=CPU,
        **EVALUATION,
    )
    table = running.read([files[0]])
    assert table["iteration"].tolist() == [0, 6]
    found = scalars(tmp_path / "events/evaluation", "running_loss")
    assert found == pytest.approx(dict(table[["iteration", "running_loss"]].tolist()), rel=1e-6)
