"""Downloads, from a server on this machine that behaves badly."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from wngan.download import DownloadError, download

CONTENT = np.random.default_rng(0).bytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT; the path says what goes wrong."""

    requests: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.requests.append((self.path, wanted))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path == "/page":
            page = b"<html>Quota exceeded</html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
            return
        if self.path == "/deaf":  # ignores ranges
            start = 0
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/drops":
            body = body[:1_200_000]
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.requests = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


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
    sources = [f"{server}/missing", f"{server}/page", f"{server}/whole"]
    download(sources, tmp_path / "file", len(CONTENT), DIGEST, attempts=1)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_failure_names_every_source_and_leaves_no_file(server: str, tmp_path: Path) -> None:
    sources = [f"{server}/missing", f"{server}/whole"]
    with pytest.raises(DownloadError) as caught:
        download(sources, tmp_path / "file", len(CONTENT), "0" * 64, attempts=1)
    assert "/missing: HTTP Error 404" in str(caught.value)
    assert f"has sha256 {DIGEST}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
