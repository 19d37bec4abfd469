"""Checkpoints: what is read is what was written, or an error."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from wngan import checkpoint
from wngan.checkpoint import CheckpointError, load, save

METADATA = {
    "model": "wn",
    "iteration": 700_000,
    "lr": 0.25,
    "channels": [64, 128],
    "failed": None,
    "nested": {"ö": True, "a": [], "b": {}},
    "z": "last",
    "name with spaces": '"quoted" \\ and\nbroken',
}


def tensors() -> dict[str, Tensor]:
    values = torch.arange(6).view(2, 3)
    dtypes = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
    return {
        **{f"generator.{dtype}": (values / 7).to(dtype) for dtype in dtypes},
        "int64": values - 3,
        "uint8": values.to(torch.uint8),
        "bool": values > 2,
        "scalar": torch.tensor(1.5),
        "empty": torch.empty(0, 4),
        "special": torch.tensor([float("nan"), float("inf"), -0.0, 1e-45]),
    }


def raw(tensor: Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def check_same(got: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert set(got) == set(expected)
    for name, tensor in expected.items():
        assert got[name].dtype == tensor.dtype, name
        assert got[name].shape == tensor.shape, name
        assert raw(got[name]) == raw(tensor), name


class TestRoundTrip:
    def test_keeps_names_dtypes_shapes_bits_and_metadata(self, tmp_path: Path) -> None:
        path = tmp_path / "a.safetensors"
        save(path, tensors(), METADATA)
        got, metadata = load(path)
        check_same(got, tensors())
        assert metadata == METADATA

    def test_takes_parameters_and_any_memory_layout(self, tmp_path: Path) -> None:
        path = tmp_path / "a.safetensors"
        base = torch.randn(2, 3, 4, 5)
        views = {
            "parameter": torch.nn.Parameter(base.clone()),
            "channels_last": base.to(memory_format=torch.channels_last),
            "transposed": base[0].mT,
            "strided": base[1, :, ::2, ::3],
            "expanded": torch.ones(1).expand(3),
        }
        save(path, views, {})
        got, metadata = load(path)
        check_same(got, {name: view.detach() for name, view in views.items()})
        assert metadata == {}
        assert not got["parameter"].requires_grad

    def test_no_tensors_at_all(self, tmp_path: Path) -> None:
        save(tmp_path / "a", {}, {"status": "diverged"})
        assert load(tmp_path / "a") == ({}, {"status": "diverged"})

    def test_replaces_an_older_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        save(path, {"x": torch.zeros(50)}, {"iteration": 1})
        save(path, {"y": torch.ones(2)}, {"iteration": 2})
        got, metadata = load(path)
        check_same(got, {"y": torch.ones(2)})
        assert metadata == {"iteration": 2}
        assert list(tmp_path.iterdir()) == [path]

    def test_leaves_the_given_tensors_as_they_were(self, tmp_path: Path) -> None:
        given = tensors()
        save(tmp_path / "a", given, METADATA)
        check_same(given, tensors())


SAVE_AGAIN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_checkpoint as t
tensors = dict(reversed(t.tensors().items()))
metadata = dict(reversed(t.METADATA.items()))
t.save(Path(sys.argv[2]), tensors, metadata)
"""


def test_bytes_do_not_depend_on_the_process_or_the_order(tmp_path: Path) -> None:
    save(tmp_path / "a", tensors(), METADATA)
    here = Path(__file__)
    subprocess.run(
        [sys.executable, "-c", SAVE_AGAIN, str(here.parent), str(tmp_path / "b")],
        check=True,
        cwd=here.parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(here.parents[2])},
    )
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    # The order of a hash map may agree by chance once, but not again and again.
    for _ in range(5):
        save(tmp_path / "c", tensors(), METADATA)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes()


class TestDamage:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "a.safetensors"
        contents = {"g.weight": torch.randn(3, 2), "count": torch.arange(3)}
        save(path, contents, {"model": "wn", "iteration": 5})
        return path

    def header_size(self, path: Path) -> int:
        """The bytes before the data: the header's length, and the header."""
        return 8 + int.from_bytes(path.read_bytes()[:8], "little")

    def accepted(self, path: Path, places: range, bit: int) -> list[str]:
        """What `load` does other than raise `CheckpointError` when one bit is flipped."""
        whole = path.read_bytes()
        wrong = []
        for place in places:
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                load(path)
            except CheckpointError as error:
                assert str(path) in str(error)  # noqa: PT017
            except Exception as error:
                wrong.append(f"byte {place}: {error!r}")
            else:
                wrong.append(f"byte {place}: no error")
        return wrong

    @pytest.mark.parametrize("bit", [0, 3, 7])
    def test_a_flipped_bit_of_the_data_is_seen(self, path: Path, bit: int) -> None:
        size = path.stat().st_size
        data = range(self.header_size(path), size)
        assert len(data) == 6 * 4 + 3 * 8
        assert self.accepted(path, data, bit) == []

    @pytest.mark.parametrize("bit", [0, 3, 7])
    def test_a_flipped_bit_of_the_header_is_seen(self, path: Path, bit: int) -> None:
        assert self.accepted(path, range(self.header_size(path)), bit) == []

    def test_a_file_that_is_cut_short_is_seen_at_any_length(self, path: Path) -> None:
        whole = path.read_bytes()
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            with pytest.raises(CheckpointError, match=r"a\.safetensors"):
                load(path)

    def test_bytes_at_the_end_are_seen(self, path: Path) -> None:
        path.write_bytes(path.read_bytes() + b"\0")
        with pytest.raises(CheckpointError, match=r"a\.safetensors"):
            load(path)

    def test_changed_contents_with_an_old_digest_are_seen(self, path: Path) -> None:
        with checkpoint.safe_open(path, "pt") as file:
            header = file.metadata()
        contents, _ = load(path)
        checkpoint.save_file(contents, path, header)
        load(path)
        contents["count"] = contents["count"].view(3, 1)
        checkpoint.save_file(contents, path, header)
        with pytest.raises(CheckpointError, match="damaged"):
            load(path)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match=r"gone\.safetensors"):
            load(tmp_path / "gone.safetensors")

    def test_files_of_others_are_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "other"
        for metadata in (None, {"format": "pt"}, {"wngan": "no json"}, {"wngan": "{}"}):
            checkpoint.save_file({"x": torch.zeros(1)}, path, metadata)
            with pytest.raises(CheckpointError, match="other"):
                load(path)
        path.write_bytes(b"GIF89a, and so on and on")
        with pytest.raises(CheckpointError, match="other"):
            load(path)


