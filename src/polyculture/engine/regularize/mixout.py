r"""For each step some weights of the base's matrices are the base's own again (mixout).

With a mask m that is 1 with the chance p, the step uses in the place of a weight w, whose value in
the base is b,

\[ \hat w = \frac{m b + (1 - m) w - p b}{1 - p} \]

whose mean over masks is w, and the gradient of w is that of \(\hat w\) times (1 - m) / (1 - p).

Source: Lee, Cho and Kang 2020, arXiv:1909.11299.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn


class Mixout:
    """Mixes some weights with the values that they have now.

    Args:
        weights: Matrices of a base as it was pretrained.
        chance: Of each weight to be the base's own for a step, above 0 and less than 1.
        seed: With the number of the step, of the masks.
    """

    def __init__(self, weights: Sequence[nn.Parameter], chance: float, seed: int) -> None:
        self._weights = list(weights)
        self._base = [weight.detach().clone() for weight in self._weights]
        self._chance = chance
        self._seed = seed

    @contextmanager
    def mixed(self, step: int) -> Iterator[None]:
        """The weights are mixed; gradients computed meanwhile become those of the weights."""
        masks = self._masks(step)
        own = [weight.data for weight in self._weights]
        for weight, base, mask in zip(self._weights, self._base, masks, strict=True):
            kept = torch.where(mask, base, weight.data)
            weight.data = kept.sub_(base, alpha=self._chance).div_(1 - self._chance)
        try:
            yield
        finally:
            for weight, value, mask in zip(self._weights, own, masks, strict=True):
                weight.data = value
                if weight.grad is not None:
                    weight.grad.masked_fill_(mask, 0.0).div_(1 - self._chance)

    def _masks(self, step: int) -> list[Tensor]:
        """Which weights are the base's own: the same for any number of threads."""
        state = np.random.SeedSequence((self._seed, step)).generate_state(1, np.uint64)
        drawn = torch.Generator().manual_seed(int(state[0] >> 1))
        return [
            (torch.rand(weight.shape, generator=drawn) < self._chance).to(weight.device)
            for weight in self._weights
        ]
