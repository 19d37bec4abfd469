"""Which GPU a job takes: one of its own, or it waits."""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from subprocess import Popen

import pytest
import torch

from tests.gpu.conftest import line_of, process
from wngan.gpus import usable

pytestmark = pytest.mark.gpu

JOB = """
import logging
import sys
import torch
from wngan.device import free_device
logging.basicConfig(stream=sys.stdout, level="INFO", format="%(message)s")
with free_device(jobs=int(sys.argv[1])) as device:
    at = torch.ones(2, device="cuda").device  # the current one
    assert at == device, (at, device)
    print(torch.cuda.get_device_properties(device).uuid, flush=True)
    sys.stdin.read()
"""


def job(folder: Path, jobs: int = 1, **variables: str) -> AbstractContextManager[Popen[str]]:
    """A process that takes a GPU, with `jobs` on each, and names it, until it is told to end.

    Args:
        folder: where locks are, apart from those of other jobs on this machine.
    """
    return process(JOB, jobs, TMPDIR=str(folder), **variables)


def uuids() -> list[str]:
    return [str(torch.cuda.get_device_properties(number).uuid) for number in usable()]


def test_each_job_has_a_gpu_and_one_more_waits(tmp_path: Path) -> None:
    with ExitStack() as stack:
        jobs = [stack.enter_context(job(tmp_path)) for _ in usable()]
        taken = [line_of(each) for each in jobs]
        assert sorted(taken) == sorted(uuids())
        late = stack.enter_context(job(tmp_path))
        assert line_of(late).startswith("Waiting for a GPU; other jobs hold ")
        jobs[-1].communicate()  # it ends
        assert line_of(late) == taken[-1]


def test_three_jobs_share_a_gpu(tmp_path: Path) -> None:
    """The emptiest first, and a fourth one waits."""
    with ExitStack() as stack:
        taken = []
        for _ in range(3):
            jobs = [stack.enter_context(job(tmp_path, 3)) for _ in usable()]
            taken += [line_of(each) for each in jobs]
        assert sorted(taken) == sorted(3 * uuids())
        late = stack.enter_context(job(tmp_path, 3))
        assert line_of(late).startswith("Waiting for a GPU; other jobs hold ")
        jobs[0].communicate()
        assert line_of(late) == taken[-len(jobs)]


def test_a_job_that_sees_one_gpu_knows_that_it_is_held(tmp_path: Path) -> None:
    """Which it calls number 0, whichever it is."""
    with job(tmp_path) as first:
        taken = line_of(first)
        with job(tmp_path, CUDA_VISIBLE_DEVICES=f"GPU-{taken}") as late:
            assert line_of(late).startswith("Waiting for a GPU; other jobs hold ")
            first.communicate()
            assert line_of(late) == taken


def test_a_job_that_is_killed_leaves_its_gpu(tmp_path: Path) -> None:
    with ExitStack() as stack:
        jobs = [stack.enter_context(job(tmp_path)) for _ in usable()]
        taken = [line_of(each) for each in jobs]
        jobs[0].kill()
        jobs[0].wait()
        assert line_of(stack.enter_context(job(tmp_path))) == taken[0]


def test_no_gpu_is_used_where_none_is_to_be(tmp_path: Path) -> None:
    script = "from wngan.device import free_device\nwith free_device() as d: print(d)"
    with process(script, CUDA_VISIBLE_DEVICES="") as started:
        assert line_of(started) == "cpu"
