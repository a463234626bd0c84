"""A running mean of the trained weights (EMA), which is validated and kept instead of them.

Early in a training the mean follows closely, so that it does not hold on to the first weights:
after t steps its decay is at most (1 + t) / (10 + t).

Source: Polyak and Juditsky 1992, doi:10.1137/0330046; with this decay TensorFlow's
``ExponentialMovingAverage``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Averages:
    """The running means of some weights.

    Args:
        weights: What is trained, by name.
        decay: Share of the mean that stays at each step, from 0 to less than 1. At 0 the mean is
            the weights themselves, and nothing is kept.

    Example:
        >>> weight = nn.Parameter(torch.zeros(1))
        >>> averages = Averages({"w": weight}, 0.5)
        >>> for step, value in enumerate((1.0, 2.0, 3.0), start=1):
        ...     _ = weight.data.fill_(value)
        ...     averages.follow(step)
        >>> with averages.in_place():
        ...     mean = weight.item()
        >>> round(mean, 4), weight.item()
        (2.6014, 3.0)
    """

    def __init__(self, weights: Mapping[str, nn.Parameter], decay: float) -> None:
        self._weights = weights
        self._decay = decay
        self.values: dict[str, Tensor] = (
            {name: weight.detach().clone() for name, weight in weights.items()} if decay else {}
        )

    def follow(self, step: int) -> None:
        """Move the means towards the weights after so many steps."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        for name, value in self.values.items():
            value.lerp_(self._weights[name].detach(), share)

    def put_back(self, values: Mapping[str, Tensor]) -> None:
        """Continue with the means of a checkpoint."""
        with torch.no_grad():
            for name, value in self.values.items():
                value.copy_(values[name])

    def copies(self) -> dict[str, Tensor]:
        """Copies of the means, or of the weights where there are none."""
        means = {name: self.values.get(name, weight) for name, weight in self._weights.items()}
        return {name: value.detach().clone() for name, value in means.items()}

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Replace the weights by their means while the block runs."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for name, value in self.values.items():
            weight = self._weights[name]
            self.values[name], weight.data = weight.data, value
