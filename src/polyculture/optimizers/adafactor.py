"""Adafactor: remembers a row and a column for each matrix, where AdamW remembers two matrices.

Source: Shazeer and Stern 2018, arXiv:1804.04235; torch's own.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Optimizer, WeightGroup
from polyculture.core.recipe import Settings


class Adafactor(Settings):
    """Steps relative to the size of each matrix, with little memory and no momentum."""

    kind: Literal["adafactor"] = "adafactor"
    decay: float = Field(default=0.8, gt=0, lt=1)
    """How fast older squares of gradients fade: by a power of the step with this exponent."""
    clip_updates: float = Field(default=1.0, gt=0)
    """Largest root mean square of the update of a weight."""


def make(groups: Sequence[WeightGroup], settings: Adafactor, rate: float) -> Any:
    """Torch's Adafactor, whose rate is relative to the size of each weight."""
    import torch

    return torch.optim.Adafactor(
        [group.as_torch() for group in groups],
        lr=rate,
        beta2_decay=-settings.decay,
        d=settings.clip_updates,
        foreach=True,
    )


PLUGIN = Optimizer(settings=Adafactor, make=make, rate_factor=5.0)
"""Its rate is a share of the size of a weight, so the usual one is higher than AdamW's."""
