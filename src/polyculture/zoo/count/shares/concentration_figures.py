"""The figures of how members spread over classes, for many draws at once."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
FIGURES = ("hhi", "hhi_unbiased", "hill1", "hill2", "gini", "top_share")
"""Order of the columns of ``spread``."""
HILL1 = FIGURES.index("hill1")


def spread(totals: Floats, *, whole: bool) -> Floats:
    """All figures of each row, as ``stats.concentration`` defines them.

    They are computed together, since draws of a large zoo have millions of classes: only classes
    that occur are looked at, shares are never written down, and one sort serves two figures.

    Args:
        totals: What each class has in each draw, ``(draws, classes)``, 0 or more.
        whole: Whether the totals count members, so that pairs of them have a meaning.

    Returns:
        ``(draws, 6)`` in the order of ``FIGURES``; NaN in a row without members, and where a
        figure has no meaning.

    Example:
        >>> spread(np.array([[5.0, 3.0, 0.0, 2.0]]), whole=True).round(4).tolist()
        [[0.38, 0.3111, 2.8001, 2.6316, 0.2, 0.5]]
    """
    occurring, sizes = _occurring(totals)
    members = sizes.sum(axis=1)
    squares = np.einsum("dc,dc->d", sizes, sizes)
    with np.errstate(divide="ignore", invalid="ignore"):  # what is undefined becomes NaN below
        same = squares / members**2
        pairs = (squares - members) / (members * (members - 1))
        entropy = np.log(members) - xlogy(sizes, sizes).sum(axis=1) / members
        sizes.sort(axis=1)  # ascending, the zeros first
        fromtop = 2.0 * np.arange(1 - sizes.shape[1], 1)  # 2 (rank - classes): -2, 0 at the top
        uneven = ((sizes @ fromtop) / members + occurring - 1) / occurring
        found = np.stack(
            [same, pairs, np.exp(entropy), 1 / same, uneven, sizes.max(axis=1) / members], axis=1
        )
    found[members <= 0] = np.nan
    if not whole:
        found[:, FIGURES.index("hhi_unbiased")] = np.nan
    found[members <= 1, FIGURES.index("hhi_unbiased")] = np.nan
    return found


def _occurring(totals: Floats) -> tuple[Positions, Floats]:
    """How many classes occur in each row, and what they have, filled up with zeros."""
    draws, classes = totals.shape
    place = np.flatnonzero(totals > 0)
    row = place // max(classes, 1)
    number = np.bincount(row, minlength=draws)
    sizes = np.zeros((draws, max(1, number.max(initial=0))))
    sizes[row, np.arange(len(place)) - np.repeat(np.cumsum(number) - number, number)] = (
        totals.ravel()[place]
    )
    return number, sizes


def totals_of(votes: "csr_array[np.float64]", rows: NDArray[np.integer]) -> Floats:
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
    picked = np.sort(rows, axis=1).ravel()  # a walk through memory, not jumps
    if votes.nnz == votes.shape[0]:
        place, parts, ends = votes.indices[picked], votes.data[picked], None
    else:
        chosen = votes[picked]
        place, parts, ends = chosen.indices, chosen.data, chosen.indptr[::members]
    if draws > 1:
        each = members if ends is None else np.diff(ends)
        place = place + np.repeat(np.arange(draws) * classes, each)
    flat = np.bincount(place, weights=parts, minlength=draws * classes)
    return flat.astype(np.float64, copy=False).reshape(draws, classes)
