"""Normalization layers, DCGAN and ResNet GANs, and their evaluation by reconstruction.

Reproduces Xiang & Li, "On the Effects of Batch and Weight Normalization in Generative Adversarial
Networks" (2017), arXiv 1704.03971. Section, equation and table numbers in this package are that
paper's.

`wngan.evaluate`, `wngan.export` and `wngan.load` are `wngan.evaluation.evaluate`,
`wngan.exporting.export` and `wngan.settings.load`.
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_FROM = {
    "evaluate": "wngan.evaluation",
    "export": "wngan.exporting",
    "load": "wngan.settings",
}


def __getattr__(name: str) -> Any:
    """What needs torch is imported when it is asked for: planning and plotting do without.

    By name, so that scripts do not count as made of these modules (`wngan.provenance.sources`).
    """
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_FROM[name]), name)
