"""scikit-learn's handwritten digits."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits


def digits(image_size: int) -> NDArray[np.uint8]:
    """scikit-learn's 1,797 handwritten digits, white on black, enlarged from 8×8 and in RGB.

    Returns:
        uint8 (1797, image_size, image_size, 3).
    """
    gray = (load_digits().images * (255 / 16)).round().astype(np.uint8)
    size = (image_size, image_size)
    images = [Image.fromarray(digit).resize(size, Image.Resampling.BICUBIC) for digit in gray]
    return np.stack([np.asarray(image.convert("RGB")) for image in images])
