"""Resizing of images.

It is apart from `wngan.decoding` because importing torchvision takes longer than importing torch.
"""

from PIL import Image
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import resize


def covering(image: Image.Image, size: int) -> Image.Image:
    """`image` resized so that its shorter side is `size`; as it is, if it has that size."""
    return resize(image, [size], InterpolationMode.LANCZOS)
