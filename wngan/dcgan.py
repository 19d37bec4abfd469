"""The DCGAN of table 1, at any image size whose halvings end at a 4×4 or 5×5 map."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from wngan.map_size import map_size
from wngan.recipes import recipe


class Discriminator(nn.Module):
    """Images (N, 3, image_size, image_size) in [0, 1] -> logits (N,) (table 1, top).

    Args:
        image_size: height and width of the images.
        channels: of the convolutions, from the image inwards.
        model: a key of `wngan.recipes.RECIPES`.

    Raises:
        ValueError: sizes that do not fit (see `map_size`), or an unknown model.
    """

    def __init__(self, image_size: int, channels: Sequence[int], model: str) -> None:
        super().__init__()
        use = recipe(model)
        last_map = map_size(image_size, channels)
        layers: list[nn.Module] = []
        for depth, (c_in, c_out) in enumerate(pairwise((3, *channels))):
            layers.append(use.conv(c_in, c_out, 4, 2, 1))
            if use.norm is not None and depth > 0:  # not after the first layer (section 5.1)
                layers.append(use.norm(c_out))
            layers.append(use.activation(c_out))
        layers += [use.last_conv(channels[-1], 1, last_map), nn.Flatten(0)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N,) of `images` being real."""
        return self.layers(images)


class Generator(nn.Module):
    """Codes (N, code_length) -> images (N, 3, image_size, image_size) in [0, 1] (table 1, bottom).

    Args:
        image_size: height and width of the images.
        channels: of the discriminator's convolutions, from the image inwards; the generator mirrors
            them.
        code_length: of the codes, drawn from a standard normal distribution in training.
        model: a key of `wngan.recipes.RECIPES`.

    Raises:
        ValueError: sizes that do not fit (see `map_size`), or an unknown model.
    """

    def __init__(
        self, image_size: int, channels: Sequence[int], code_length: int, model: str
    ) -> None:
        super().__init__()
        self.code_length = code_length
        use = recipe(model)
        first_map = map_size(image_size, channels)
        inwards = channels[::-1]
        layers = [use.first(code_length, inwards[0], first_map)]
        for c_in, c_out in pairwise(inwards):
            layers += [use.norm(c_in)] if use.norm is not None else []
            layers += [use.activation(c_in), use.conv_transpose(c_in, c_out, 4, 2, 1)]
        layers += [use.norm(inwards[-1])] if use.norm is not None else []
        layers += [use.activation(inwards[-1]), use.last_conv_transpose(inwards[-1], 3, 4, 2, 1)]
        self.layers = nn.Sequential(*layers, nn.Sigmoid())

    def forward(self, codes: Tensor) -> Tensor:
        """Images (N, 3, image_size, image_size) of `codes` (N, code_length)."""
        return self.layers(codes)
