"""Suspected label errors by confident learning.

A model that has not seen a row gives it probabilities. A row whose label gets little of them, while
another label gets as much as the rows that really carry that one usually give it, is suspected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import UndefinedError
from polyculture.stats.scores import Numbers

Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Suspects:
    """Rows whose label may be wrong, the most suspicious first."""

    rows: Codes
    """Places of the rows, ``(suspects,)``."""
    suggested: Codes
    """The label that the model is confident of, ``(suspects,)``."""
    margins: Numbers
    """Probability of the given label less that of the suggested one; below 0."""
    joint: NDArray[np.int64]
    """Rows by given label and confident label, ``(labels, labels)``."""
    thresholds: Numbers
    """Mean probability of each label over the rows that carry it; NaN for a label without any."""


def suspects(probabilities: Numbers, labels: Codes) -> Suspects:
    r"""Rows that lie off the diagonal of the confident joint, by the margin of their label.

    \[ t_j = \operatorname{mean}\{ p_j(x) : \tilde y = j \}, \qquad
       C_{ij} = |\{ x : \tilde y = i,\ j = \arg\max_{l:\, p_l(x) \ge t_l} p_l(x) \}| \]

    Args:
        probabilities: Of models that did not see the row, ``(rows, labels)``.
        labels: The given label of each row, ``(rows,)``.

    Raises:
        UndefinedError: There are fewer than two labels.

    Example:
        >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
        >>> suspects(p, np.array([0, 0, 1, 1, 0])).rows.tolist()
        [4]

    Source:
        Northcutt, Jiang and Chuang 2021, Confident Learning, JAIR 70 (arXiv:1911.00068).
    """
    size = probabilities.shape[1]
    if len(np.unique(labels)) < 2:  # noqa: PLR2004
        msg = "all rows have one label"
        raise UndefinedError(msg)
    held = [labels == code for code in range(size)]
    thresholds = np.array(
        [
            probabilities[rows, code].mean() if rows.any() else np.nan
            for code, rows in enumerate(held)
        ]
    )
    is_confident = probabilities >= np.where(np.isnan(thresholds), np.inf, thresholds)
    guess = np.where(is_confident, probabilities, -1.0).argmax(axis=1)
    counted = is_confident.any(axis=1)
    joint = np.zeros((size, size), dtype=np.int64)
    np.add.at(joint, (labels[counted], guess[counted]), 1)
    places = np.arange(len(labels))
    margins = probabilities[places, labels] - probabilities[places, guess]
    off = np.flatnonzero(counted & (guess != labels) & (margins < 0))
    order = off[np.argsort(margins[off], kind="stable")]
    return Suspects(
        rows=order,
        suggested=guess[order],
        margins=margins[order],
        joint=joint,
        thresholds=thresholds,
    )


def folds_of(labels: Codes, keys: Sequence[str], folds: int, *, seed: int = 1) -> Codes:
    """A fold for each row: labels are spread evenly, and equal inputs stay together.

    A copy of a row in another fold would teach the model its label, right or wrong.

    Args:
        labels: The label of each row; equal inputs are dealt by the label of the first.
        keys: Equal for equal inputs.
        folds: How many folds.
        seed: Of the order in which inputs are dealt.

    Example:
        >>> folds = folds_of(np.array([0, 0, 1, 1]), ["a", "a", "b", "c"], 2)
        >>> bool(folds[0] == folds[1]), bool(folds[2] != folds[3])
        (True, True)
    """
    first = {key: place for place, key in reversed(list(enumerate(keys)))}
    order = np.random.default_rng(seed).permutation(len(first))
    every = list(first)
    unique = [every[place] for place in order]
    dealt = {}
    counters = {int(code): count(int(code)) for code in np.unique(labels)}
    for key in unique:
        dealt[key] = next(counters[int(labels[first[key]])]) % folds
    return np.array([dealt[key] for key in keys], dtype=np.int64)
