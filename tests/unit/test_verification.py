"""Whether a file is the one that is meant."""

import hashlib
from pathlib import Path

import pytest

from wngan.verification import WrongFileError, verify


def test_another_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "celeba.zip"
    file.write_bytes(b"<html>quota</html>")
    digest = hashlib.sha256(b"<html>quota</html>").hexdigest()
    verify(file, 18, digest)
    page = "it is an HTML page, such as a host's error or quota page, not the file"
    with pytest.raises(WrongFileError, match=rf"celeba\.zip has 18 bytes, not 1000: {page}\.$"):
        verify(file, 1000, digest)
    message = rf"celeba\.zip has sha256 {digest}, not {'0' * 64}: {page}\.$"
    with pytest.raises(WrongFileError, match=message):
        verify(file, 18, "0" * 64)
    file.write_bytes(b"PK\x03\x04 <html>")
    with pytest.raises(WrongFileError, match=r"celeba\.zip has 11 bytes, not 1000\.$"):
        verify(file, 1000, digest)
