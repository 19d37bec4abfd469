"""The workflow's tiny configuration, from data to a table and samples."""

from collections import Counter
from pathlib import Path

import pandas
import pytest
import torch

from tests.gpu.conftest import differing
from tests.workflow.conftest import Repository, copy, results
from wngan.deterministic import CUBLAS
from wngan.device import usable_cores
from wngan.gpus import usable

pytestmark = pytest.mark.gpu

TARGETS = ("results/tables/table2.csv", "results/figures/figure29.png")
RULES = {"train_segment": 5, "evaluate_segment": 5, "reconstruct_shard": 8, "sample": 1}
"""Those of whose jobs these need a GPU, and how many each has."""


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """What jobs need of the environment they must set themselves."""
    monkeypatch.delenv(CUBLAS, raising=False)


def check(repository: Repository) -> None:
    """Each job computed on a GPU, and everything was made."""
    table = pandas.read_csv(repository.root / TARGETS[0])
    assert table["model"].tolist() == ["vanilla", "bn", "wn"]
    assert table["final_loss"].between(0, 1, inclusive="neither").all()
    assert (repository.root / TARGETS[1]).read_bytes().startswith(b"\x89PNG")
    logs = [path.read_text() for path in (repository.root / "results").rglob("*.log")]
    started = [line for text in logs for line in text.splitlines() if " Computing on " in line]
    name = torch.cuda.get_device_name(usable()[0])
    assert len([line for line in started if name in line]) == sum(RULES.values()), started
    assert not [text for text in logs if "without a CUDA graph" in text]


def test_one_job_at_a_time(tmp_path: Path) -> None:
    repository = copy(tmp_path)
    planned = repository.replanned(*TARGETS)
    assert Counter(RULES) == Counter({rule: planned[rule] for rule in RULES})
    repository.tiny(*TARGETS, "--resources", "gpu=1", cores=usable_cores())
    check(repository)


def test_three_at_a_time_give_the_same_bytes_as_one(tmp_path: Path) -> None:
    """With `deterministic`; of a shorter chain of the same jobs."""
    made = []
    for jobs in (3, 1):
        repository = copy(tmp_path / str(jobs))
        repository.edit("tiny.yaml", "seed: 5", f"seed: 5\ndeterministic: true\ngpu_jobs: {jobs}")
        target = "results/runs/tiny/bn/1/final/optimal.csv"
        repository.tiny(target, "--resources", f"gpu={jobs}", cores=usable_cores())
        made.append(results(repository.root))
    assert len(made[0]) > 10
    assert differing(*made) == []
