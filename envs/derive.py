"""Writes envs/uv.txt and envs/wngan.yaml from envs/requirements.txt, so that versions agree."""

import re
from pathlib import Path

from packaging.requirements import Requirement

ENVS = Path(__file__).parent
NEEDED = (
    "jsonschema",
    "lmdb",
    "matplotlib",
    "numpy",
    "pandas",
    "pillow",
    "pyyaml",
    "safetensors",
    "scikit-learn",
    "tensorboard",
    "torch",
    "torch-fidelity",
    "torchvision",
    "tqdm",
)
"""What the scripts import; Snakemake itself is outside of `--sdm conda`'s environment."""


PYTHON = "3.12"
"""Of conda's environment."""


def locked(requirements: str, python: str) -> dict[str, str]:
    """The version of each package that the lock has for a version of Python."""
    found = (Requirement(line) for line in re.findall(r"^[^\s#\\]+==[^\\\n]*", requirements, re.M))
    return {
        pin.name: str(pin.specifier).removeprefix("==")
        for pin in found
        if pin.marker is None or pin.marker.evaluate({"python_full_version": f"{python}.0"})
    }


def conda_yaml(requirements: str) -> str:
    """The environment for `snakemake --sdm conda`, its packages from the same registry by pip."""
    versions = locked(requirements, PYTHON)
    lines = [
        "# Made by envs/derive.py from envs/requirements.txt.",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python={PYTHON}",
        "  - pip",
        "  - pip:",
        *(f"      - {name}=={versions[name]}" for name in NEEDED),
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
