"""A two-sample test by a classifier: can a model tell two splits apart?

The classifier learns on one half of the units and scores the other, which it never saw. Under the
null the scores of the second half are exchangeable between the two samples, so that the test of
their order is exact whatever the classifier is; a cross-validated figure has no such null.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from polyculture.core.errors import UndefinedError
from polyculture.core.values import Known
from polyculture.stats.scores import Numbers

FEWEST = 20
"""Units of each sample that a test takes."""
USUAL = 1.959964
"""Standard errors of a 95% interval."""

Scorer = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]], Numbers]
"""(rows to learn from, which of them are of b, rows to score): a number a row, high for b."""


def tell_apart(
    is_b: NDArray[np.bool_], units: Sequence[str], scorer: Scorer, *, seed: int = 1
) -> tuple[Known, float]:
    """How well a classifier tells the rows of sample b from those of sample a.

    Args:
        is_b: Which sample each row is of, ``(rows,)``.
        units: What each row belongs to, such as its document. Rows of one unit are no independent
            evidence: they fall into one half, and their mean score counts once.
        scorer: Learns and scores.
        seed: Which units are learnt from.

    Returns:
        Area under the ROC curve on the units that were not learnt from, with an interval by
        DeLong's variance; 0.5 is what equal samples give. And the p value (Mann-Whitney) of the
        null that both samples are of one distribution; one-sided, since a classifier that learnt
        nothing gives 0.5.

    Raises:
        UndefinedError: A sample has too few units.

    Source:
        Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests (arXiv:1610.06545).
    """
    names, unit = np.unique(np.asarray(units), return_inverse=True)
    of_unit = np.zeros(len(names), dtype=bool)
    of_unit[unit] = is_b
    if (of_unit[unit] != is_b).any():
        msg = "a unit has rows in both samples"
        raise UndefinedError(msg)
    sizes = int((~of_unit).sum()), int(of_unit.sum())
    if min(sizes) < FEWEST:
        msg = f"the smaller sample has {min(sizes)} units, and a test takes {FEWEST}"
        raise UndefinedError(msg)
    rng = np.random.default_rng(seed)
    learns = np.zeros(len(names), dtype=bool)
    for part in (np.flatnonzero(of_unit), np.flatnonzero(~of_unit)):
        learns[rng.permutation(part)[: len(part) // 2]] = True
    learnt, scored = np.flatnonzero(learns[unit]), np.flatnonzero(~learns[unit])
    scores = scorer(learnt, is_b[learnt].astype(np.int64), scored)
    sums = np.bincount(unit[scored], weights=scores, minlength=len(names))
    means = sums[~learns] / np.bincount(unit[scored], minlength=len(names))[~learns]
    b, a = means[of_unit[~learns]], means[~of_unit[~learns]]
    result = mannwhitneyu(b, a, alternative="greater")
    area, error = area_of(b, a)
    low, high = max(0.0, area - USUAL * error), min(1.0, area + USUAL * error)
    return Known(number=area, low=low, high=high, chance=0.5), float(result.pvalue)


def area_of(b: NDArray[Any], a: NDArray[Any]) -> tuple[float, float]:
    """Area under the ROC curve of two samples of scores, and its standard error.

    Example:
        >>> area, error = area_of(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
        >>> area, round(error, 4)
        (0.875, 0.1768)

    Source:
        DeLong, DeLong and Clarke-Pearson 1988.
    """
    below, at = np.sort(a), np.sort(b)
    of_b = (np.searchsorted(below, b, "left") + np.searchsorted(below, b, "right")) / (2 * len(a))
    of_a = 1 - (np.searchsorted(at, a, "left") + np.searchsorted(at, a, "right")) / (2 * len(b))
    variance = of_b.var(ddof=1) / len(b) + of_a.var(ddof=1) / len(a)
    return float(of_b.mean()), float(np.sqrt(variance))
