"""How many training images a configuration takes."""

from typing import Any

FEWEST = 10
"""Images, and samples, that quality takes; of fewer its metrics mean nothing or are not defined."""


def training_images(config: dict[str, Any], dataset: str) -> dict[str, int]:
    """By key of a checked configuration, the training images that it takes of a data set at least.

    What may make do with fewer images than are asked for is not listed, nor is quality that the
    configuration does not ask for, which then is not measured.
    """
    experiments = {
        name: each for name, each in config["experiments"].items() if each["dataset"] == dataset
    }
    batches = {
        f"experiments.{name}.batch_size": each["batch_size"] for name, each in experiments.items()
    }
    measured = [name for name in config.get("quality", {}) if name in experiments]
    return batches | {f"quality.{name}": FEWEST for name in measured}
