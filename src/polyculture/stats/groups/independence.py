"""What independent models would do together, given how often each of them fails."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def poisson_binomial(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chance that exactly 0, 1, ..., k of k independent events happen.

    Args:
        rates: Chance of each event, ``(k,)``.

    Returns:
        Chances of shape ``(k + 1,)`` that sum to 1.

    Example:
        >>> poisson_binomial(np.array([0.1, 0.2, 0.3])).round(3).tolist()
        [0.504, 0.398, 0.092, 0.006]

    Source:
        Poisson 1837; by convolution, k squared steps.
    """
    chances = np.ones(1)
    for rate in rates:
        chances = np.convolve(chances, [1 - rate, rate])
    return chances


def within(
    happens: NDArray[np.bool_], strata: NDArray[np.int64], counts: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Chance that all models share an outcome, if they were independent within each stratum.

    What models share because some kinds of items are harder for all of them is taken out. A small
    stratum repeats what was observed in it: one with a single item expects exactly what it saw.

    Args:
        happens: Whether the outcome (a failure) happens, ``(models, items)``.
        strata: Number of the stratum of each item, ``(items,)``, from 0.
        counts: How often each item counts in each round, ``(rounds, items)``.

    Returns:
        The expected share of items, ``(rounds,)``.

    Example:
        >>> fails = np.array([[True, True, False, False], [True, False, False, True]])
        >>> within(fails, np.array([0, 0, 1, 1]), np.ones((1, 4), np.uint8)).tolist()
        [0.25]
    """
    order = np.argsort(strata, kind="stable")
    bounds = np.flatnonzero(np.diff(strata[order], prepend=-1, append=-1))
    expected = np.zeros(len(counts))
    for start, end in pairwise(bounds):
        rows = order[start:end]
        drawn = counts[:, rows].astype(np.float64)  # (rounds, items of the stratum)
        size = drawn.sum(axis=1)
        failed = happens[:, rows].astype(np.float64) @ drawn.T  # (models, rounds)
        rates = np.divide(failed, size, out=np.zeros_like(failed), where=size > 0)
        expected += size * rates.prod(axis=0)
    shares: NDArray[np.float64] = expected / counts.sum(axis=1, dtype=np.float64)
    return shares
