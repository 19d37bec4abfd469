"""The workflow on a real SLURM: the same results, whatever happens to jobs, nodes and Snakemake."""

import asyncio
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
from snakemake_executor_plugin_slurm.job_status_query import (
    query_job_status,
    query_job_status_sacct,
)

from tests.workflow.conftest import (
    ROOT,
    SEGMENT,
    STATE,
    Repository,
    results,
    training,
    wait_for,
)
from tests.workflow.slurm import NODES, Cluster, cluster, missing
from wngan.locks import take
from wngan.log import logger

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


@pytest.fixture(autouse=True)
def cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs take the CPU, as torch can't use the stand-ins for GPUs."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def test_table2_is_that_of_a_local_run(
    slurm: Cluster, finished: Repository, repository: Repository
) -> None:
    repository.snakemake("results/tables/table2.csv", *OPTIONS)
    made, expected = results(repository.root), results(finished.root)
    assert "results/tables/table2.csv" in made
    assert made == {name: expected[name] for name in made}
    changes, nodes = [], set()
    for comment, asked, node, *times in slurm.accounts(
        "Comment", "ReqTRES", "NodeList", "Start", "End"
    ):
        rule = re.match(r"rule_(\w+?)_wildcards", comment)
        assert rule is not None
        gpus = "gres/gpu=1" in asked
        assert gpus == (rule[1] in ("train_segment", "evaluate_segment", "reconstruct_shard"))
        if gpus:
            nodes.add(node)
            changes += [(datetime.fromisoformat(t), n) for t, n in zip(times, (1, -1), strict=True)]
    running = 0
    at_once = [running := running + change for _, change in sorted(changes)]
    assert max(at_once) == 2  # as many as there are GPUs
    assert nodes == set(NODES)
    assert not list(repository.root.glob("*.csv"))
    (report,) = repository.root.glob(".snakemake/efficiency/efficiency_report_wngan_*.csv")
    assert "rule_train_segment" in report.read_text()


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

    With a parameter, the rule gives it a minute: none in place of half an hour, and twice the
    estimate.
    """
    repository = undisturbed.without(SEGMENT, tmp_path / "copy")
    if getattr(request, "param", False):
        repository.edit("wngan/runs.py", "math.ceil(30 + 2 *", "math.ceil(0 + 2 *")
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


def documented(start: str) -> str:
    """The command of docs/cluster.md that begins so, without its comment."""
    lines = (ROOT / "docs/cluster.md").read_text().splitlines()
    (found,) = (line for line in lines if line.startswith(start))
    return found.partition(" #")[0]


def shell(command: str) -> str:
    """What a command line prints."""
    return subprocess.run(
        command, shell=True, check=True, text=True, stdout=subprocess.PIPE, timeout=60
    ).stdout


def test_a_job_is_found_stopped_and_tried_again(run: Run) -> None:
    """By the commands that are documented; with half as much memory again."""
    (job,) = run.slurm.jobs()
    assert re.search(
        rf"^ *{job} +RUNNING .* rule_train_segment_wildcards_tiny_wn_1_2$",
        shell(documented("squeue --me --format")),
        re.MULTILINE,
    )
    shell(documented("scancel --signal").replace("JOB", job))
    run.finish()
    assert "on SIGTERM; the state is kept." in run.log
    asked = [row[0] for row in run.slurm.accounts("ReqMem") if row[0] in ("8000M", "12000M")]
    assert asked[-2:] == ["8000M", "12000M"]
    assert run.slurm.accounts("State", job=job) == [["FAILED"]]


def test_a_job_that_hangs_runs_out_of_time_and_is_tried_again(run: Run) -> None:
    (job,) = run.slurm.jobs()
    os.kill(run.training(), signal.SIGSTOP)
    run.slurm.run("scontrol", "update", f"jobid={job}", "timelimit=1")
    run.finish()
    assert run.slurm.accounts("State", job=job) == [["TIMEOUT"]]


def test_a_job_of_a_node_that_goes_down_goes_on_at_another(run: Run) -> None:
    (job,) = run.slurm.jobs()
    ((node,),) = run.slurm.accounts("NodeList", job=job)
    run.slurm.cut_power(node, job)
    wait_for(lambda: run.slurm.state(node).startswith("down"), "the node is missed")
    run.finish()
    run.slurm.start_node(node)
    (other,) = set(NODES) - {node}
    assert run.slurm.accounts("NodeList", "State", job=job) == [
        [node, "NODE_FAIL"],
        [other, "COMPLETED"],
    ]


def test_a_preempted_job_is_started_again_by_slurm(run: Run) -> None:
    (job,) = run.slurm.jobs()
    ((node,),) = run.slurm.accounts("NodeList", job=job)
    urgent = ("--partition=urgent", f"--nodelist={node}", "--gpus=1", "--output=/dev/null")
    run.slurm.run("sbatch", *urgent, "--wrap", "sleep 3")
    run.finish()
    states = [row[0] for row in run.slurm.accounts("State", job=job)]
    assert states == ["PREEMPTED", "COMPLETED"]
    assert "on SIGTERM; the state is kept." in run.log


def test_snakemake_is_killed_and_started_again(run: Run) -> None:
    """Its job goes on meanwhile; another one for the same run leaves, and later takes over."""
    (job,), training = run.slurm.jobs(), run.training()
    os.kill(training, signal.SIGSTOP)
    run.process.kill()
    run.process.wait()
    refused = run.repository.snakemake(f"{SEGMENT}/state.safetensors", *OPTIONS, fails=True)
    assert "Directory cannot be locked" in refused
    run.repository.snakemake("--unlock", *OPTIONS)
    run.process = start(run.repository)
    leaves = rf"Leaving, as another job trains this run \(process {training} on .*job {job}\)\."
    wait_for(lambda: re.search(leaves, run.log), "the second job leaves")
    wait_for(lambda: run.slurm.jobs() == [job], "its GPU is free")
    os.kill(training, signal.SIGCONT)
    run.finish()
    record = json.loads((run.repository.root / SEGMENT / "train.provenance.json").read_text())
    assert [attempt["end"] for attempt in record["attempts"]] == ["finished", "finished"]
    assert record["attempts"][1]["seconds"] < 2  # all was trained


@pytest.mark.parametrize("run", [True], indirect=True)
def test_a_job_leaves_before_its_runtime_ends(run: Run) -> None:
    """Where its file system hung for a while, say; SLURM itself would let it run on."""
    (job,), training = run.slurm.jobs(), run.training()
    run.slurm.run("scontrol", "update", f"jobid={job}", "timelimit=9")
    os.kill(training, signal.SIGSTOP)
    time.sleep(46)
    os.kill(training, signal.SIGCONT)
    run.finish()
    assert "as its runtime of 1 minutes is about to end; the state is kept." in run.log
    assert run.slurm.accounts("State", job=job) == [["FAILED"]]


@pytest.fixture
def sleepers(slurm: Cluster) -> Iterator[dict[str, str]]:
    """Two running jobs that do nothing, named and commented as the plugin does it, by rule."""
    options = ("--parsable", "--job-name=wngan_test", "--output=/dev/null", "--wrap=sleep 300")
    rules = ("evaluate_segment", "train_segment")
    jobs = {
        rule: slurm.run("sbatch", f"--comment=rule_{rule}_wildcards_a_1", *options).strip()
        for rule in rules
    }
    wait_for(lambda: len(slurm.jobs()) == 2, "they run")
    yield jobs
    slurm.run("scancel", "--name=wngan_test")
    wait_for(lambda: not slurm.jobs("PENDING,RUNNING,COMPLETING"), "they end")


def test_jobs_are_cancelled_by_the_documented_commands(
    slurm: Cluster, sleepers: dict[str, str]
) -> None:
    """And Snakemake does not notice, as docs/cluster.md says.

    Version 2.8.0 of the plugin compares what it gets here with "CANCELLED".
    """
    shell(documented("squeue --me --noheader --format='%i %k'").replace("RULE", "train_segment"))
    wait_for(lambda: slurm.jobs() == [sleepers["evaluate_segment"]], "one ends")
    shell(documented("squeue --me --noheader --format='%i %j'"))
    wait_for(lambda: slurm.jobs("PENDING,RUNNING,COMPLETING") == [], "both end")

    def status() -> dict[str, str]:
        query = query_job_status(query_job_status_sacct("wngan_test"), logger)
        return asyncio.run(query)[0]

    wait_for(lambda: set(status().values()) == {"CANCELLED by 0"}, "accounting knows")


def test_a_gpu_that_torch_cannot_use_is_an_error(
    slurm: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a training on the CPU."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    printed = tmp_path / "out.log"
    command = f"cd {ROOT} && {sys.executable} -c 'from wngan.gpus import usable; print(usable())'"
    job = ("sbatch", "--wait", f"--output={printed}", f"--wrap={command}")
    slurm.run(*job, "--gpus=1", fails=True)
    assert "There is a GPU here (SLURM_GPUS_ON_NODE=1), but torch can't" in printed.read_text()
    slurm.run(*job)
    assert printed.read_text() == "[]\n"
