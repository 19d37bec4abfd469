"""RMSProp as the paper uses it (section 5.1), with its state in plain sight.

`torch.optim.RMSprop` computes the same; making one takes seconds in a fresh process, as torch
imports its compiler for it, which is most of the time of a short job.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


class RMSProp:
    """Divides each gradient by the root of a running mean of its squares.

    Args:
        parameters: tensors to change in place.
        lr: learning rate.
        alpha: decay of the running mean.
        eps: added to the root.

    Attributes:
        squares: the running mean of each parameter's squared gradients, 0 at the start.
    """

    def __init__(
        self, parameters: Sequence[Tensor], lr: float, alpha: float = 0.9, eps: float = 1e-6
    ) -> None:
        self.parameters = list(parameters)
        self.lr, self.alpha, self.eps = lr, alpha, eps
        self.squares = [torch.zeros_like(parameter) for parameter in self.parameters]

    @torch.no_grad()
    def step(self, gradients: tuple[Tensor, ...] | list[Tensor]) -> None:
        """Changes the parameters once; `gradients` are in the parameters' order."""
        torch._foreach_mul_(self.squares, self.alpha)
        torch._foreach_addcmul_(self.squares, gradients, gradients, 1 - self.alpha)
        roots = torch._foreach_sqrt(self.squares)
        torch._foreach_add_(roots, self.eps)
        torch._foreach_addcdiv_(self.parameters, gradients, list(roots), -self.lr)
