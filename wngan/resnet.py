"""The 21-layer residual network of section 5.6, with the same constructors as `wngan.dcgan`."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from wngan.layers import ChannelAffine
from wngan.map_size import map_size
from wngan.recipes import Recipe, recipe


class Block(nn.Module):
    """end(add(shortcut(x), residue(x))) (section 5.6, and eq. 17 for the addition of WN)."""

    def __init__(
        self,
        residue: Sequence[nn.Module],
        shortcut: Sequence[nn.Module],
        add: nn.Module,
        end: nn.Module,
    ) -> None:
        super().__init__()
        self.residue, self.shortcut = nn.Sequential(*residue), nn.Sequential(*shortcut)
        self.add, self.end = add, end

    def forward(self, x: Tensor) -> Tensor:
        """Applies the block."""
        return self.end(self.add(self.shortcut(x), self.residue(x)))


def _norm(use: Recipe, channels: int, wanted: bool = True) -> list[nn.Module]:
    """The recipe's normalization layer, if it has one and it is wanted."""
    return [use.norm(channels)] if use.norm is not None and wanted else []


def down_block(use: Recipe, c_in: int, c_out: int, stride: int, first: bool = False) -> Block:
    """A block of the discriminator: (N, c_in, H, W) -> (N, c_out, H / stride, W / stride).

    Args:
        use: the model's layers.
        stride: 1 or 2.
        first: whether it is the first block, whose first convolution is not batch-normalized.
    """
    residue = [
        use.conv(c_in, c_out, 4, 2, 1) if stride == 2 else use.conv(c_in, c_out, 3, 1, 1),
        *_norm(use, c_out, not first),
        use.activation(c_out),
        use.conv(c_out, c_out, 3, 1, 1),
        *_norm(use, c_out),
    ]
    shortcut: list[nn.Module] = [nn.AvgPool2d(2)] if stride == 2 else []
    if c_in != c_out:
        shortcut.append(use.conv(c_in, c_out, 1))
    return Block(residue, shortcut, use.add(c_out), use.activation(c_out))


def up_block(use: Recipe, c_in: int, c_out: int, stride: int, last: bool = False) -> Block:
    """A block of the generator: (N, c_in, H, W) -> (N, c_out, H · stride, W · stride).

    Args:
        use: the model's layers.
        stride: 1 or 2.
        last: whether it is the last block, whose last convolution is not batch-normalized and which
            ends in a scale and bias per channel in place of an activation.
    """
    conv = use.conv_transpose
    residue = [
        conv(c_in, c_in, 3, 1, 1),
        *_norm(use, c_in),
        use.activation(c_in),
        conv(c_in, c_out, 4, 2, 1) if stride == 2 else conv(c_in, c_out, 3, 1, 1),
        *_norm(use, c_out, not last),
    ]
    shortcut: list[nn.Module] = [conv(c_in, c_out, 1)] if c_in != c_out else []
    if stride == 2:
        shortcut.append(nn.UpsamplingNearest2d(scale_factor=2))
    end = ChannelAffine(c_out) if last else use.activation(c_out)
    return Block(residue, shortcut, use.add(c_out), end)


class Discriminator(nn.Module):
    """Images (N, 3, image_size, image_size) in [0, 1] -> logits (N,) (section 5.6).

    Each level is a block of stride 2 and one of stride 1; the last convolution is the DCGAN's.

    Args:
        image_size: height and width of the images.
        channels: of the levels, from the image inwards.
        model: a key of `wngan.recipes.RECIPES`.

    Raises:
        ValueError: sizes that do not fit (see `wngan.map_size.map_size`), or an unknown model.
    """

    def __init__(self, image_size: int, channels: Sequence[int], model: str) -> None:
        super().__init__()
        use = recipe(model)
        last_map = map_size(image_size, channels)
        layers: list[nn.Module] = []
        for level, (c_in, c_out) in enumerate(pairwise((3, *channels))):
            layers.append(down_block(use, c_in, c_out, stride=2, first=level == 0))
            layers.append(down_block(use, c_out, c_out, stride=1))
        layers += [use.last_conv(channels[-1], 1, last_map), nn.Flatten(0)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N,) of `images` being real."""
        return self.layers(images)


class Generator(nn.Module):
    """Codes (N, code_length) -> images (N, 3, image_size, image_size) in [0, 1] (section 5.6).

    The discriminator's mirror: a fully connected layer, then at each level a block of stride 1 and
    one of stride 2.

    Args:
        image_size: height and width of the images.
        channels: of the discriminator's levels, from the image inwards.
        code_length: of the codes, drawn from a standard normal distribution in training.
        model: a key of `wngan.recipes.RECIPES`.

    Raises:
        ValueError: sizes that do not fit (see `wngan.map_size.map_size`), or an unknown model.
    """

    def __init__(
        self, image_size: int, channels: Sequence[int], code_length: int, model: str
    ) -> None:
        super().__init__()
        self.code_length = code_length
        use = recipe(model)
        first_map = map_size(image_size, channels)
        outwards = (*channels[::-1], 3)
        layers: list[nn.Module] = [
            use.first(code_length, outwards[0], first_map),
            *_norm(use, outwards[0]),
            use.activation(outwards[0]),
        ]
        for level, (c_in, c_out) in enumerate(pairwise(outwards), 1):
            layers.append(up_block(use, c_in, c_in, stride=1))
            layers.append(up_block(use, c_in, c_out, stride=2, last=level == len(channels)))
        self.layers = nn.Sequential(*layers, nn.Sigmoid())

    def forward(self, codes: Tensor) -> Tensor:
        """Images (N, 3, image_size, image_size) of `codes` (N, code_length)."""
        return self.layers(codes)
