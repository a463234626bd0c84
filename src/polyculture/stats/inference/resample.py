"""Resampling: item weights for a bootstrap, and intervals from what it gives.

A bootstrap round is a set of item weights (how often each item was drawn), so a measure that can
be computed under weights gets its interval without copying a row.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

MOST_UNDEFINED = 0.05
"""Where more rounds than this share are undefined there is no interval."""


def weights(items: int, rounds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each item is drawn in each round of a bootstrap.

    Args:
        items: Number of items, at least 1.
        rounds: Number of bootstrap rounds.
        rng: Source of chance.

    Returns:
        Counts of shape ``(rounds, items)``; every row sums to ``items``.

    Example:
        >>> drawn = weights(4, 2, np.random.default_rng(1))
        >>> drawn.shape, drawn.sum(axis=1).tolist()
        ((2, 4), [4.0, 4.0])

    Source:
        Efron 1979; measures take the counts as weights.
    """
    drawn = np.empty((rounds, items))
    for row in drawn:  # one round at a time keeps memory at one row of draws
        row[:] = np.bincount(rng.integers(items, size=items), minlength=items)
    return drawn


def clusters_of(documents: Sequence[str | None]) -> NDArray[np.int64]:
    """The number of each item's document, from 0; an item whose document is not known stands alone.

    Example:
        >>> clusters_of(["a", None, "a", None]).tolist()
        [0, 1, 0, 2]
    """
    known: dict[Any, int] = {}
    return np.array(
        [
            known.setdefault((row,) if name is None else name, len(known))
            for row, name in enumerate(documents)
        ],
        dtype=np.int64,
    )


def percentile_interval(
    values: NDArray[np.float64], confidence: float
) -> tuple[float, float] | None:
    """The middle ``confidence`` of bootstrap values; None if too many rounds are undefined.

    Args:
        values: One value a round, ``(rounds,)``, NaN where the round has none.
        confidence: Share of the rounds inside, for example 0.95.

    Example:
        >>> percentile_interval(np.arange(101.0), 0.5)
        (25.0, 75.0)
        >>> percentile_interval(np.array([1.0, np.nan]), 0.9) is None
        True
    """
    known = values[~np.isnan(values)]
    if len(values) == 0 or 1 - len(known) / len(values) > MOST_UNDEFINED:
        return None
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def percentile_intervals(values: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    """``percentile_interval`` of many rows at once.

    Args:
        values: One value a row and round, ``(rows, rounds)``, NaN where a round has none.
        confidence: Share of the rounds inside.

    Returns:
        Low and high of each row, ``(rows, 2)``; NaN where there is no interval.

    Example:
        >>> percentile_intervals(np.stack([np.arange(101.0), np.full(101, np.nan)]), 0.5).tolist()
        [[25.0, 75.0], [nan, nan]]
    """
    ends = np.full((len(values), 2), np.nan)
    whole = ~np.isnan(values).any(axis=1)
    if values.shape[1] and whole.any():
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        ends[whole] = np.quantile(values[whole], tails, axis=1).T
    for row in np.flatnonzero(~whole):
        ends[row] = percentile_interval(values[row], confidence) or np.nan
    return ends


def exact_interval(successes: int, items: int, confidence: float) -> tuple[float, float]:
    """Clopper-Pearson bounds of a share: never narrower than promised, also at 0 and 1.

    Example:
        >>> low, high = exact_interval(0, 10, 0.95)
        >>> low, round(high, 4)
        (0.0, 0.3085)

    Source:
        Clopper and Pearson 1934.
    """
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, items - successes + 1, tail))
    high = (
        1.0 if successes == items else float(betaincinv(successes + 1, items - successes, 1 - tail))
    )
    return low, high


def counts(
    items: int,
    rounds: int,
    rng: np.random.Generator,
    clusters: NDArray[np.int64] | None = None,
) -> NDArray[np.uint8]:
    """As ``weights``, in a byte a count, after a first row of ones: the items as they are.

    A thousand rounds of 60,000 items are 60 MB instead of 480.

    Args:
        items: Number of items, at least 1.
        rounds: Number of bootstrap rounds.
        rng: Source of chance.
        clusters: Number of each item's cluster (a document, a user), from 0: items of one cluster
            are drawn together. Each on its own where left out.

    Returns:
        Counts of shape ``(1 + rounds, items)``. A row sums to ``items``, or to near it where
        clusters of different sizes are drawn.

    Example:
        >>> counts(3, 2, np.random.default_rng(1))[0].tolist()
        [1, 1, 1]
        >>> drawn = counts(3, 5, np.random.default_rng(1), np.array([0, 0, 1]))
        >>> bool((drawn[:, 0] == drawn[:, 1]).all())
        True

    Source:
        Efron 1979; for clusters, Field and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x.
    """
    drawn = np.ones((1 + rounds, items), dtype=np.uint8)
    units = items if clusters is None else int(clusters.max()) + 1
    for row in drawn[1:]:
        # Of a million items none is drawn more than about 12 times: a byte is plenty.
        times = np.bincount(rng.integers(units, size=units), minlength=units)
        row[:] = times if clusters is None else times[clusters]
    return drawn
