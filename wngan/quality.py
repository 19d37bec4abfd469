"""How like real images samples are: FID, KID, precision and recall, by torch-fidelity."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d
from torch.utils.data import Dataset
from torch_fidelity import (
    KEY_METRIC_FID,
    KEY_METRIC_KID_MEAN,
    KEY_METRIC_PRECISION,
    KEY_METRIC_RECALL,
    FeatureExtractorBase,
    calculate_metrics,
    register_feature_extractor,
)

from wngan.needs import FEWEST

SUBSET = 1000
"""Images of each of the 100 random subsets of which KID is the mean; all of the fewer, if less."""

PIXELS = 8
"""Height and width to which images are averaged where their pixels are the features."""


class Quality(NamedTuple):
    """How like real images samples are.

    Attributes:
        fid: Fréchet distance of features (Heusel et al. 2017), 0 at best. It is biased upwards, the
            more the fewer images there are, so that only those of as many compare.
        kid: squared maximum mean discrepancy of features (Bińkowski et al. 2018), without bias and
            therefore below 0 at times.
        precision: share of samples within the real images' manifold (Kynkäänniemi et al. 2019).
        recall: share of real images within the samples' manifold.
    """

    fid: float
    kid: float
    precision: float
    recall: float


class Pixels(FeatureExtractorBase):  # type: ignore[misc]  # torch-fidelity has no types
    """Images averaged to `PIXELS` × `PIXELS`: features without weights, for images of any size.

    Args:
        name: by which they are registered.
        features_list: the layers that are wanted, of which there is one.
        **options: of other extractors.
    """

    def __init__(self, name: str, features_list: Sequence[str], **options: Any) -> None:
        super().__init__(name, features_list)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Images uint8 (N, 3, H, W) -> features float32 (N, 3·PIXELS²) in [0, 1]."""
        return (adaptive_avg_pool2d(images.float() / 255, PIXELS).flatten(1),)

    @staticmethod
    def get_provided_features_list() -> tuple[str]:
        """The only layer."""
        return ("all",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """The layer of every metric."""
        return "all"


FEATURES = {"inception": "inception-v3-compat", "pixels": "wngan-pixels"}
"""What torch-fidelity calls the features of each name."""

register_feature_extractor(FEATURES["pixels"], Pixels)


def quality(
    samples: NDArray[np.uint8],
    images: NDArray[np.uint8],
    features: str,
    weights: Path | None = None,
    device: torch.device | str = "cpu",
    cache: Path | None = None,
) -> Quality:
    """How like real images samples are.

    Args:
        samples: uint8 (N, H, W, 3), at least `FEWEST`.
        images: real ones, uint8 (M, H, W, 3), at least `FEWEST`.
        features: of `FEATURES`.
        weights: of the network "inception", the file that torch-fidelity publishes; it is
            unpickled, which executes what is in it. Without it torch-fidelity fetches one.
        device: on which features are computed: the CPU, or the current GPU.
        cache: a folder that keeps the features of `images` from one call to the next; another one
            for other images, features or weights.

    Raises:
        ValueError: there are too few samples or images.
    """
    made, real = _Images(samples), _Images(images)
    subset = min(SUBSET, len(made), len(real))
    found = calculate_metrics(
        input1=made,
        input2=real,
        input2_cache_name=None if cache is None else "images",
        cache_root=cache,
        fid=True,
        kid=True,
        prc=True,
        kid_subset_size=subset,
        kid_subsets=1 if len(made) == len(real) == subset else 100,  # all would be the same
        feature_extractor=FEATURES[features],
        feature_extractor_weights_path=weights,
        cuda=torch.device(device).type == "cuda",
        save_cpu_ram=True,  # no processes that load images, which are in memory
        verbose=False,
    )
    return Quality(
        found[KEY_METRIC_FID],
        found[KEY_METRIC_KID_MEAN],
        found[KEY_METRIC_PRECISION],
        found[KEY_METRIC_RECALL],
    )


class _Images(Dataset):
    """Images uint8 (N, H, W, 3) as torch-fidelity takes them."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        if len(images) < FEWEST:
            raise ValueError(f"Quality takes {FEWEST} images or more, not {len(images)}.")
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return torch.from_numpy(self.images[index].transpose(2, 0, 1).copy())
