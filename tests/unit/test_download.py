"""Downloads, from a server on this machine that behaves badly."""

import hashlib
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from scripts import download as script
from wngan.download import DownloadError, download
from wngan.verification import WrongFileError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; the path says what goes wrong."""

    requests: list[tuple[str, str | None]]
    over: threading.Event

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.requests.append((self.path, wanted))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if self.path.strip("/").isdigit():
            self.send_error(int(self.path.strip("/")))
            return
        if self.path in ("/page", "/endless_page"):
            page = b"\n <!DOCTYPE html><html>Quota exceeded</html>"
            self.send_response(200)
            if self.path == "/page":
                self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
            return
        if self.path == "/deaf":  # ignores ranges
            start = 0
        if self.path == "/elsewhere" and start:  # goes on at the wrong byte
            start -= 100
        body = CONTENT[start:]
        length = {"/promises_more": len(body) + 1000, "/promises_less": 1000}.get(self.path)
        self.send_response(206 if start else 200)
        if start and self.path != "/no_range":
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if self.path not in ("/no_length", "/endless"):  # else the connection's end is the file's
            self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        if self.path in ("/drops", "/stalls", "/elsewhere"):
            body = body[:1_200_000]
        if self.path == "/stops":
            body = b""
        self.wfile.write(body)
        if self.path == "/stalls":
            self.wfile.flush()
            self.over.wait(10)
        while self.path == "/endless":
            self.wfile.write(body)

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that has enough
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.requests = []
    Handler.over = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        Handler.over.set()
        http.shutdown()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each pause, which takes none."""
    seconds: list[float] = []
    monkeypatch.setattr("wngan.download.sleep", seconds.append)
    return seconds


def test_a_drop_is_resumed(server: str, tmp_path: Path) -> None:
    download([f"{server}/drops"], tmp_path / "file", len(CONTENT), DIGEST)
    assert (tmp_path / "file").read_bytes() == CONTENT
    ranges = [wanted for _, wanted in Handler.requests]
    assert ranges == [None, "bytes=1200000-", "bytes=2400000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_server_that_cannot_resume_sends_all_again(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    download([f"{server}/deaf"], tmp_path / "file", len(CONTENT), DIGEST)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_sources_are_tried_in_turn(server: str, tmp_path: Path) -> None:
    sources = [f"{server}/404", f"{server}/page", f"{server}/whole"]
    download(sources, tmp_path / "file", len(CONTENT), DIGEST, attempts=1)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_failure_names_every_source_and_leaves_no_file(server: str, tmp_path: Path) -> None:
    sources = [f"{server}/404", f"{server}/whole"]
    with pytest.raises(DownloadError) as caught:
        download(sources, tmp_path / "file", len(CONTENT), "0" * 64, attempts=1)
    assert "/404: HTTP Error 404" in str(caught.value)
    assert f"has sha256 {DIGEST}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def ranges() -> list[str | None]:
    return [wanted for _, wanted in Handler.requests]


def test_pauses_grow_up_to_a_minute(server: str, tmp_path: Path, pauses: list[float]) -> None:
    """Between the attempts with a source, and not before the next one."""
    sources = [f"{server}/503", f"{server}/429", f"{server}/whole"]
    download(sources, tmp_path / "file", len(CONTENT), DIGEST, attempts=9)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60] * 2
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_pause_follows_a_drop(server: str, tmp_path: Path, pauses: list[float]) -> None:
    """It stays short while the file grows."""
    download([f"{server}/drops"], tmp_path / "file", len(CONTENT), DIGEST)
    assert pauses == [1, 1]


@pytest.mark.parametrize(("path", "requests"), [("404", 1), ("403", 1), ("page", 3)])
def test_nothing_is_waited_for_after_a_refusal(
    server: str, tmp_path: Path, pauses: list[float], path: str, requests: int
) -> None:
    with pytest.raises(DownloadError):
        download([f"{server}/{path}"], tmp_path / "file", len(CONTENT), DIGEST)
    assert len(ranges()) == requests
    assert pauses == []


def test_what_a_drop_left_is_said(server: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"/stops: It stopped at 0 of 3000000 bytes\.$"):
        download([f"{server}/stops"], tmp_path / "file", len(CONTENT), DIGEST)
    assert len(ranges()) == 3


def test_drops_do_not_count_while_the_file_grows(server: str, tmp_path: Path) -> None:
    download([f"{server}/drops"], tmp_path / "file", len(CONTENT), DIGEST, attempts=1)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(ranges()) == 3


