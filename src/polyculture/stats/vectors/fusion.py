r"""Join two rankings of the same names, such as those of BM25 and of a network.

\[ s = \frac{1}{60 + r_1} + \frac{1}{60 + r_2} \]

with the ranks \(r\) from 1 of a name. Scores of different scales need not be compared, and nothing
is learnt.

Source: Cormack, Clarke and Büttcher 2009, Reciprocal rank fusion outperforms Condorcet and
individual rank learning methods.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

SMOOTHING = 60
"""The constant of its paper: the larger, the less the first ranks count."""


def by_rank(*scores: NDArray[Any]) -> NDArray[np.float64]:
    """Reciprocal rank fusion; names of equal scores share the mean of their ranks.

    Args:
        scores: Of every name, ``(..., names)``; more is better.

    Example:
        >>> by_rank(np.array([3.0, 2.0, 1.0]), np.array([1.0, 9.0, 2.0])).round(4).tolist()
        [0.0323, 0.0325, 0.032]
    """
    ranks = [rankdata(-np.asarray(values), axis=-1) for values in scores]
    fused: NDArray[np.float64] = np.sum([1 / (SMOOTHING + rank) for rank in ranks], axis=0)
    return fused
