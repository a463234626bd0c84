"""Sets of cards drawn at random, and how they spread over classes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.zoo.count.draws.draw_budget import FEWEST_RESAMPLES, affordable, batches
from polyculture.zoo.count.draws.permutations import orders
from polyculture.zoo.count.shares.concentration_figures import FIGURES, spread, totals_of

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Random = np.random.Generator
FULL = 10
"""Cards a class from which on numbers of cards are drawn, and no cards."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """The cards that have a class, and what each adds to its classes."""

    votes: "csr_array[np.float64]"
    """``(cards, classes)``, at least one entry a row."""
    classes: Positions
    """What each column stands for, in the caller's numbers, ``(classes,)``."""
    counts_cards: bool
    """Every card weighs 1, so that the figures of pairs may have a meaning."""

    @property
    def size(self) -> int:
        """Number of cards."""
        return int(self.votes.shape[0])

    @property
    def is_whole(self) -> bool:
        """Every card has one class and weighs 1."""
        return self.counts_cards and self.votes.nnz == self.size

    @property
    def totals(self) -> Floats:
        """What each class has, ``(classes,)``."""
        votes = self.votes
        found = np.bincount(votes.indices, weights=votes.data, minlength=votes.shape[1])
        return found.astype(np.float64, copy=False)

    def part(self, rows: Positions) -> "Pool":
        """Some of the cards, with the classes that they have."""
        votes = self.votes[rows]
        used, place = np.unique(votes.indices, return_inverse=True)
        kept = csr_array((votes.data, place, votes.indptr), shape=(len(rows), len(used)))
        return Pool(votes=kept, classes=self.classes[used], counts_cards=self.counts_cards)


def random_sets(
    pool: Pool, sizes: Mapping[str, int], *, draws: int, rng: Random
) -> Mapping[str, Floats]:
    """Figures of sets of given sizes, drawn from all cards without putting back.

    One random order of the cards serves the sets of all sizes, each being a part of it; so draws
    for different sizes hang together, and those for one size do not.

    Args:
        pool: The cards.
        sizes: How large a set is, by name, each from 1 to all cards.
        draws: Number of draws, fewer for large pools, see ``affordable``.
        rng: Source of chance.

    Returns:
        By name, ``(draws, 6)`` in the order of ``FIGURES``.
    """
    full = {name: size for name, size in sizes.items() if _is_full(pool, size)}
    found = {name: _numbers_drawn(pool, size, draws, rng) for name, size in full.items()}
    rest = {name: size for name, size in sizes.items() if name not in full}
    parts: dict[str, list[Floats]] = {name: [] for name in rest}
    cells = max(pool.votes.shape)
    for at_once in batches(affordable(draws, pool.size), cells) if rest else []:
        order, start = orders(at_once, pool.size, rng), 0
        for name, size in rest.items():
            start = start if start + size <= pool.size else 0
            rows = order[:, start : start + size]
            parts[name].append(spread(totals_of(pool.votes, rows), whole=pool.is_whole))
            start += size
    return {**found, **{name: _joined(one) for name, one in parts.items()}}


def resampled(pool: Pool, *, rounds: int, rng: Random, zoo: int = 0) -> Floats:
    """Figures of sets as large as the pool, drawn from it with putting back.

    Args:
        pool: The cards.
        rounds: Number of rounds, fewer for large zoos, see ``affordable``.
        rng: Source of chance.
        zoo: Cards of the zoo that the pool is a community of, if it is one.

    Returns:
        ``(rounds, 6)`` in the order of ``FIGURES``.
    """
    if _is_full(pool, pool.size):
        counts = rng.multinomial(pool.size, pool.totals / pool.size, size=rounds)
        return spread(counts.astype(np.float64), whole=True)
    found = []
    made = affordable(rounds, max(zoo, pool.size), fewest=FEWEST_RESAMPLES)
    for at_once in batches(made, max(pool.votes.shape)):
        rows = rng.integers(pool.size, size=(at_once, pool.size), dtype=np.int32)
        found.append(spread(totals_of(pool.votes, rows), whole=pool.is_whole))
    return _joined(found)


def _is_full(pool: Pool, size: int) -> bool:
    return pool.is_whole and size >= FULL * pool.votes.shape[1]


def _numbers_drawn(pool: Pool, size: int, draws: int, rng: Random) -> Floats:
    """As sets drawn without putting back, where only the numbers of each class are drawn."""
    totals = np.rint(pool.totals).astype(np.int64)
    counts = rng.multivariate_hypergeometric(totals, size, size=draws, method="marginals")
    return spread(counts.astype(np.float64), whole=True)


def _joined(found: list[Floats]) -> Floats:
    return np.concatenate(found) if found else np.empty((0, len(FIGURES)))
