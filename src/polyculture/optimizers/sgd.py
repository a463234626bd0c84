"""Stochastic gradient descent with momentum: one rate for all weights.

Source: Polyak 1964; with Nesterov's momentum Sutskever et al. 2013, On the importance of
initialization and momentum in deep learning; torch's own.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Optimizer, WeightGroup
from polyculture.core.recipe import Settings


class Sgd(Settings):
    """Gradient descent with momentum; weight decay is added to the gradient."""

    kind: Literal["sgd"] = "sgd"
    momentum: float = Field(default=0.9, gt=0, lt=1)
    """Share of the last step that is taken again."""
    nesterov: bool = True
    """The gradient counts as if the step had already been taken."""


def make(groups: Sequence[WeightGroup], settings: Sgd, rate: float) -> Any:
    """Torch's fused SGD, which wants a momentum of every weight from the first step on."""
    import torch

    optimizer = torch.optim.SGD(
        [group.as_torch() for group in groups],
        lr=rate,
        momentum=settings.momentum,
        nesterov=settings.nesterov,
        fused=True,
    )
    for group in optimizer.param_groups:
        for weight in group["params"]:
            optimizer.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
    return optimizer


PLUGIN = Optimizer(settings=Sgd, make=make, rate_factor=100.0)
"""Steps are as long as the gradient, so the usual rate is much higher than AdamW's."""
