r"""For each step some weights of the base's matrices are reset to their pretrained values (mixout).

With a mask m that is 1 with probability p, a step replaces a weight w, whose pretrained value is b,
by

\[ \hat w = \frac{m b + (1 - m) w - p b}{1 - p} \]

The mean over masks is w. The gradient of w is that of \(\hat w\) times (1 - m) / (1 - p).

Source: Lee, Cho and Kang 2020, arXiv:1909.11299.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn


class Mixout:
    """Mixes weights with the values that they have when this is made.

    Args:
        weights: Pretrained matrices, not trained yet.
        probability: Of each weight to be reset for a step, above 0 and less than 1.
        seed: Masks depend on it and on the number of the step.
    """

    def __init__(self, weights: Sequence[nn.Parameter], probability: float, seed: int) -> None:
        self._weights = list(weights)
        self._base = [weight.detach().clone() for weight in self._weights]
        self._probability = probability
        self._seed = seed

    @contextmanager
    def mixed(self, step: int) -> Iterator[None]:
        """Mix the weights while the block runs, and correct the gradients computed in it."""
        masks = self._masks(step)
        own = [weight.data for weight in self._weights]
        for weight, base, mask in zip(self._weights, self._base, masks, strict=True):
            kept = torch.where(mask, base, weight.data)
            weight.data = kept.sub_(base, alpha=self._probability).div_(1 - self._probability)
        try:
            yield
        finally:
            for weight, value, mask in zip(self._weights, own, masks, strict=True):
                weight.data = value
                if weight.grad is not None:
                    weight.grad.masked_fill_(mask, 0.0).div_(1 - self._probability)

    def _masks(self, step: int) -> list[Tensor]:
        """Which weights are reset; the same for any number of threads."""
        rng = np.random.default_rng((self._seed, step))
        return [
            torch.from_numpy(
                rng.random(tuple(weight.shape), dtype=np.float32) < self._probability
            ).to(weight.device)
            for weight in self._weights
        ]
