"""The batches of a whole training, drawn epoch by epoch when they are wanted.

The order of an epoch depends on the seed and the number of the epoch alone, so no epoch has to be
kept. How many batches an epoch has depends on its order, and the learning rate follows the number
of all steps: where that can be counted in a moment it is, beyond that it is estimated from the
epochs that were counted.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from polyculture.engine.batches import shuffled

COUNTED = 2_000_000
"""Pieces that are gone through before training to count batches, about a second of work. Where all
epochs together have more, the number of steps is the mean of the counted epochs times all epochs.
"""
OVERHEAD = 200
"""An epoch of a handful of examples takes as long as this many more."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Examples that never share a batch with others, such as those of one of several tasks."""

    start: int
    stop: int
    """Their numbers, from the first to one past the last."""
    budget: int
    """Padded tokens of a batch of theirs."""
    drawn: int
    """How many an epoch draws: all once, then again if there are fewer."""


class Plan(Sequence[NDArray[Any]]):
    """The examples of every batch, all epochs one after the other.

    Args:
        lengths: Tokens of every example, ``(examples,)``.
        budget: Padded tokens of a batch.
        epochs: Passes over the examples.
        seed: Seed of the order.
        groups: Examples that never share a batch, each group with a budget of its own.

    Example:
        >>> plan = Plan(np.array([3, 4, 2]), budget=6, epochs=1_000, seed=1)
        >>> len(plan), plan[0].tolist(), plan[1_999].tolist()
        (2000, [2, 0], [1])
    """

    def __init__(
        self,
        lengths: NDArray[np.int64],
        *,
        budget: int,
        epochs: int,
        seed: int,
        groups: Sequence[Group] = (),
    ) -> None:
        self._lengths, self._budget, self._seed = lengths, budget, seed
        self._groups = groups
        self._starts = [0]
        """First step of each epoch that was counted, and one past the last of them."""
        self._drawn: tuple[int, list[NDArray[Any]]] = (-1, [])
        counted = max(1, min(epochs, COUNTED // (len(lengths) + OVERHEAD)))
        self._count_to(counted)
        steps = self._starts[counted]
        self._steps = steps if counted == epochs else round(steps / counted * epochs)
        self.steps_per_epoch = self._steps / epochs

    def __len__(self) -> int:
        return self._steps

    @overload
    def __getitem__(self, place: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[NDArray[Any]]: ...
    def __getitem__(self, place: int | slice) -> NDArray[Any] | list[NDArray[Any]]:
        if isinstance(place, slice):
            return [self[step] for step in range(*place.indices(len(self)))]
        step = place + len(self) if place < 0 else place
        if not 0 <= step < len(self):
            msg = f"there are {len(self)} steps, and no step {place}"
            raise IndexError(msg)
        epoch = self._epoch_of(step)
        return self._epoch(epoch)[step - self._starts[epoch]]

    def _epoch_of(self, step: int) -> int:
        while self._starts[-1] <= step:
            self._count_to(len(self._starts))
        return bisect_right(self._starts, step) - 1

    def _count_to(self, epochs: int) -> None:
        """Make sure that the first so many epochs are counted."""
        for epoch in range(len(self._starts) - 1, epochs):
            self._starts.append(self._starts[-1] + len(self._epoch(epoch)))

    def _epoch(self, epoch: int) -> list[NDArray[Any]]:
        if self._drawn[0] != epoch:
            rng = np.random.default_rng([self._seed, epoch])
            self._drawn = (epoch, self._batches(rng))
        return self._drawn[1]

    def _batches(self, rng: np.random.Generator) -> list[NDArray[Any]]:
        """The batches of one epoch."""
        if not self._groups:
            return shuffled(self._lengths, self._budget, rng)
        batches: list[NDArray[Any]] = []
        for group in self._groups:
            numbers = group.start + _draw(group.stop - group.start, group.drawn, rng)
            order = shuffled(self._lengths[numbers], group.budget, rng)
            batches += [numbers[places] for places in order]
        return [batches[number] for number in rng.permutation(len(batches))]


def _draw(count: int, wanted: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """So many numbers below ``count``, each as often as any other, or once more."""
    rounds = [rng.permutation(count) for _ in range(-(-wanted // count))]
    return np.concatenate(rounds)[:wanted]
