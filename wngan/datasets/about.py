"""What prepared images are, as a small file beside them."""

import hashlib
import json
from pathlib import Path

import numpy as np


def write_about(about: Path, array: Path, source: str, **facts: str | int) -> None:
    """Writes a JSON file with the count, size and digest of the images in the file `array`.

    Args:
        source: where they come from.
        **facts: others to write, or to write in place of these.
    """
    images = np.load(array, mmap_mode="r")
    with open(array, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known = {"source": source, "count": len(images), "size": images.shape[1], "sha256": digest}
    about.write_text(json.dumps(known | facts, indent=2) + "\n")
