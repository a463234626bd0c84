"""The gradients of one batch, computed in shares by a team of threads, added in a fixed order."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyculture.core.errors import ModelError
from polyculture.engine.precision import Precision, arithmetic
from polyculture.engine.team import Team
from polyculture.nets.dropout import drawing_from
from polyculture.nets.network import Batch, Network

MOST_SHARES = 1 << 10


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a batch that one thread computes."""

    batch: Batch
    weight: float
    """Its targets among those of the whole batch: what its mean loss counts for."""
    key: tuple[int, int, int]
    """Seed of its dropout masks: of the training, the step, the share."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one thread found."""

    loss: float
    """Mean loss of its share, times the share's weight; gradients likewise."""
    gradients: tuple[Tensor | None, ...]


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How the gradients of a batch are computed."""

    network: Network
    weights: list[nn.Parameter]
    batch_of: Callable[[NDArray[Any]], Batch]
    loss_of: Callable[[Tensor, Batch], Tensor]
    precision: Precision
    team: Team
    seed: int
    """With the number of the step and of the share, the seed of dropout masks."""

    def gradients(self, numbers: NDArray[Any], step: int) -> tuple[float, int]:
        """Put the gradients of a batch's mean loss into the weights.

        Args:
            numbers: Pieces of the batch; neighbours are of like length.
            step: Number of the step.

        Returns:
            The mean loss, and how many tokens were read.

        Raises:
            ModelError: The loss is no number.
        """
        self.network.train()
        # every n-th piece: shares of nearly the same length
        parts = [numbers[k :: self.team.size] for k in range(min(self.team.size, len(numbers)))]
        batches = [self.batch_of(part) for part in parts]
        answers = [self.network.answers(batch) for batch in batches]
        total = max(sum(answers), 1)
        shares = [
            Share(batch=batch, weight=count / total, key=(self.seed, step, k))
            for k, (batch, count) in enumerate(zip(batches, answers, strict=True))
            if count
        ]
        found = self.team.map(self._share, shares)
        loss = sum(share.loss for share in found)
        if not math.isfinite(loss):
            msg = f"The loss became {loss}. Lower fit.learning_rate, or set precision = 'float32'."
            raise ModelError(msg)
        for place, weight in enumerate(self.weights):
            weight.grad = None
            for share in found:
                _add(weight, share.gradients[place])
        return loss, sum(int(batch.inputs["attention_mask"].sum()) for batch in batches)

    def _share(self, share: Share) -> Found:
        with drawing_from(_seed(share.key)), arithmetic(self.precision):
            logits = self.network(share.batch)
        # weighed before the backward pass: afterwards it would be one more pass over all gradients
        loss = self.loss_of(logits.float(), share.batch) * share.weight
        gradients = torch.autograd.grad(loss, self.weights, allow_unused=True)
        return Found(loss=float(loss.detach()), gradients=gradients)


def _add(weight: nn.Parameter, gradient: Tensor | None) -> None:
    if gradient is None:
        return
    if weight.grad is None:
        weight.grad = gradient
    else:
        weight.grad.add_(gradient)


def _seed(key: tuple[int, int, int]) -> int:
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
