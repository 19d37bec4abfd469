"""The layers and the evaluator of wngan in a GAN of your own, trained with plain PyTorch.

    pip install .
    python examples/own_gan.py

The generator below learns handwritten digits. How closely it can come to digits that it was not
trained on (section 4 of the paper) is measured before and after.
"""

import argparse

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import softplus

from wngan.evaluator import reconstruct
from wngan.layers import AffineWNConv2d, StrictWNConv2d, StrictWNLinear, TPReLU, clip_slopes

TEST, BATCH = 100, 64


class Generator(nn.Module):
    """Codes (N, 16) -> images (N, 1, 8, 8) in [0, 1]."""

    code_length = 16  # which `reconstruct` asks for

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            StrictWNLinear(self.code_length, 32 * 4 * 4),
            nn.Unflatten(1, (32, 4, 4)),
            TPReLU(32),
            nn.Upsample(scale_factor=2),
            StrictWNConv2d(32, 16, kernel_size=3, padding=1),
            TPReLU(16),
            AffineWNConv2d(16, 1, kernel_size=3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, codes: Tensor) -> Tensor:
        """Images of `codes`."""
        return self.layers(codes)


def make_discriminator() -> nn.Module:
    """Images (N, 1, 8, 8) -> logits (N, 1), with strict layers of its own."""
    return nn.Sequential(
        StrictWNConv2d(1, 16, kernel_size=4, stride=2, padding=1),
        TPReLU(16),
        StrictWNConv2d(16, 32, kernel_size=4, stride=2, padding=1),
        TPReLU(32),
        AffineWNConv2d(32, 1, kernel_size=2),
        nn.Flatten(),
    )


def loss_on(generator: Generator, images: Tensor) -> float:
    """The mean squared error of the reconstructions of `images` after 200 steps."""
    return reconstruct(generator, images, steps=200).losses.mean().item()


def main(iterations: int) -> None:
    """Trains and prints the losses."""
    torch.manual_seed(0)
    digits = torch.from_numpy(load_digits().images).float()[:, None] / 16
    digits = digits[torch.randperm(len(digits))]
    test, training = digits[:TEST], digits[TEST:]
    generator, discriminator = Generator(), make_discriminator()
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.99))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.99))

    print(f"test loss before training: {loss_on(generator, test):.4f}")
    for _ in range(iterations):
        real = training[torch.randint(len(training), (BATCH,))]
        fake = generator(torch.randn(BATCH, generator.code_length))

        d_loss = (
            softplus(-discriminator(real)).mean() + softplus(discriminator(fake.detach())).mean()
        )
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        clip_slopes(discriminator)

        g_loss = softplus(-discriminator(fake)).mean()
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        clip_slopes(generator)
    print(f"test loss after training:  {loss_on(generator, test):.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--iterations", type=int, default=1000)
    main(parser.parse_args().iterations)
