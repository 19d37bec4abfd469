"""`deterministic`: the same bytes each time, in processes of their own, whatever else runs."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.gpu.conftest import line_of, process

pytestmark = pytest.mark.gpu

JOB = """
import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from tests.gpu.conftest import CIFAR, images_for, stop_after
from tests.gpu.test_graphs import generator_of
from wngan.deterministic import deterministic
from wngan.device import free_device
from wngan.evaluator import reconstruct
from wngan.tensors import to_tensor
from wngan.training import Interrupted, train

folder, jobs, stops = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
with free_device(jobs=jobs) as device, deterministic(device):
    settings = replace(CIFAR, model="bn")
    for count in [*map(int, stops), 1000]:
        try:
            train(settings, images_for(settings), folder, stop=6, device=device,
                  reason_to_stop=stop_after(count))
        except Interrupted:
            pass
    generator = generator_of(settings).to(device)
    made = reconstruct(generator, to_tensor(images_for(settings, 40)), steps=10)
    digest = hashlib.sha256(made.codes.cpu().numpy().tobytes())
    for file in sorted(folder.rglob("*")):
        digest.update(file.read_bytes() if file.is_file() else b"")
    print(digest.hexdigest(), flush=True)
"""
"""Prints the digest of all that was trained, with stops if they are given, and reconstructed."""


def test_the_same_bytes_come_out_twice_and_after_interruptions(tmp_path: Path) -> None:
    found = []
    for number, stops in enumerate(((), (), (1, 3), (4,))):
        with process(JOB, tmp_path / str(number), 1, *stops, TMPDIR=str(tmp_path)) as started:
            found.append(line_of(started))
    assert len(found[0]) == 64
    assert found == found[:1] * 4


def test_the_same_bytes_come_out_beside_others_on_the_gpu(tmp_path: Path) -> None:
    """Three jobs that share it."""
    with process(JOB, tmp_path / "alone", 1, TMPDIR=str(tmp_path)) as started:
        alone = line_of(started)
    assert len(alone) == 64
    with ExitStack() as stack:
        names = [tmp_path / str(number) for number in range(3)]
        jobs = [stack.enter_context(process(JOB, name, 3, TMPDIR=str(tmp_path))) for name in names]
        assert [line_of(job) for job in jobs] == [alone] * 3
