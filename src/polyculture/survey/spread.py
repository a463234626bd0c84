"""The figures of how members spread over classes, for many draws at once."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyculture.stats.concentration import gini, hhi, hhi_unbiased, hill, top_share

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
FIGURES = ("hhi", "hhi_unbiased", "hill1", "hill2", "gini", "top_share")
"""Order of the columns of ``spread``."""
HILL1 = FIGURES.index("hill1")


def spread(totals: Floats, *, whole: bool) -> Floats:
    """All figures of each row.

    Args:
        totals: What each class has in each draw, ``(draws, classes)``, 0 or more.
        whole: Whether the totals count members, so that pairs of them have a meaning.

    Returns:
        ``(draws, 6)`` in the order of ``FIGURES``; NaN in a row without members, and where a
        figure has no meaning.

    Example:
        >>> spread(np.array([[5.0, 3.0, 2.0]]), whole=True).round(4).tolist()
        [[0.38, 0.3111, 2.8001, 2.6316, 0.2, 0.5]]
    """
    found = np.full((len(totals), len(FIGURES)), np.nan)
    filled = totals.sum(axis=1) > 0
    counts = totals[filled]
    if not len(counts):
        return found
    counts = counts[:, counts.any(axis=0)]  # of a large zoo's classes a draw meets few
    same = hhi(counts)
    pairs = hhi_unbiased(counts) if whole and counts.sum(axis=1).min() > 1 else np.nan
    found[filled] = np.stack(
        np.broadcast_arrays(
            same, pairs, hill(counts, 1), 1 / same, gini(counts), top_share(counts)
        ),
        axis=1,
    )
    return found


def totals_of(votes: "csr_array[np.float64]", rows: Positions) -> Floats:
    """What each class gets from sets of rows.

    Args:
        votes: ``(cards, classes)``, at least one entry a row.
        rows: Sets of rows, ``(draws, members)``; a row may be in a set more than once.

    Returns:
        ``(draws, classes)``.

    Example:
        >>> from scipy.sparse import csr_array
        >>> votes = csr_array(np.array([[1.0, 0.0], [0.5, 0.5]]))
        >>> totals_of(votes, np.array([[0, 1], [1, 1]])).tolist()
        [[1.5, 0.5], [1.0, 1.0]]
    """
    draws, members = rows.shape
    classes = votes.shape[1]
    picked = rows.ravel()
    if votes.nnz == votes.shape[0]:
        place, parts, ends = votes.indices[picked], votes.data[picked], None
    else:
        chosen = votes[picked]
        place, parts, ends = chosen.indices, chosen.data, chosen.indptr[::members]
    if draws > 1:
        each = members if ends is None else np.diff(ends)
        place = place + np.repeat(np.arange(draws) * classes, each)
    flat = np.bincount(place, weights=parts, minlength=draws * classes)
    return flat.reshape(draws, classes)
