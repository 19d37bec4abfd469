"""Weight-normalized GANs: layers, models, training and the reconstruction evaluator.

Reproduces Xiang & Li, "On the Effects of Batch and Weight Normalization in Generative Adversarial
Networks" (2017), arXiv 1704.03971. Section, equation and table numbers in this package are that
paper's.

`wngan.evaluate` is of `wngan.evaluation`, `wngan.load` of `wngan.settings`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wngan.evaluation import evaluate as evaluate
    from wngan.settings import load as load

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """What needs torch is imported when it is asked for: planning and plotting do without."""
    if name == "evaluate":
        from wngan.evaluation import evaluate

        return evaluate
    if name == "load":
        from wngan.settings import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
