"""Which device a job takes."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from wngan import device
from wngan.device import describe, free_device, one_of, usable_cores
from wngan.gpus import GpuError
from wngan.precision import PRECISIONS, computing_in

HOLD = """
import sys, time
from pathlib import Path
from wngan.device import one_of
with one_of(sys.argv[2:], Path(sys.argv[1]), pause=0.01) as index:
    print(index, flush=True)
    time.sleep(60)
"""


@contextmanager
def job(folder: Path, *names: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that holds one of some devices, and the index that it has."""
    command = [sys.executable, "-c", HOLD, str(folder), *names]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_two_jobs_have_two_devices(tmp_path: Path) -> None:
    with job(tmp_path, "a", "b") as (_, first), job(tmp_path, "a", "b") as (_, second):
        assert [first, second] == ["0", "1"]
    with job(tmp_path, "b") as (_, only), one_of(["a", "b"], tmp_path) as mine:
        assert only == "0"  # a job that may use one of them counts from 0, too
        assert mine == 0


@pytest.mark.slow
def test_one_job_more_waits_for_a_device(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as stack, caplog.at_level("INFO"):
        jobs = [stack.enter_context(job(tmp_path, "a", "b"))[0] for _ in range(2)]
        threading.Timer(0.5, jobs[1].kill).start()
        before = time.monotonic()
        with one_of(["a", "b"], tmp_path, pause=0.01) as index:
            assert index == 1
            assert time.monotonic() - before >= 0.5
    assert caplog.text.count("Waiting for a GPU; other jobs hold a, b.") == 1


@contextmanager
def held_devices(folder: Path, jobs: int, *indices: int) -> Iterator[list[ExitStack]]:
    """Jobs that hold places on devices a and b, in the order in which they took them."""
    with ExitStack() as all_of_them:
        held = []
        for index in indices:
            job = all_of_them.enter_context(ExitStack())
            assert job.enter_context(one_of(["a", "b"], folder, jobs)) == index
            held.append(job)
        yield held


def test_the_emptiest_device_is_taken(tmp_path: Path) -> None:
    with held_devices(tmp_path, 3, 0, 1, 0, 1, 0, 1) as jobs:
        for number in (0, 3, 5):  # a has two jobs left, not its first, and b has its first
            jobs[number].close()
        with one_of(["a", "b"], tmp_path, 3) as next_one, one_of(["a", "b"], tmp_path, 3) as last:
            assert (next_one, last) == (1, 0)  # then both have two, and the first is next


def test_one_job_more_than_share_the_devices_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with held_devices(tmp_path, 2, 0, 1, 0, 1) as jobs, caplog.at_level("INFO"):
        threading.Timer(0.2, jobs[2].close).start()
        with one_of(["a", "b"], tmp_path, 2, pause=0.01) as index:
            assert index == 0
    assert caplog.messages == ["Waiting for a GPU; other jobs hold a, b."]


def test_who_comes_at_the_same_moment_has_another_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both saw all free; the other one was faster."""
    other = ExitStack()
    take = device.take

    def lost(path: Path) -> None:
        monkeypatch.setattr(device, "take", take)
        assert other.enter_context(one_of(["a", "b"], tmp_path, 2)) == 0

    monkeypatch.setattr(device, "take", lost)
    with other, one_of(["a", "b"], tmp_path, 2) as index:
        assert index == 1


def test_a_device_without_room_is_not_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    room = {0: False, 1: True}
    with one_of(["a", "b"], tmp_path, 2, room.__getitem__) as index:
        assert index == 1
    room[1] = False
    threading.Timer(0.2, room.update, [{0: True}]).start()
    with caplog.at_level("INFO"), one_of(["a", "b"], tmp_path, 2, room.__getitem__, 0.01) as index:
        assert index == 0
    assert caplog.messages == ["Waiting for a GPU; too little memory is free on a, b."]


SETTINGS = {
    "all": torch.backends,
    "cuda products": torch.backends.cuda.matmul,
    "cuda convolutions": torch.backends.cudnn.conv,
    "cpu products": torch.backends.mkldnn.matmul,
    "cpu convolutions": torch.backends.mkldnn.conv,
}
"""Where torch says how float32 is computed."""


def precisions() -> dict[str, str]:
    return {name: setting.fp32_precision for name, setting in SETTINGS.items()}


@pytest.mark.parametrize(
    ("affinity", "quotas", "cores"),
    [
        (8, {}, 8),
        (8, {"": "max 100000"}, 8),
        (8, {"a/b": "max 100000", "a": "350000 100000"}, 3),
        (2, {"a/b": "400000 100000"}, 2),
        (4, {"a/b": "50000 100000"}, 1),
    ],
)
def test_cores_that_a_process_may_use(
    affinity: int,
    quotas: dict[str, str],
    cores: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(device, "CGROUPS", tmp_path)
    monkeypatch.setattr(device, "OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr(device.os, "sched_getaffinity", lambda _: set(range(affinity)))
    (tmp_path / "own").write_text("1:cpu:/other\n0::/a/b\n")
    (tmp_path / "a/b").mkdir(parents=True)
    for group, text in quotas.items():
        (tmp_path / group / "cpu.max").write_text(f"{text}\n")
    assert usable_cores() == cores


@pytest.fixture
def tf32() -> Iterator[None]:
    """Leaves torch's settings as they were."""
    before, benchmark = precisions(), torch.backends.cudnn.benchmark
    yield
    torch.backends.cudnn.benchmark = benchmark
    for name, value in before.items():
        SETTINGS[name].fp32_precision = value


@pytest.mark.usefixtures("tf32")
def test_without_a_gpu_it_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    torch.backends.cudnn.conv.fp32_precision = "tf32"
    with free_device(1) as found:
        assert found == torch.device("cpu")
        assert torch.backends.cudnn.conv.fp32_precision == "ieee"
        assert describe(found).startswith("CPU (")


@pytest.mark.usefixtures("tf32")
def test_gpus_are_known_by_what_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by their numbers, which differ between jobs. Stand-ins take the place of GPUs.

    One of them is too old.
    """
    for name, stand_in in {
        "is_available": lambda: True,
        "device_count": lambda: 3,
        "get_arch_list": lambda: ["sm_75", "sm_80", "sm_90a", "compute_120"],
        "get_device_properties": lambda number: SimpleNamespace(
            uuid=f"uuid-{number}",
            name="K80",
            major=(7, 3, 9)[number],
            minor=(5, 7, 0)[number],
            total_memory=2**35,
        ),
        "mem_get_info": lambda number: (2**34, 2**35),
        "device": lambda number: nullcontext(),
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    monkeypatch.setattr(device, "LOCKS", tmp_path)
    with free_device(1) as first, free_device(1) as second:
        assert [first, second] == [torch.device("cuda", 0), torch.device("cuda", 2)]
    assert sorted(path.name.split("-", 2)[2] for path in tmp_path.iterdir()) == [
        "uuid-0.lock",
        "uuid-2.lock",
    ]
    with free_device(1) as again:
        assert again == torch.device("cuda", 0)
    with free_device(0) as found:
        assert found == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["gfx906", "gfx90a:sramecc+"])
    with free_device(1), free_device(1), free_device(1) as third:  # AMD's, none too old
        assert third == torch.device("cuda", 2)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with free_device(1) as whole, monkeypatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "MIG-GPU-1/7/0")
        with free_device(1) as part:  # not the one that is held, although its UUID is the same
            assert whole == part == torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_100"])
    old = r"K80 \(7\.5\), K80 \(3\.7\), K80 \(9\.0\).* compute capability 10\.0 or higher"
    with pytest.raises(GpuError, match=old), free_device(1):
        pass


@pytest.mark.usefixtures("tf32")
def test_jobs_on_a_gpu_share_its_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job starts where 4 GiB are free, or half of its share, and gets no more than its share."""
    limits: list[tuple[float, int]] = []
    free = {"uuid-0": 2**32 - 1, "uuid-1": 2**32}
    for name, stand_in in {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "get_arch_list": lambda: ["sm_80"],
        "get_device_properties": lambda number: SimpleNamespace(
            uuid=f"uuid-{number}", major=9, minor=0, total_memory=2**36
        ),
        "device": lambda number: nullcontext(),
        "set_per_process_memory_fraction": lambda part, number: limits.append((part, number)),
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    monkeypatch.setattr(device, "LOCKS", tmp_path)
    monkeypatch.setattr(device, "free_memory", lambda: free)
    with free_device(1) as alone:
        assert alone.index == 1
    assert limits == []
    with free_device(1, jobs=2) as first, free_device(1, jobs=2) as second:
        assert first.index == second.index == 1
        assert limits == [(0.45, 1)] * 2
    assert limits[2:] == [(1.0, 1)] * 2
    with free_device(1, jobs=9) as small:  # half of a ninth is less than 4 GiB
        assert small.index == 0


@pytest.mark.usefixtures("tf32")
@pytest.mark.parametrize("in_the_process", ["none", "ieee", "tf32"])
def test_precisions(in_the_process: str) -> None:
    """What is asked for, whatever the process has set; a CPU never shortens float32."""
    torch.backends.fp32_precision = in_the_process
    x = torch.ones(2, 2)
    found = {}
    for precision in PRECISIONS:
        with computing_in(precision, "cpu"):
            on_gpu, on_cpu = list(precisions().values())[1:3], list(precisions().values())[3:]
            found[precision] = [*on_gpu, *on_cpu, (x @ x).dtype]
    assert found == {
        "float32": ["ieee"] * 4 + [torch.float32],
        "tf32": ["tf32"] * 2 + ["ieee"] * 2 + [torch.float32],
        "bfloat16": ["ieee"] * 4 + [torch.bfloat16],
    }
    with (
        pytest.raises(ValueError, match="one of float32, tf32, bfloat16, not 'half'"),
        computing_in("half", "cpu"),
    ):
        pass


SET = """
import torch
from wngan.precision import computing_in

{before}

def state():
    cuda, cudnn, mkldnn = torch.backends.cuda, torch.backends.cudnn, torch.backends.mkldnn
    places = (torch.backends, cuda.matmul, cudnn, cudnn.conv, cudnn.rnn, mkldnn.matmul, mkldnn.conv)
    read = [place.fp32_precision for place in places]
    for old in (lambda: cuda.matmul.allow_tf32, lambda: cudnn.allow_tf32):
        try:
            read.append(old())
        except RuntimeError:  # torch's own, where both of its ways were used
            read.append(None)
    return read

before = state()
try:
    with computing_in("{precision}", "cpu"):
        assert state() != before
        raise KeyError
except KeyError:
    pass
assert state() == before, (before, state())
assert not torch.is_autocast_enabled("cpu")
torch.backends.fp32_precision = "ieee"
print(torch.backends.cuda.matmul.fp32_precision)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "precision", "then"),
    [
        ("", "bfloat16", "ieee"),
        ("torch.backends.fp32_precision = 'tf32'", "float32", "ieee"),
        ("torch.backends.cudnn.fp32_precision = 'tf32'", "float32", "tf32"),
        ("torch.backends.cuda.matmul.allow_tf32 = True", "float32", "tf32"),
        ("torch.set_float32_matmul_precision('high')", "tf32", "tf32"),
    ],
)
def test_the_precision_before_comes_back(before: str, precision: str, then: str) -> None:
    """By either of torch's ways of setting it, and what followed the global one still does."""
    script = SET.format(before=before, precision=precision)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == then
