"""The Mantel test: pairs of models are not independent, since each model is in many."""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import UndefinedError

FEWEST = 5
"""Below five models there are at most 24 permutations: too few for a p value."""
ENUMERATED = 7
"""Up to seven models all permutations (5,040) are enumerated."""
DRAWN = 4999
"""Permutations drawn where there are more."""
ROUNDING = 1e-9
"""Correlations this near are taken as equal."""


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of their ranks.

    Example:
        >>> ranks(np.array([0.2, 0.1, 0.2])).tolist()
        [2.5, 1.0, 2.5]
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    mean: NDArray[np.float64] = last - (count - 1) / 2
    return mean[place]


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Pearson's correlation.

    Raises:
        UndefinedError: One side does not vary.

    Example:
        >>> round(correlation(np.array([1.0, 2, 3]), np.array([1.0, 2, 4])), 3)
        0.982
    """
    a, b = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    if scale == 0 or np.ptp(x) == 0 or np.ptp(y) == 0:
        msg = "one side is the same for all pairs"
        raise UndefinedError(msg)
    return float(np.clip(a @ b / scale, -1, 1))


def mantel(x: NDArray[np.float64], y: NDArray[np.float64], rng: np.random.Generator) -> float:
    """Two-sided p of the correlation of two matrices over pairs, by permuting the models of one.

    Args:
        x: A value for every pair of models, ``(models, models)``, symmetric; the diagonal is not
            looked at.
        y: Another.
        rng: Source of chance, where there are too many permutations to go through all.

    Returns:
        The share of permutations whose correlation is at least as far from 0, never 0.

    Raises:
        UndefinedError: There are fewer than five models, or one side does not vary.

    Example:
        >>> x = np.abs(np.subtract.outer(np.arange(5), np.arange(5))).astype(float)
        >>> mantel(x, x, np.random.default_rng(1)) * 120
        2.0

    Source:
        Mantel 1967; Phipson and Smyth 2010, arXiv:1603.05766 (a p is never 0).
    """
    models = len(x)
    if models < FEWEST:
        msg = f"a permutation test takes at least {FEWEST} models, but there are {models}"
        raise UndefinedError(msg)
    left, right = np.triu_indices(models, 1)
    pair_values = x[left, right]
    observed = abs(correlation(pair_values, y[left, right])) - ROUNDING
    if models <= ENUMERATED:
        orders = np.array(list(permutations(range(models))))
        extra = 0  # the order as it is stands among them
    else:
        orders = np.array([rng.permutation(models) for _ in range(DRAWN)])
        extra = 1
    shuffled = y[orders[:, left], orders[:, right]]  # (permutations, pairs)
    a, b = pair_values - pair_values.mean(), shuffled - shuffled.mean(axis=1, keepdims=True)
    correlations = np.abs(b @ a) / np.sqrt((a @ a) * (b * b).sum(axis=1))
    return float(((correlations >= observed).sum() + extra) / (len(orders) + extra))
