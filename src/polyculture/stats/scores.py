r"""Precision, recall and F1 from counts, their averages, and calibration.

Three counts a class are enough: how often it was answered rightly, how often it was answered, how
often it is gold. All functions take arrays ``(..., classes)``, so that the rounds of a bootstrap
are computed at once. Where a figure has no value it is NaN inside this package; tables show none
and scores a reason.

\[ P = \frac{c}{p}, \qquad R = \frac{c}{g}, \qquad F_1 = \frac{2c}{p + g} \]

with c right answers, p answers and g gold. F1 is 0, and not undefined, where there is gold or an
answer but nothing is right.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyculture.core.run import AVERAGES, Row, ScoreTable

Numbers = NDArray[np.float64]

BINS = 15
"""Equal bins of confidence in the calibration error, as in its paper."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Counts of each class, ``(..., classes)``; under bootstrap weights they may be fractions."""

    correct: Numbers
    answered: Numbers
    gold: Numbers

    @classmethod
    def of(cls, features: Numbers) -> "Counts":
        """From one array ``(..., 3 * classes)``: right answers, answers and gold side by side."""
        correct, answered, gold = np.split(features, 3, axis=-1)
        return cls(correct=correct, answered=answered, gold=gold)

    def summed(self) -> "Counts":
        """All classes taken together, ``(..., 1)``: the counts of micro averages."""
        return Counts(
            correct=self.correct.sum(axis=-1, keepdims=True),
            answered=self.answered.sum(axis=-1, keepdims=True),
            gold=self.gold.sum(axis=-1, keepdims=True),
        )

    @property
    def precision(self) -> Numbers:
        """Share of the answers that are right; NaN where nothing was answered."""
        return ratio(self.correct, self.answered)

    @property
    def recall(self) -> Numbers:
        """Share of the gold that was found; NaN where there is no gold."""
        return ratio(self.correct, self.gold)

    @property
    def f1(self) -> Numbers:
        """Harmonic mean of both; NaN where there is neither gold nor an answer."""
        return ratio(2 * self.correct, self.answered + self.gold)


def ratio(part: Numbers, whole: Numbers) -> Numbers:
    """``part / whole``, NaN where the whole is 0.

    Example:
        >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
        array([0.5, nan])
    """
    nowhere: Numbers = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=nowhere, where=whole != 0)


def macro(values: Numbers, counts: Counts) -> Numbers:
    """Plain mean over the classes that occur in gold or answers.

    A class that occurs in neither is not part of the data and is left out. If a class that does
    occur has no value, neither has the mean: leaving it out would flatter.

    Example:
        >>> counts = Counts.of(np.array([1.0, 0, 0, 2, 0, 0, 1, 1, 0]))
        >>> counts.precision, macro(counts.f1, counts), macro(counts.precision, counts)
        (array([0.5, nan, nan]), array(0.33333333), array(nan))
    """
    return _mean(values, ((counts.answered + counts.gold) > 0).astype(np.float64))


def weighted(values: Numbers, counts: Counts) -> Numbers:
    """Mean over classes, each as often as it is gold.

    Example:
        >>> counts = Counts.of(np.array([1.0, 0, 2, 0, 1, 1]))
        >>> weighted(counts.f1, counts)
        array(0.33333333)
    """
    return _mean(values, counts.gold)


def _mean(values: Numbers, weights: Numbers) -> Numbers:
    total = np.where(weights > 0, values, 0.0) * weights
    return ratio(np.asarray(total.sum(axis=-1)), np.asarray(weights.sum(axis=-1)))


def matthews(counts: Counts, items: Numbers) -> Numbers:
    r"""Matthews' correlation of answers and gold over all classes; NaN where either is constant.

    \[ \frac{c n - \sum_k p_k g_k}{\sqrt{n^2 - \sum_k p_k^2} \sqrt{n^2 - \sum_k g_k^2}} \]

    An answer that was not given is a class of its own.

    Args:
        counts: Right answers, answers and gold of each class, ``(..., classes)``.
        items: How many items there are, ``(...)``.

    Example:
        >>> counts = Counts.of(np.array([1.0, 2, 2, 2, 1, 3]))
        >>> round(float(matthews(counts, np.array(4.0))), 4)
        0.5774

    Source:
        Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006.
    """
    missing = items - counts.answered.sum(axis=-1)
    both = counts.correct.sum(axis=-1) * items - (counts.answered * counts.gold).sum(axis=-1)
    answered = items**2 - (counts.answered**2).sum(axis=-1) - missing**2
    gold = items**2 - (counts.gold**2).sum(axis=-1)
    return ratio(np.asarray(both), np.sqrt(np.maximum(answered * gold, 0.0)))


def label_rows(labels: Sequence[str], counts: Counts) -> tuple[Row, ...]:
    """One row a label: precision, recall, f1 (none where undefined), support, answered.

    Example:
        >>> label_rows(["a"], Counts.of(np.array([1.0, 2, 1])))[0]
        {'label': 'a', 'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666, 'support': 1, 'answered': 2}
    """  # noqa: E501  # the example's output is one line
    return tuple(
        {
            "label": label,
            "precision": known(counts.precision[place]),
            "recall": known(counts.recall[place]),
            "f1": known(counts.f1[place]),
            "support": int(counts.gold[place]),
            "answered": int(counts.answered[place]),
        }
        for place, label in enumerate(labels)
    )


def label_table(labels: Sequence[str], counts: Counts) -> ScoreTable:
    """The table of labels, counted in rows."""
    return ScoreTable(name="labels", title="every label", rows=label_rows(labels, counts))


def average_rows(counts: Counts) -> tuple[Row, ...]:
    """Rows ``micro``, ``macro`` and ``weighted`` below a table of labels."""
    pooled = counts.summed()
    means: tuple[Callable[[str], Any], ...] = (
        lambda name: getattr(pooled, name)[0],
        lambda name: macro(getattr(counts, name), counts),
        lambda name: weighted(getattr(counts, name), counts),
    )
    return tuple(
        {
            "label": label,
            **{name: known(mean(name)) for name in ("precision", "recall", "f1")},
            "support": int(pooled.gold[0]),
            "answered": int(pooled.answered[0]),
        }
        for label, mean in zip(AVERAGES, means, strict=True)
    )


def known(value: float | Numbers) -> float | None:
    """A plain number, or none for NaN."""
    number = float(value)
    return None if np.isnan(number) else number


def calibration_gaps(confidence: Numbers, right: NDArray[np.bool_]) -> Numbers:
    r"""Each item's part in the calibration error: confidence minus rightness, in its bin.

    The expected calibration error is the sum over bins of \(|\sum_i (p_i - r_i)|\), divided by
    the number of items.

    Args:
        confidence: Probability of the answer that was given, ``(items,)``.
        right: Whether that answer is right, ``(items,)``.

    Returns:
        Shape ``(items, BINS)``, zero outside the item's bin.

    Example:
        >>> gaps = calibration_gaps(np.array([0.9, 0.9]), np.array([True, False]))
        >>> round(float(np.abs(gaps.sum(axis=0)).sum() / 2), 4)
        0.4

    Source:
        Guo et al. 2017, arXiv:1706.04599; equal bins (low, high].
    """
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    gaps = np.zeros((len(confidence), BINS))
    gaps[np.arange(len(confidence)), bins] = confidence - right
    return gaps
