"""AdamW: a rate of its own for each weight, with decoupled weight decay.

Source: Loshchilov and Hutter 2019, arXiv:1711.05101; torch's own, all of a step in one pass.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Optimizer, WeightGroup
from polyculture.core.recipe import Settings


class AdamW(Settings):
    """Adam with decoupled weight decay."""

    kind: Literal["adamw"] = "adamw"
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    """How long gradients are remembered."""
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    """How long their squares are remembered."""


def make(groups: Sequence[WeightGroup], settings: AdamW, rate: float) -> Any:
    """Torch's fused AdamW."""
    import torch

    return torch.optim.AdamW(
        [group.as_torch() for group in groups],
        lr=rate,
        betas=(settings.beta_1, settings.beta_2),
        fused=True,
    )


PLUGIN = Optimizer(settings=AdamW, make=make)
"""The usual optimizer."""
