"""Two-sample tests: do two sets of models differ more than random sets would?

Sets may share members. Members are pooled with a label each, and shuffling deals the same labels
out anew, so that the sizes of both sets and of what they share stay as they are.
"""

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import UndefinedError
from polyculture.stats.scores import Numbers

A_ONLY, B_ONLY, BOTH = 1, 2, 3
"""Labels of pooled members: the first bit says "in a", the second "in b"."""
FEWEST = 2
"""Members that a pair takes."""
ROUNDING = 1e-9
"""Figures this near are taken as equal."""

Rows = NDArray[np.int64]
Labels = NDArray[np.int8]


def pooled(a: Rows, b: Rows) -> tuple[Rows, Labels]:
    """All members of two sets, each once and in ascending order, with the label of each.

    Example:
        >>> members, labels = pooled(np.array([4, 2]), np.array([2, 7]))
        >>> members.tolist(), labels.tolist()
        ([2, 4, 7], [3, 1, 2])
    """
    members = np.union1d(a, b)
    labels = A_ONLY * np.isin(members, a) + B_ONLY * np.isin(members, b)
    return members, labels.astype(np.int8)


def shuffled(labels: Labels, draws: int, rng: np.random.Generator) -> Labels:
    """The labels dealt out at random, ``(draws, members)``.

    Example:
        >>> drawn = shuffled(np.array([1, 2, 3], dtype=np.int8), 5, np.random.default_rng(1))
        >>> drawn.shape, np.unique(drawn.sum(axis=1)).tolist()
        ((5, 3), [6])
    """
    return rng.permuted(np.tile(labels, (draws, 1)), axis=1)


def in_a(labels: Labels) -> Numbers:
    """1 where a member is in a, also if it is in both, else 0."""
    return (labels & A_ONLY).astype(np.float64)


def in_b(labels: Labels) -> Numbers:
    """1 where a member is in b, also if it is in both, else 0."""
    return ((labels & B_ONLY) // B_ONLY).astype(np.float64)


def mmd(kernel: Numbers, a: Rows, b: Rows) -> float:
    r"""Squared maximum mean discrepancy of two sets, unbiased.

    \[ \overline{k}(a, a) + \overline{k}(b, b) - 2\,\overline{k}(a, b) \]

    where each mean is over pairs of *different* members. A member of both sets is not paired with
    itself in the last mean either: two equal sets give exactly 0.

    Args:
        kernel: Similarities, ``(n, n)``, symmetric and positive semidefinite.
        a: Rows of one set, each once.
        b: Rows of the other.

    Returns:
        About 0 where both are drawn from one population, and then below 0 as often as above;
        at most 2 for similarities from 0 to 1.

    Raises:
        UndefinedError: A set has fewer than two members.

    Example:
        >>> kernel = np.array([[1, 0.5, 0.1, 0.1], [0.5, 1, 0.1, 0.1],
        ...                    [0.1, 0.1, 1, 0.7], [0.1, 0.1, 0.7, 1]])
        >>> round(mmd(kernel, np.array([0, 1]), np.array([2, 3])), 4)
        1.0

    Source:
        Gretton et al. 2012, A kernel two-sample test.
    """
    members, labels = pooled(a, b)
    return float(mmd_of_labels(kernel[np.ix_(members, members)], labels))


def mmd_of_labels(kernel: Numbers, labels: Labels) -> Numbers:
    """``mmd`` of pooled members, for many labellings at once.

    Args:
        kernel: Similarities of the pooled members, ``(members, members)``.
        labels: ``(..., members)``, for example from ``shuffled``.

    Returns:
        One value a labelling.

    Raises:
        UndefinedError: A set has fewer than two members.

    Example:
        >>> kernel = np.array([[1.0, 0.4, 0.4], [0.4, 1.0, 0.4], [0.4, 0.4, 1.0]])
        >>> bool(abs(mmd_of_labels(kernel, np.array([1, 3, 2], dtype=np.int8))) < 1e-12)
        True
    """
    first, second = in_a(labels), in_b(labels)
    reached = first @ kernel
    within_a = _mean_kernel(first, first, reached, kernel)
    within_b = _mean_kernel(second, second, second @ kernel, kernel)
    return np.asarray(within_a + within_b - 2 * _mean_kernel(first, second, reached, kernel))


def _mean_kernel(first: Numbers, second: Numbers, reached: Numbers, kernel: Numbers) -> Numbers:
    """Mean kernel value over pairs of different members, one of each set."""
    shared = first * second
    pairs = first.sum(axis=-1) * second.sum(axis=-1) - shared.sum(axis=-1)
    if (pairs < 1).any():
        msg = f"a set has fewer than {FEWEST} members, so it has no pairs"
        raise UndefinedError(msg)
    total = (reached * second).sum(axis=-1) - shared @ kernel.diagonal()
    return np.asarray(total / pairs)


def permutation_p(observed: float, null: Numbers) -> float:
    """Share of draws at least as large as the observation, which counts as one: never 0.

    Args:
        observed: The figure as it is.
        null: The figure of each draw, ``(draws,)``. For "as low or lower" give both with a minus.

    Example:
        >>> permutation_p(3.0, np.array([1.0, 3.0, 5.0, 2.0]))
        0.6

    Source:
        Phipson and Smyth 2010, arXiv:1603.05766.
    """
    as_large = int((null >= observed - ROUNDING * max(1.0, abs(observed))).sum())
    return (1 + as_large) / (1 + len(null))
