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
    """What one thread found."""

    loss: float
    answers: int
    """Targets that count: the weight of this share in the batch's mean loss."""
    tokens: int
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
        places = [(part, (self.seed, step, k)) for k, part in enumerate(parts)]
        found = [share for share in self.team.map(self._share, places) if share.answers]
        total = sum(share.answers for share in found)
        loss = sum(share.loss * share.answers for share in found) / max(total, 1)
        if not math.isfinite(loss):
            msg = f"The loss became {loss}. Lower fit.learning_rate, or set precision = 'float32'."
            raise ModelError(msg)
        for place, weight in enumerate(self.weights):
            weight.grad = None
            for share in found:
                _add(weight, share.gradients[place], share.answers / total)
        return loss, sum(share.tokens for share in found)

    def _share(self, place: tuple[NDArray[Any], tuple[int, int, int]]) -> Share:
        numbers, key = place
        batch = self.batch_of(numbers)
        with drawing_from(_seed(key)), arithmetic(self.precision):
            logits = self.network(batch)
        loss = self.loss_of(logits.float(), batch)
        gradients = torch.autograd.grad(loss, self.weights, allow_unused=True)
        answers = len(numbers) if batch.words is None else int((_targets(batch) >= 0).sum())
        return Share(
            loss=float(loss.detach()),
            answers=answers,
            tokens=int(batch.inputs["attention_mask"].sum()),
            gradients=gradients,
        )


def _targets(batch: Batch) -> Tensor:
    if batch.targets is None:
        msg = "a batch to learn from has targets"
        raise AssertionError(msg)
    return batch.targets


def _add(weight: nn.Parameter, gradient: Tensor | None, factor: float) -> None:
    if gradient is None:
        return
    if weight.grad is None:
        weight.grad = gradient.mul_(factor) if factor != 1 else gradient
    else:
        weight.grad.add_(gradient, alpha=factor)


def _seed(key: tuple[int, int, int]) -> int:
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
