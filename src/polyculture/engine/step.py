"""The gradients of one batch, computed in shares by a team of threads, added in a fixed order."""

import itertools
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyculture.core.errors import ModelError
from polyculture.engine.choices.precision import Precision
from polyculture.engine.device import Device
from polyculture.engine.regularize.adversarial import VectorMoves
from polyculture.engine.regularize.regularizers import NONE, Regularizers
from polyculture.engine.thread_team import Team
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.losses.divergence import divergence
from polyculture.nets.network import Network

SHOWN = 5
"""Rows that a message names."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a batch that one thread computes."""

    batch: Batch
    count: int
    """Its targets."""
    weight: float
    """Its targets among those of the whole batch: what its mean loss counts for."""
    key: tuple[int, ...]
    """Seed of its dropout masks: of the training, the step, the share."""

    def again(self) -> "Share":
        """The same with other dropout masks."""
        return replace(self, key=(*self.key, 1))


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
    batch_of: Callable[[NDArray[Any], int], Batch]
    """Numbers of examples and of the step to a padded batch."""
    loss_of: Callable[[Outputs, Batch], Tensor]
    """Outputs and batch to the summed loss."""
    precision: Precision
    device: Device
    team: Team
    seed: int
    """With the number of the step and of the share, the seed of dropout masks."""
    couples_rows: bool = False
    """The loss needs the outputs of the whole batch."""
    regularizers: Regularizers = NONE

    def gradients(self, numbers: NDArray[Any], step: int) -> tuple[float, int]:
        """Put the gradients of a batch's mean loss into the weights.

        Args:
            numbers: Examples of the batch; neighbours are of like size.
            step: Number of the step.

        Returns:
            The mean loss, and how many tokens (patches, frames) were read.

        Raises:
            ModelError: The batch has no target, or the loss is NaN or infinite.
        """
        self.network.train()
        mixout = self.regularizers.mixout
        with mixout.mixed(step) if mixout else nullcontext():
            return self._gradients(numbers, step)

    def _gradients(self, numbers: NDArray[Any], step: int) -> tuple[float, int]:
        # every n-th example: shares of nearly the same size
        parts = [numbers[k :: self.team.size] for k in range(min(self.team.size, len(numbers)))]
        if self.couples_rows:
            return self._coupled(parts, step)
        batches = [self.device.send(self.batch_of(part, step)) for part in parts]
        counts = [self.network.count(batch) for batch in batches]
        total = sum(counts)
        if not total:
            _refuse_no_target(batches)
        shares = [
            Share(batch=batch, count=count, weight=count / total, key=(self.seed, step, k))
            for k, (batch, count) in enumerate(zip(batches, counts, strict=True))
            if count
        ]
        found = self.team.map(self._share, shares)
        loss = sum(share.loss for share in found)
        _refuse_no_number(loss)
        self._keep([share.gradients for share in found])
        counted = sum(n * batch.row_share for n, batch in zip(counts, batches, strict=True))
        return loss * total / counted, sum(batch.size for batch in batches)

    def _keep(self, gradients: Sequence[tuple[Tensor | None, ...]]) -> None:
        """Add up the gradients of the shares, in their order."""
        for place, weight in enumerate(self.weights):
            weight.grad = None
            for share in gradients:
                weight.grad = _plus(weight.grad, share[place])

    def _coupled(self, parts: Sequence[NDArray[Any]], step: int) -> tuple[float, int]:
        """Gradients of a loss that needs the outputs of the whole batch.

        The outputs of all pieces are computed without gradient and put together; the loss and its
        gradient by the outputs are taken once; then each piece is computed again, with the same
        dropout masks, and passes its part of that gradient on. Exact, in the memory of one piece
        for each lane, however large the batch.

        Source: Gao et al. 2021, GradCache, arXiv:2101.06983.
        """
        whole = self.device.send(self.batch_of(np.concatenate(parts), step))
        count = self.network.count(whole)
        if not count:
            _refuse_no_target([whole])
        number = math.ceil(whole.size / len(parts) / self.device.tokens_at_once)
        keys = itertools.count()
        lanes = [
            [
                Share(
                    batch=self.device.send(self.batch_of(piece, step)),
                    count=count,
                    weight=1.0,
                    key=(self.seed, step, next(keys)),
                )
                for piece in np.array_split(part, min(number, len(part)))
            ]
            for part in parts
        ]
        seen = self.team.map(self._outputs_alone, lanes)
        leaves = [
            [{n: x.requires_grad_() for n, x in one.items()} for one in lane] for lane in seen
        ]
        flat = list(itertools.chain.from_iterable(leaves))
        joined = {name: torch.cat([leaf[name] for leaf in flat]) for name in flat[0]}
        loss = self.loss_of(joined, whole) / count
        _refuse_no_number(float(loss.detach()))
        loss.backward()
        self._keep(self.team.map(self._pulled, list(zip(lanes, leaves, strict=True))))
        return float(loss.detach()), whole.size

    def _outputs_alone(self, shares: Sequence[Share]) -> list[dict[str, Tensor]]:
        with torch.no_grad():
            return [{n: x.float() for n, x in self._outputs(share).items()} for share in shares]

    def _pulled(
        self, lane: tuple[Sequence[Share], Sequence[dict[str, Tensor]]]
    ) -> tuple[Tensor | None, ...]:
        """Gradients of one lane's pieces, added up as they come."""
        sums: list[Tensor | None] = [None] * len(self.weights)
        for share, leaf in zip(*lane, strict=True):
            pulls = {name: x.grad for name, x in leaf.items() if x.grad is not None}
            outputs = self._outputs(share)
            gradients: tuple[Tensor | None, ...] = torch.autograd.grad(
                [outputs[name].float() for name in pulls],
                self.weights,
                list(pulls.values()),
                allow_unused=True,
            )
            sums = [_plus(*both) for both in zip(sums, gradients, strict=True)]
        return tuple(sums)

    def _outputs(self, share: Share) -> Outputs:
        with self.device.drawing(_seed(share.key)), self.device.arithmetic(self.precision):
            outputs: Outputs = self.network(share.batch)
        return outputs

    def _share(self, share: Share) -> Found:
        if self.regularizers.adversarial is not None:
            return self._adversarial(share, self.regularizers.adversarial)
        loss = self._loss(share)
        gradients = torch.autograd.grad(loss, self.weights, allow_unused=True)
        return Found(loss=float(loss.detach()), gradients=gradients)

    def _loss(self, share: Share) -> Tensor:
        """The loss of a share; with R-Drop half of its authors', so that it is a mean of two."""
        outputs = self._outputs(share)
        loss = self.loss_of(outputs, share.batch)
        if self.regularizers.r_drop:
            others = self._outputs(share.again())
            apart = divergence(outputs, others, share.batch)
            second = self.loss_of(others, share.batch)
            loss = (loss + second + self.regularizers.r_drop * apart) / 2
        loss = loss * share.batch.weight
        # weighed before the backward pass: afterwards it would be one more pass over all gradients
        return loss / share.count * share.weight

    def _adversarial(self, share: Share, moves: VectorMoves) -> Found:
        """The means of loss and gradients with token vectors as they are, and moved."""
        with moves.recorded() as first:
            loss = self._loss(share) / 2
        every = torch.autograd.grad(loss, [*self.weights, *first.vectors], allow_unused=True)
        away = moves.away(first, every[len(self.weights) :])
        with moves.recorded(away):
            moved = self._loss(share) / 2
        others = torch.autograd.grad(moved, self.weights, allow_unused=True)
        gradients = tuple(_plus(*both) for both in zip(every, others, strict=False))
        return Found(loss=float(loss.detach() + moved.detach()), gradients=gradients)


def _refuse_no_number(loss: float) -> None:
    if not math.isfinite(loss):
        msg = f"The loss became {loss}. Lower fit.learning_rate, or set precision = 'float32'."
        raise ModelError(msg)


def _refuse_no_target(batches: Sequence[Batch]) -> NoReturn:
    rows = sorted({row for batch in batches for row in batch.rows})
    shown = ", ".join(f"{row + 1:,}" for row in rows[:SHOWN])
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    msg = (
        f"A batch of {len(rows):,} training rows (number {shown}{more}; "
        f"{sum(batch.size for batch in batches):,} tokens in all) holds nothing to learn from: no "
        "right answer of theirs lies within what is read. Leave these rows out, or raise "
        "fit.max_length."
    )
    raise ModelError(msg)


def _plus(total: Tensor | None, gradient: Tensor | None) -> Tensor | None:
    """Add in place; None is what no loss depends on."""
    if total is None or gradient is None:
        return total if gradient is None else gradient
    return total.add_(gradient)


def _seed(key: tuple[int, ...]) -> int:
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
