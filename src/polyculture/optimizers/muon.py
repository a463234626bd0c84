"""Muon: steps of the body's matrices turn all directions alike; AdamW for everything else.

The momentum of a matrix is brought near to an orthogonal matrix (five steps of Newton and Schulz)
before it is taken. Vectors, tables of tokens and the head are left to AdamW, as its authors advise.

Source: Jordan et al. 2024, Muon, with the rate matched to AdamW's as in Liu et al. 2025,
arXiv:2502.16982; torch's own.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Optimizer, WeightGroup
from polyculture.core.recipe import Settings


class Muon(Settings):
    """Orthogonal steps for the matrices of the body, AdamW for all other weights."""

    kind: Literal["muon"] = "muon"
    momentum: float = Field(default=0.95, gt=0, lt=1)
    """Share of the last step that is taken again."""


def make(groups: Sequence[WeightGroup], settings: Muon, rate: float) -> Any:
    """Torch's Muon and fused AdamW, side by side."""
    import torch

    from polyculture.nets.joined_optimizers import Joined

    turned = [group for group in groups if group.decays and not group.is_head]
    matrices = [group.only(_is_matrix) for group in turned]
    others = [group.only(lambda weight: not _is_matrix(weight)) for group in turned]
    others += [group for group in groups if not group.decays or group.is_head]
    halves = [[group.as_torch() for group in half if group.weights] for half in (matrices, others)]
    made: list[torch.optim.Optimizer] = []
    if halves[0]:
        muon = torch.optim.Muon(
            halves[0],
            lr=rate,
            momentum=settings.momentum,
            adjust_lr_fn="match_rms_adamw",
        )
        made.append(muon)
    if halves[1]:
        made.append(torch.optim.AdamW(halves[1], lr=rate, fused=True))
    return Joined(made)


def _is_matrix(weight: Any) -> bool:
    return bool(weight.ndim == 2)  # noqa: PLR2004  # not a bias, not a convolution


PLUGIN = Optimizer(settings=Muon, make=make)
"""With matched rates the usual one is AdamW's."""
