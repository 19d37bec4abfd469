"""What all tests share."""

import torch

torch.set_num_threads(1)  # pytest-xdist gives every core a process of its own
