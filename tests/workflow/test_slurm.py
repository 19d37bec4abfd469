"""The workflow on a real SLURM: the same results, whatever happens to jobs, nodes and Snakemake."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.workflow.conftest import (
    SEGMENT,
    STATE,
    Repository,
    results,
    training,
    wait_for,
)
from tests.workflow.slurm import Cluster, cluster, missing
from wngan.locks import take

OPTIONS = (
    *("--profile", "slurm", "--configfile", "tiny.yaml"),
    *("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5"),
)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster; without SLURM's programs or the right to start them the tests are skipped."""
    if reason := missing():
        pytest.skip(reason)
    if (lock := take(Path(tempfile.gettempdir()) / "wngan-test-slurm.lock")) is None:
        pytest.skip("other tests have a SLURM here now")
    with lock, cluster(tmp_path_factory.mktemp("slurm")) as made:
        yield made


def test_table2_is_that_of_a_local_run(
    slurm: Cluster, finished: Repository, repository: Repository
) -> None:
    repository.snakemake("results/tables/table2.csv", *OPTIONS)
    made, expected = results(repository.root), results(finished.root)
    assert "results/tables/table2.csv" in made
    assert made == {name: expected[name] for name in made}
    jobs = slurm.run("scontrol", "show", "jobs", "--oneliner").splitlines()
    times = []
    for job in jobs:
        gpus = "TresPerJob=gres:gpu:1" in job
        rule = re.search(r"rule_(\w+?)_wildcards", job)
        assert rule is not None
        assert gpus == (rule[1] in ("train_segment", "evaluate_segment", "reconstruct_shard"))
        if gpus:
            start, end = (re.search(rf"{key}=(\S+)", job) for key in ("StartTime", "EndTime"))
            assert start is not None
            assert end is not None
            times += [(datetime.fromisoformat(start[1]), 1), (datetime.fromisoformat(end[1]), -1)]
    running = 0
    at_once = [running := running + change for _, change in sorted(times)]
    assert max(at_once) == 2  # as many as there are GPUs


@dataclass
class Run:
    """Snakemake training the second segment through SLURM, and what happens to it."""

    repository: Repository
    undisturbed: Repository
    slurm: Cluster
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """What the attempts at training logged."""
        file = self.repository.root / SEGMENT / "train.log"
        return file.read_text() if file.exists() else ""

    def wait_for_state(self) -> None:
        """Waits until training has saved a state."""
        wait_for((self.repository.root / STATE).exists, "a state is saved")

    def training(self) -> int:
        """The number of the process that trains."""
        found = training(self.repository)
        assert found is not None
        return found

    def finish(self, *, resumed: bool = True) -> None:
        """Waits for the end; the segment is what it would have been."""
        assert self.process.wait(300) == 0, (self.repository.root / "out.log").read_text()
        assert ("continues after iteration" in self.log) == resumed, self.log
        assert results(self.repository.root, SEGMENT) == results(self.undisturbed.root, SEGMENT)
        assert not list(self.repository.root.glob("results/recovery/**/*.safetensors"))


def start(repository: Repository) -> subprocess.Popen[bytes]:
    """Starts Snakemake with the cluster's profile in the background."""
    command = [sys.executable, "-m", "snakemake", f"{SEGMENT}/state.safetensors", *OPTIONS]
    with open(repository.root / "out.log", "ab") as output:
        return subprocess.Popen(command, cwd=repository.root, stdout=output, stderr=output)


@pytest.fixture
def run(
    request: pytest.FixtureRequest, slurm: Cluster, undisturbed: Repository, tmp_path: Path
) -> Iterator[Run]:
    """The second segment, which training has begun and saved a state of.

    With a parameter, the rule gives it two minutes: one in place of half an hour, and twice the
    estimate.
    """
    repository = undisturbed.without(SEGMENT, tmp_path / "copy")
    if getattr(request, "param", False):
        repository.edit("wngan/runs.py", "math.ceil(30 + 2 *", "math.ceil(1 + 2 *")
    made = Run(repository, undisturbed, slurm, start(repository))
    try:
        made.wait_for_state()
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        for job in slurm.jobs("PENDING,RUNNING"):
            slurm.run("scancel", job)
        wait_for(lambda: not slurm.jobs("PENDING,RUNNING,COMPLETING"), "jobs end")


def test_a_cancelled_job_is_tried_again(run: Run) -> None:
    run.slurm.run("scancel", *run.slurm.jobs())
    run.finish()
    assert "on SIGTERM; the state is kept." in run.log


def test_a_killed_training_is_tried_again(run: Run) -> None:
    os.kill(run.training(), signal.SIGKILL)
    run.finish()


def test_a_job_that_hangs_runs_out_of_time_and_is_tried_again(run: Run) -> None:
    job = run.slurm.jobs()[0]
    os.kill(run.training(), signal.SIGSTOP)
    run.slurm.run("scontrol", "update", f"jobid={job}", "timelimit=1")
    run.finish()
    assert "JobState=TIMEOUT" in run.slurm.run("scontrol", "show", "job", job)


def test_a_node_that_goes_down_and_returns(run: Run) -> None:
    job = run.slurm.jobs()[0]
    run.slurm.cut_power(job)
    wait_for(lambda: run.slurm.node().startswith("down"), "the node is missed")
    run.slurm.start_node()
    run.finish()
    assert "Restarts=1" in run.slurm.run("scontrol", "show", "job", job)


def test_snakemake_is_killed_and_started_again(run: Run) -> None:
    """Its job goes on meanwhile; a second one for the same run waits for it."""
    training = run.training()
    os.kill(training, signal.SIGSTOP)
    run.process.kill()
    run.process.wait()
    refused = run.repository.snakemake(f"{SEGMENT}/state.safetensors", *OPTIONS, fails=True)
    assert "Directory cannot be locked" in refused
    run.repository.snakemake("--unlock", *OPTIONS)
    run.process = start(run.repository)
    wait_for(lambda: "Waiting for the process that holds" in run.log, "the second job waits")
    os.kill(training, signal.SIGCONT)
    run.finish(resumed=False)
    assert "another process finished it" in run.log
    record = json.loads((run.repository.root / SEGMENT / "train.provenance.json").read_text())
    assert [attempt["end"] for attempt in record["attempts"]] == ["finished", "finished"]
    assert record["attempts"][1]["seconds"] < 2  # waiting is not computing
    assert "killed" not in run.log


@pytest.mark.parametrize("run", [True], indirect=True)
def test_a_job_leaves_before_its_runtime_ends(run: Run) -> None:
    """Where its file system hung for a while, say."""
    job, training = run.slurm.jobs()[0], run.training()
    os.kill(training, signal.SIGSTOP)
    time.sleep(91)
    os.kill(training, signal.SIGCONT)
    run.finish()
    assert "as its runtime of 2 minutes is about to end; the state is kept." in run.log
    assert "JobState=FAILED" in run.slurm.run("scontrol", "show", "job", job)
