"""Writes envs/uv.txt and envs/wngan.yaml from envs/requirements.txt, so that versions agree."""

import re
from pathlib import Path

ENVS = Path(__file__).parent
NEEDED = (
    "jsonschema",
    "matplotlib",
    "numpy",
    "pandas",
    "pillow",
    "pyyaml",
    "safetensors",
    "scikit-learn",
    "torch",
    "tqdm",
)
"""What the scripts import; Snakemake itself is outside of `--sdm conda`'s environment."""


def locked(requirements: str) -> dict[str, list[str]]:
    """The pinned lines of each package, such as `numpy==2.4.6 ; python_full_version < '3.12'`."""
    pins: dict[str, list[str]] = {}
    for line in requirements.splitlines():
        if match := re.match(r"([a-z0-9][a-z0-9._-]*)==[^\\]*", line):
            pins.setdefault(match[1], []).append(match[0].strip())
    return pins


def conda_yaml(requirements: str) -> str:
    """The environment for `snakemake --sdm conda`, its packages from the same registry by pip."""
    pins = locked(requirements)
    lines = [
        "# Made by envs/derive.py from envs/requirements.txt.",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        "  - python=3.12",
        "  - pip",
        "  - pip:",
        *(f'      - "{pin}"' for name in NEEDED for pin in pins[name]),
    ]
    return "\n".join(lines) + "\n"


def uv_txt(requirements: str) -> str:
    """The lines of uv with its hashes."""
    match = re.search(r"^uv==.*\n(?:    --hash=.*\n)*", requirements, re.MULTILINE)
    assert match is not None, "envs/requirements.txt has no uv"
    return match[0]


if __name__ == "__main__":
    text = (ENVS / "requirements.txt").read_text()
    (ENVS / "wngan.yaml").write_text(conda_yaml(text))
    (ENVS / "uv.txt").write_text(uv_txt(text))
