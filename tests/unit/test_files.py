"""Files that are whole or absent, and room for them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from scripts import prepare_folder
from wngan.files import check_space, replacing

ROOT = Path(__file__).parents[2]


def visible(folder: Path) -> list[Path]:
    """What is in a folder, without the lock file that stays there."""
    return sorted(folder.glob("[!.]*"))


def test_files_appear_at_the_end_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = tmp_path / "images.npy", tmp_path / "images.json"
    replaced = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda new, old: replaced.append(old) or replace(new, old))
    with replacing(*paths) as temporary:
        for path in temporary:
            assert path.parent == tmp_path
            path.write_text("new")
        assert not any(path.exists() for path in paths)
    assert [path.read_text() for path in paths] == ["new", "new"]
    assert replaced == list(paths)
    assert visible(tmp_path) == sorted(paths)


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    """Not even what was there before, which is not what would have been made."""
    path = tmp_path / "images.npy"
    path.write_text("old")

    def write() -> None:
        with replacing(path) as (new,):
            new.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert visible(tmp_path) == []


def test_who_makes_the_same_files_waits(tmp_path: Path) -> None:
    """Else both would write to the same temporary file."""
    path = tmp_path / "images.npy"
    main = f"""
from pathlib import Path
from wngan.files import replacing
with replacing(Path({str(path)!r})) as (new,):
    new.write_text("second")
"""
    with replacing(path) as (new,):
        second = subprocess.Popen([sys.executable, "-c", main], cwd=ROOT)
        new.write_text("fi")
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(3)
        assert new.read_text() == "fi"
        new.write_text("first")
    assert second.wait(20) == 0
    assert path.read_text() == "second"


class Usage(NamedTuple):
    free: int


def test_room_is_asked_for_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(2_500_000_000))
    check_space(tmp_path, 2_500_000_000)
    with pytest.raises(OSError, match=rf"^{tmp_path} needs 596\.30 GB and has 2\.50 GB free\.$"):
        check_space(tmp_path, 596_300_000_000)


def test_a_killed_preparation_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    """Killed while its images are being written; then the same again, to the end."""
    photos, prepared = tmp_path / "photos", tmp_path / "prepared"
    photos.mkdir()
    prepared.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(photos / f"{number}.png")
    main = f"""
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from scripts.prepare_folder import main
ProcessPoolExecutor.map = lambda *_: time.sleep(600)
folder = Path({str(prepared)!r})
main(Path({str(photos)!r}), folder / "images.npy", folder / "images.json", 16, False, None, 1)
"""
    process = subprocess.Popen([sys.executable, "-c", main], cwd=ROOT, start_new_session=True)
    try:
        for _ in range(600):
            if visible(prepared):
                break
            time.sleep(0.1)
        time.sleep(0.5)
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert [path.name for path in visible(prepared)] == ["images.part.npy"]

    images, info = prepared / "images.npy", prepared / "images.json"
    prepare_folder.main(photos, images, info, 16, False, None, 1)
    np.testing.assert_array_equal(np.load(images), pixels)
    assert visible(prepared) == [info, images]


def test_a_failed_preparation_leaves_nothing(tmp_path: Path) -> None:
    photos, prepared = tmp_path / "photos", tmp_path / "prepared"
    photos.mkdir()
    prepared.mkdir()
    Image.new("RGB", (16, 16)).save(photos / "1.png")
    Image.new("RGB", (9, 16)).save(photos / "2.png")
    files = prepared / "images.npy", prepared / "images.json"
    with pytest.raises(ValueError, match=r"2\.png has 9×16 pixels"):
        prepare_folder.main(photos, *files, 16, False, None, 1)
    assert visible(prepared) == []