@pytest.mark.parametrize("path", ["page", "endless_page"])
def test_a_page_is_named_and_what_has_arrived_is_kept(
    server: str, tmp_path: Path, path: str
) -> None:
    """With and without a stated length."""
    part = tmp_path / "file.part"
    part.write_bytes(CONTENT[:1000])
    with pytest.raises(DownloadError, match=f"{path}: It offers something else: it is an HTML pa"):
        download([f"{server}/{path}"], tmp_path / "file", len(CONTENT), DIGEST)
    assert part.read_bytes() == CONTENT[:1000]
    assert len(ranges()) == 3
    download([f"{server}/{path}", f"{server}/whole"], tmp_path / "file", len(CONTENT), DIGEST)
    assert ranges()[-1] == "bytes=1000-"
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "offered"), [("promises_more", len(CONTENT) + 1000), ("promises_less", 1000)]
)
def test_another_length_is_refused_before_anything_is_written(
    server: str, tmp_path: Path, path: str, offered: int
) -> None:
    with pytest.raises(DownloadError, match=f"It offers {offered} bytes, not {len(CONTENT)}"):
        download([f"{server}/{path}"], tmp_path / "file", len(CONTENT), DIGEST)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("have", [0, 1000])
def test_a_length_that_is_not_stated_will_do(server: str, tmp_path: Path, have: int) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:have])
    download([f"{server}/no_length"], tmp_path / "file", len(CONTENT), DIGEST)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_no_more_than_the_file_is_written(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a body that never ends: neither when its start is the file, nor when it is not."""
    download([f"{server}/endless"], tmp_path / "file", len(CONTENT), DIGEST)
    assert (tmp_path / "file").read_bytes() == CONTENT
    sizes = []
    monkeypatch.setattr(
        "wngan.download.verify", lambda part, size, _: sizes.append(part.stat().st_size) or refuse()
    )
    with pytest.raises(DownloadError):
        download([f"{server}/endless"], tmp_path / "other", 1_500_000, "0" * 64)
    assert sizes == [1_500_000] * 3
    assert not (tmp_path / "other.part").exists()


def refuse() -> None:
    raise WrongFileError("no")


@pytest.mark.parametrize("path", ["elsewhere", "no_range"])
def test_a_range_from_another_byte_is_not_appended(server: str, tmp_path: Path, path: str) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:2_000_000])
    sources = [f"{server}/{path}", f"{server}/whole"]
    download(sources, tmp_path / "file", len(CONTENT), DIGEST)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert ranges()[:2] == ["bytes=2000000-", None]  # it starts anew


def test_a_stalled_connection_is_left_and_resumed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wngan.download.TIMEOUT", 0.5)
    download([f"{server}/stalls"], tmp_path / "file", len(CONTENT), DIGEST)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert ranges() == [None, "bytes=1200000-", "bytes=2400000-"]


def test_a_whole_part_is_only_checked(server: str, tmp_path: Path) -> None:
    """As it is left when the checking was interrupted."""
    (tmp_path / "file.part").write_bytes(CONTENT)
    download([f"{server}/whole"], tmp_path / "file", len(CONTENT), DIGEST)
    assert ranges() == []
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_wrong_part_is_fetched_again(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(bytes(1_000_000))
    download([f"{server}/whole"], tmp_path / "file", len(CONTENT), DIGEST)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert ranges() == ["bytes=1000000-", None]


class Usage(NamedTuple):
    free: int = 2_900_000


def test_room_for_what_is_missing_is_needed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage())
    with pytest.raises(OSError, match=rf"^{tmp_path} needs 3\.00 MB and has 2\.90 MB free"):
        download([f"{server}/whole"], tmp_path / "file", len(CONTENT), DIGEST)
    assert ranges() == []
    (tmp_path / "file.part").write_bytes(CONTENT[:200_000])
    download([f"{server}/whole"], tmp_path / "file", len(CONTENT), DIGEST)


@pytest.mark.parametrize("written", ["a.zip", "./a.zip", "sub//a.zip"])
def test_the_script_finds_a_file_however_its_path_is_written(
    written: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Snakemake's wildcard is the plain path."""
    fetched: list[Any] = []
    monkeypatch.setattr(script, "download", lambda *settings: fetched.append(settings))
    archive = {"file": written, "sources": ["s"], "bytes": 1, "sha256": "d"}
    weights = {"file": "w.pth", "sources": [], "bytes": 2, "sha256": "e"}
    datasets = {"photos": {}, "celeba": {"archive": archive}}
    script.main(tmp_path, str(Path(written)), datasets, weights)
    assert fetched == [(["s"], tmp_path, 1, "d")]
