"""What prepared images are, as a small file beside them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from wngan.digests import file_digest


def write_info(info: Path, array: Path, source: str, **facts: Any) -> None:
    """Writes a JSON file with the count, size and digest of the images in the file `array`.

    Args:
        source: where they come from.
        **facts: others to write, or to write in place of these.
    """
    images = np.load(array, mmap_mode="r")
    known = {"source": source, "count": len(images), "size": images.shape[1]}
    info.write_text(json.dumps(known | {"sha256": file_digest(array)} | facts, indent=2) + "\n")
