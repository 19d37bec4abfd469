"""The data sets that experiments are made of, as uint8 images (N, H, W, 3)."""

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from numpy.typing import NDArray


def digits(image_size: int) -> NDArray[np.uint8]:
    """scikit-learn's 1,797 handwritten digits, white on black, enlarged from 8×8 to RGB.

    Returns:
        uint8 (1797, image_size, image_size, 3).
    """
    gray = (load_digits().images * (255 / 16)).round().astype(np.uint8)
    size = (image_size, image_size)
    images = [Image.fromarray(digit).resize(size, Image.Resampling.BICUBIC) for digit in gray]
    return np.stack([np.asarray(image.convert("RGB")) for image in images])