class TestAtomicity:
    def half_written(self, tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    @pytest.mark.parametrize("existing", [True, False])
    @pytest.mark.parametrize("step", ["save_file", "fsync", "replace"])
    def test_an_interrupted_save_leaves_what_there_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, existing: bool
    ) -> None:
        def interrupt(*args: object) -> None:
            raise KeyboardInterrupt

        path = tmp_path / "a"
        if existing:
            save(path, {"x": torch.ones(3)}, {"iteration": 1})
        if step == "save_file":
            monkeypatch.setattr(checkpoint, "save_file", self.half_written)
        else:
            monkeypatch.setattr(checkpoint.os, step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(path, {"x": torch.zeros(3)}, {"iteration": 2})
        monkeypatch.undo()
        assert list(tmp_path.iterdir()) == ([path] if existing else [])
        if existing:
            got, metadata = load(path)
            check_same(got, {"x": torch.ones(3)})
            assert metadata == {"iteration": 1}

    def test_metadata_that_json_cannot_write_leaves_what_there_was(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        save(path, {"x": torch.ones(3)}, {"iteration": 1})
        with pytest.raises(TypeError):
            save(path, {"x": torch.zeros(3)}, {"iteration": object()})
        assert list(tmp_path.iterdir()) == [path]
        assert load(path)[1] == {"iteration": 1}

    def test_the_file_is_complete_before_it_has_its_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is written to the disk, then renamed, then the folder is."""
        path = tmp_path / "a"
        events = []
        replace, fsync = os.replace, os.fsync

        def watched_replace(source: Path, target: Path) -> None:
            assert source.parent == target.parent  # only then a rename is atomic
            check_same(load(source)[0], {"x": torch.ones(3)})
            events.append("replace")
            replace(source, target)

        def watched_fsync(descriptor: int) -> None:
            is_folder = os.path.samestat(os.fstat(descriptor), tmp_path.stat())
            events.append("sync folder" if is_folder else "sync file")
            fsync(descriptor)

        monkeypatch.setattr(checkpoint.os, "replace", watched_replace)
        monkeypatch.setattr(checkpoint.os, "fsync", watched_fsync)
        save(path, {"x": torch.ones(3)}, {})
        assert events == ["sync file", "replace", "sync folder"]

    def test_a_full_disk_is_an_error_and_leaves_what_there_was(self, tmp_path: Path) -> None:
        """With a limit to the size of a file, at which writing fails likewise."""
        path = tmp_path / "a"
        save(path, {"x": torch.ones(3)}, {"iteration": 1})
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            with pytest.raises(OSError, match=f"{path} could not be written: .*too large"):
                save(path, {"x": torch.ones(1000)}, {"iteration": 2})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert list(tmp_path.iterdir()) == [path]
        assert load(path)[1] == {"iteration": 1}

    def test_a_missing_folder_is_an_error_and_is_not_made(self, tmp_path: Path) -> None:
        with pytest.raises(Exception, match="No such file"):
            save(tmp_path / "none" / "a", {}, {})
        assert list(tmp_path.iterdir()) == []


class TestDigest:
    def test_depends_on_all_that_is_saved(self) -> None:
        weight = torch.arange(6.0)
        digests = [
            checkpoint.sha256(contents, metadata)
            for contents, metadata in [
                ({"w": weight}, {"a": 1}),
                ({"v": weight}, {"a": 1}),
                ({"w": weight}, {"a": 2}),
                ({"w": weight}, {}),
                ({"w": weight.view(2, 3)}, {"a": 1}),
                ({"w": weight.view(torch.int32)}, {"a": 1}),
                ({"w": weight + 1}, {"a": 1}),
                ({"w": weight, "v": weight}, {"a": 1}),
                ({}, {"a": 1}),
            ]
        ]
        assert len(set(digests)) == len(digests)

    def test_does_not_depend_on_order_or_memory_layout(self) -> None:
        one = {"a": torch.arange(6.0).view(2, 3), "b": torch.zeros(1)}
        other = {"b": torch.zeros(1), "a": torch.arange(6.0).view(2, 3).mT.contiguous().mT}
        assert checkpoint.sha256(one, {"p": 1, "q": 2}) == checkpoint.sha256(
            other, {"q": 2, "p": 1}
        )


class TestPrefixes:
    def test_are_added_and_taken_away(self) -> None:
        weight, bias = torch.zeros(1), torch.ones(1)
        named = checkpoint.with_prefix("g", {"layer.weight": weight, "bias": bias})
        assert set(named) == {"g.layer.weight", "g.bias"}
        assert named["g.bias"] is bias
        mixed = {**named, "gg.bias": weight, "d.g.bias": weight}
        assert checkpoint.without_prefix("g", mixed) == {"layer.weight": weight, "bias": bias}
