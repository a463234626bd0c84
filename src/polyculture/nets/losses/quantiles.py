"""The loss of quantiles."""

import torch
from torch import Tensor


def pinball(values: Tensor, targets: Tensor, levels: Tensor) -> Tensor:
    r"""The sum of the pinball loss, whose least mean is reached by the quantiles themselves.

    \[ \rho_q(y - \hat y) = \max\bigl(q (y - \hat y),\; (q - 1)(y - \hat y)\bigr) \]

    Args:
        values: What is said, ``(rows, numbers)``.
        targets: What is right, of the same shape.
        levels: The quantile that each number stands for, from 0 to 1, ``(numbers,)``.

    Example:
        >>> values, targets = torch.tensor([[1.0, 1.0]]), torch.tensor([[3.0, 0.0]])
        >>> pinball(values, targets, torch.tensor([0.9, 0.9]))
        tensor(1.9000)

    Source:
        Koenker and Bassett 1978, Regression Quantiles, doi:10.2307/1913643.
    """
    off = targets - values
    return torch.maximum(levels * off, (levels - 1) * off).sum()
