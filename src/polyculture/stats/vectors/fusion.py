r"""Join the rankings of two methods for the same names, such as BM25 and a network.

By ranks \(r\) from 1, with nothing to choose:

\[ s = \frac{1}{60 + r_1} + \frac{1}{60 + r_2} \]

or by scores, each brought to mean 0 and deviation 1 over the names of an item:

\[ s = (1 - w) z_1 + w z_2 \]

with a weight that has to be chosen on other rows than those that are reported on.

Source: Cormack, Clarke and Büttcher 2009, Reciprocal rank fusion outperforms Condorcet and
individual rank learning methods; sums of standardized scores as in Montague and Aslam 2001,
Relevance score normalization for metasearch.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from polyculture.stats.scores import Numbers

Fuse = Literal["no", "ranks", "scores"]
"""How a network's ranking is joined with that of BM25."""
SMOOTHING = 60
"""The constant of reciprocal ranks: the larger, the less the first ranks count."""
WEIGHT, EVEN = "fusion_weight", 0.5
"""What the chosen weight of the network is called, and what it is before it is chosen."""
WEIGHTS = tuple(tenth / 10 for tenth in range(11))
"""Weights of which one is chosen."""


def fused(
    how: Fuse, of_bm25: NDArray[Any], of_network: NDArray[Any], settled: Mapping[str, float]
) -> NDArray[Any]:
    """Scores by which names are ranked.

    Args:
        how: ``no`` leaves those of the network.
        of_bm25: BM25's, ``(..., names)``.
        of_network: The network's, of the same shape; more is better.
        settled: With the weight, once it is chosen.
    """
    if how == "ranks":
        return by_rank(of_bm25, of_network)
    if how == "scores":
        return by_score(of_bm25, of_network, settled.get(WEIGHT, EVEN))
    return of_network


def by_rank(*scores: NDArray[Any]) -> Numbers:
    """Reciprocal rank fusion; names of equal scores share the mean of their ranks.

    Args:
        scores: Of every name, ``(..., names)``; more is better.

    Example:
        >>> by_rank(np.array([3.0, 2.0, 1.0]), np.array([1.0, 9.0, 2.0])).round(4).tolist()
        [0.0323, 0.0325, 0.032]
    """
    ranks = [rankdata(-np.asarray(values), axis=-1) for values in scores]
    reciprocal: Numbers = np.sum([1 / (SMOOTHING + rank) for rank in ranks], axis=0)
    return reciprocal


def by_score(first: NDArray[Any], second: NDArray[Any], weight: float) -> Numbers:
    """The weighted sum of standardized scores.

    Args:
        first: Of every name, ``(..., names)``; more is better.
        second: Of the same shape.
        weight: Of the second, from 0 to 1.

    Example:
        >>> by_score(np.array([0.0, 2.0]), np.array([5.0, 5.0]), 0.5).tolist()
        [-0.5, 0.5]
    """
    summed: Numbers = (1 - weight) * _standardized(first) + weight * _standardized(second)
    return summed


def _standardized(scores: NDArray[Any]) -> Numbers:
    """Mean 0 and deviation 1 over the last axis; 0 where all are equal."""
    off = np.asarray(scores, dtype=np.float64)
    off = off - off.mean(axis=-1, keepdims=True)
    spread = off.std(axis=-1, keepdims=True)
    standardized: Numbers = np.zeros_like(off)
    np.divide(off, spread, out=standardized, where=spread > 0)
    return standardized


def best_weight(
    first: NDArray[Any], second: NDArray[Any], goodness: Callable[[Numbers], float]
) -> float:
    """The weight of ``WEIGHTS`` whose fused scores are best; of several, the one nearest to even.

    Args:
        first: Of every name for every item, ``(items, names)``.
        second: Of the same shape.
        goodness: How good some scores are; more is better.

    Example:
        >>> first, second = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
        >>> best_weight(first, second, lambda scores: scores[0, 1])
        1.0
    """
    good = {
        # rounded, so that the order in which items are added up decides nothing
        weight: round(goodness(by_score(first, second, weight)), 9)
        for weight in WEIGHTS
    }
    return max(WEIGHTS, key=lambda weight: (good[weight], -abs(weight - EVEN)))
