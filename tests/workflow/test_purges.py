"""What runs again after files of a finished run were deleted, as scratch file systems do by age."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.workflow.conftest import Repository

RUN = "results/runs/tiny/wn/1"
SEGMENT = f"{RUN}/segments/1"
REPAIRS = {
    f"{SEGMENT}/state.safetensors": set[str](),
    f"{SEGMENT}/samples.npy": set[str](),
    f"{SEGMENT}/losses.npy": set[str](),
    f"{SEGMENT}/train.provenance.json": set[str](),
    f"{SEGMENT}/running.csv": set[str](),
    f"{SEGMENT}/running.npy": set[str](),
    f"{SEGMENT}/best.safetensors": set[str](),
    f"{RUN}/running.csv": {"select_optimal"},
    f"{RUN}/optimal.safetensors": {"select_optimal"},
    f"{RUN}/status.json": {"outcome"},
    f"{RUN}/final/optimal.safetensors": set[str](),
    f"{RUN}/final/optimal.sha256": set[str](),
    f"{RUN}/samples/30.npy": set[str](),
    f"{RUN}/quality/20.csv": set[str](),
    f"{RUN}/provenance.json": {"run_provenance"},
    "results/baselines/tiny.csv": {"baselines"},
    "results/recovery": set[str](),
}
"""Of a finished run, and what makes each again if the final evaluation changes, besides what does
so without a loss and what follows. Nothing else needs them."""

TRAINED = {
    "data/digits/permutation.npy": 6,
    "data/digits/images.json": 6,
    "data": 9,
    f"{SEGMENT}/snapshots": 2,
    f"{SEGMENT}/status.json": 2,
}
"""Files without which a dry run lists trainings, and how many. Those after data are not run unless
the data are others; training itself is what makes the last two, and what is trained after it."""


def planned_without(repository: Repository, name: str, aside: Path) -> Counter[str]:
    """What a dry run plans while a file or folder is away."""
    shutil.move(repository.root / name, aside)
    try:
        return repository.replanned()
    finally:
        shutil.move(aside, repository.root / name)


@pytest.mark.slow
def test_deleted_files_train_nothing_again(rerun: Repository, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    for name in ("data", SEGMENT, f"{RUN}/final"):
        assert not planned_without(rerun, name, aside), name
    rerun.edit("tiny.yaml", "images: 12, steps: 4", "images: 12, steps: 5")
    expected = rerun.replanned()
    assert "train_segment" not in expected
    for name, repairs in REPAIRS.items():
        jobs = planned_without(rerun, name, aside)
        assert not jobs["train_segment"], name
        assert not jobs["evaluate_segment"], name
        assert repairs <= set(jobs), name
        assert repairs or jobs == expected, name
    for name, count in TRAINED.items():
        assert planned_without(rerun, name, aside)["train_segment"] == count, name


def test_another_evaluation_after_a_purge(rerun: Repository) -> None:
    """Running losses, of snapshots that are there; also where only the images are gone."""
    rerun.edit("tiny.yaml", "images: 6, steps: 3", "images: 6, steps: 5")
    (rerun.root / "data/digits/images.npy").unlink()
    printed = rerun.tiny(f"{RUN}/running.csv")
    assert "rule prepare_digits:" in printed
    assert printed.count("rule evaluate_segment:") == 2
    assert "rule train_segment:" not in printed
    assert not rerun.replanned(f"{RUN}/running.csv")
