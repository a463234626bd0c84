"""Threads that each compute a share of a batch alone and synchronise once a step.

torch's own threads split every product and meet at its end, some thousand times a step. Where
another process holds one of the cores, each meeting waits for the thread that is not running, and
a two-thread training falls to a fraction of a one-thread one. Here every thread computes forward
and backward of its own share of the rows with torch's threads turned off, so that a busy core
costs its share and no more; what torch computes on one thread only (drawing dropout masks, small
operations) runs side by side too. Shares and the order in which they are added up depend on the
number of threads alone, so the same seed gives the same bytes.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


class Team:
    """A fixed number of threads.

    Example:
        >>> with Team(2) as team:
        ...     team.map(lambda number: number + 1, [1, 2, 3])
        [2, 3, 4]
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(size, initializer=_alone) if size > 1 else None

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Results in the order of the items; one thread works in place."""
        if self._pool is None or len(items) == 1:
            return [work(item) for item in items]
        return list(self._pool.map(work, items))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _alone() -> None:
    torch.set_num_threads(1)
