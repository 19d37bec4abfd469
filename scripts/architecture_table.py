"""Writes table 1 from the networks themselves."""

import math
from pathlib import Path
from typing import Any

import pandas
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized, type_before_parametrizations

from wngan import layers, published, tables
from wngan.dcgan import Discriminator, Generator
from wngan.job import run_job
from wngan.model_names import NAMES

PAPER_NAMES = {
    layers.Conv2d: "Conv",
    layers.ConvTranspose2d: "Conv",
    layers.StrictWNLinear: "SWNConv",
    layers.StrictWNConv2d: "SWNConv",
    layers.StrictWNConvTranspose2d: "SWNConv",
    layers.AffineWNConv2d: "AWNConv",
    layers.AffineWNConvTranspose2d: "AWNConv",
    layers.ChannelAffine: "affine",
    published.PublishedStrictWNLinear: "SWNConv",
    published.PublishedStrictWNConv2d: "SWNConv",
    published.PublishedStrictWNConvTranspose2d: "SWNConv",
    published.PublishedAffineWNConv2d: "AWNConv",
    published.PublishedAffineWNConvTranspose2d: "AWNConv",
    layers.BatchNorm2d: "BN",
    layers.MeanOnlyBatchNorm2d: "mean-only BN",
    layers.PReLU: "PReLU",
    layers.TPReLU: "TPReLU",
    nn.Sigmoid: "Sigmoid",
}
"""Layers as table 1 calls them; the generator's first, fully connected, is a convolution there."""


def paper_name(layer: nn.Module) -> str | None:
    """What table 1 calls a layer, if it does; SN before it stands for spectral normalization."""
    name = PAPER_NAMES.get(type_before_parametrizations(layer))
    return f"SN{name}" if name and is_parametrized(layer) else name


def blocks(network: nn.Module, x: torch.Tensor) -> list[dict[str, Any]]:
    """The convolutions of `network`, each with what follows it up to the next.

    Args:
        x: an input.

    Returns:
        For each: layers (names of table 1), kernel, stride, padding, channels, size (of the output
        map) and parameters.
    """
    found: list[dict[str, Any]] = []

    def visit(layer: nn.Module, _: Any, output: torch.Tensor) -> None:
        name = paper_name(layer)
        shapes = [parameter.shape for parameter in layer.parameters()]
        if name is not None and name.endswith("Conv"):
            kernel = max(shapes, key=len)[2:]
            found.append(
                {
                    "layers": [],
                    "kernel": kernel[0] if len(kernel) else None,
                    "stride": getattr(layer, "stride", (1,))[0],
                    "padding": getattr(layer, "padding", (0,))[0],
                    "parameters": 0,
                }
            )
        if name is not None:
            found[-1]["layers"].append(name)
        if output.ndim == 4 and found:
            found[-1] |= {"channels": output.shape[1], "size": output.shape[2]}
        if found:
            found[-1]["parameters"] += sum(map(math.prod, shapes))

    for layer in network.modules():
        if paper_name(layer) or isinstance(layer, nn.Unflatten):
            layer.register_forward_hook(visit)
    network(x)
    for block in found:
        block["kernel"] = block["kernel"] or block["size"]  # fully connected: the whole map
    return found


def main(networks: dict[str, Any], csv: Path, html: Path) -> None:
    """Writes a row per convolution: what each model has there, its shape and parameters.

    Args:
        networks: image_size, channels, code_length and models.
    """
    image_size, channels = networks["image_size"], networks["channels"]
    code_length, models = networks["code_length"], networks["models"]
    rows = []
    with torch.no_grad():
        images = torch.empty(2, 3, image_size, image_size)
        codes = torch.empty(2, code_length)
        for network in ("discriminator", "generator"):
            by_model = {}
            for model in models:
                if network == "generator":
                    generator = Generator(image_size, channels, code_length, model)
                    by_model[model] = blocks(generator, codes)
                else:
                    by_model[model] = blocks(Discriminator(image_size, channels, model), images)
            for number, parallel in enumerate(zip(*by_model.values(), strict=True), 1):
                shape = {
                    key: parallel[0][key]
                    for key in ("kernel", "stride", "padding", "channels", "size")
                }
                rows.append(
                    {"network": network, "layer": number}
                    | {
                        model: ", ".join(block["layers"])
                        for model, block in zip(models, parallel, strict=True)
                    }
                    | shape
                    | {
                        f"{model}_parameters": block["parameters"]
                        for model, block in zip(models, parallel, strict=True)
                    }
                )
    table = pandas.DataFrame(rows)
    table.to_csv(csv, index=False)
    names = {("", key): table[key] for key in ("network", "layer")}
    names |= {("layers", NAMES[model]): table[model] for model in models}
    names |= {
        ("convolution", key): table[key]
        for key in ("kernel", "stride", "padding", "channels", "size")
    }
    counts = {("parameters", NAMES[model]): table[f"{model}_parameters"] for model in models}
    page = pandas.DataFrame(names | counts)
    html.write_text(tables.html(page, "Table 1", dict.fromkeys(counts, "{:,}")))


if "snakemake" in globals():
    run_job(main, snakemake)
