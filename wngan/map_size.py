"""Image sizes and the channels that fit them, without any need of torch."""

from collections.abc import Sequence

MAP_SIZES = (4, 5)
"""Sizes of the smallest map: 5 for CelebA (section 5.1), 4 for CIFAR-10 and LSUN (D.3, D.4)."""


def map_size(image_size: int, channels: Sequence[int]) -> int:
    """The size of the map that is left of `image_size` after one halving per entry of `channels`.

    Raises:
        ValueError: the halvings do not end at 4 or 5.
    """
    halvings = len(channels)
    size, rest = divmod(image_size, 2**halvings)
    if not halvings:
        raise ValueError("There must be at least one number of channels.")
    if rest or size not in MAP_SIZES:
        raise ValueError(
            f"Images of size {image_size} do not fit {halvings} channels: "
            f"{halvings} halvings must end at a map of size 4 or 5, "
            f"so the image size must be {4 * 2**halvings} or {5 * 2**halvings}."
        )
    return size
