"""The device to compute on."""

import torch


def pick_device() -> torch.device:
    """The first GPU that this process may use, else the CPU.

    Convolutions are told to compute in float32 on GPUs that would shorten it to TF32.
    """
    torch.backends.cudnn.allow_tf32 = False
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
