r"""Scores of probabilities: calibration, log loss, Brier score, AUROC.

\[ \mathrm{log\ loss} = -\frac1n \sum_i \log p_{i y_i}, \qquad
   \mathrm{Brier} = \frac1n \sum_i \sum_k (p_{ik} - [y_i = k])^2 \]

Gold that a model cannot answer stays in: its probability is 0, so the log loss has no value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from polyculture.core.run import Score
from polyculture.core.values import Known, Undefined
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import BINS, Numbers, calibration_gaps

EPSILON = float(np.finfo(np.float64).eps)
"""The least probability that enters a logarithm, as in scikit-learn."""
LOG_LOSS, BRIER, COUNT, GAPS, PLAIN_GAPS = 0, 1, 2, 3, 3 + BINS
"""Places of what a row adds to the sums."""
NO_RANKS = "AUROC depends on ranks, not on sums over rows, so it is not resampled"
UNANSWERABLE = "gold holds labels that the model cannot answer, whose probability is 0"
NOTHING = "there is neither gold nor an answer"


@dataclass(frozen=True, kw_only=True)
class Probabilities:
    """The probability of each label of each row, and which label is right."""

    of_labels: Numbers
    """``(rows, labels)``; each row sums to 1."""
    gold: NDArray[np.int64]
    """The place of the right label, ``(rows,)``; -1 where the model does not have it."""
    temperature: float | None = None
    """By what the logits were divided; None if they were not."""

    def features(self) -> Numbers:
        """What each row adds to the sums, ``(rows, 3 + 2 * BINS)``."""
        at_gold = self.of_labels[np.arange(len(self.gold)), np.maximum(self.gold, 0)]
        at_gold = np.where(self.gold >= 0, at_gold, 0.0)
        losses = -np.log(np.clip(at_gold, EPSILON, 1.0))
        # of the squares of p - y only that of the right label differs from the square of p
        brier = (self.of_labels**2).sum(axis=1) + 1 - 2 * at_gold
        plain = uncalibrated(self.of_labels, self.temperature or 1.0)
        gaps = [
            calibration_gaps(table.max(axis=1), table.argmax(axis=1) == self.gold)
            for table in (self.of_labels, plain)
        ]
        return np.column_stack([losses, brier, np.ones(len(brier)), *gaps])

    def scores(self, drawn: Resampled, start: int, labels: Sequence[str]) -> list[Score]:
        """All scores.

        Args:
            drawn: Sums over rows, those of ``features`` among them.
            start: Where the sums of ``features`` begin.
            labels: What the columns are called.
        """

        def of(statistic: Callable[[Numbers], Numbers]) -> Callable[[Numbers], Numbers]:
            return lambda sums: statistic(sums[..., start:])

        gaps = [("ece", GAPS)]
        gaps += [] if self.temperature is None else [("ece_uncalibrated", PLAIN_GAPS)]
        eces = [
            drawn.score(name, of(_ece(first)), reason=NOTHING, higher_is_better=False)
            for name, first in gaps
        ]
        mean: dict[str, bool] = {"higher_is_better": False, "in_percent": False}
        brier = drawn.score("brier", of(_mean(BRIER)), reason=NOTHING, **mean)
        losses = drawn.score("log_loss", of(_mean(LOG_LOSS)), reason=NOTHING, **mean)
        if (self.gold < 0).any():
            losses = losses.model_copy(update={"value": Undefined(reason=UNANSWERABLE)})
        marks = self.gold[:, None] == np.arange(len(labels))
        ranked = Score(name="auroc", value=mean_auroc(self.of_labels, marks, labels))
        return [*eces, losses, brier, ranked]


def _ece(first: int) -> Callable[[Numbers], Numbers]:
    return lambda sums: np.asarray(
        np.abs(sums[..., first : first + BINS]).sum(axis=-1) / sums[..., COUNT]
    )


def _mean(place: int) -> Callable[[Numbers], Numbers]:
    return lambda sums: np.asarray(sums[..., place] / sums[..., COUNT])


def uncalibrated(of_labels: Numbers, temperature: float) -> Numbers:
    """The probabilities before their logits were divided by a temperature.

    Example:
        >>> uncalibrated(np.array([[0.6, 0.4]]), 2.0).round(4).tolist()
        [[0.6923, 0.3077]]
    """
    raised = of_labels**temperature
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def mean_auroc(
    scores: Numbers, marks: NDArray[np.bool_], labels: Sequence[str]
) -> Known | Undefined:
    """The area under the ROC curve of each label against the rest, averaged over labels.

    Of two labels that exclude each other both areas are the same. Ties count one half.

    Args:
        scores: Higher where a label fits better, ``(rows, labels)``.
        marks: Where a label is right, ``(rows, labels)``.
        labels: What the columns are called.

    Returns:
        A number without interval, or the first label that all rows have, or none, as a reason.

    Example:
        >>> scores = np.array([[0.1], [0.4], [0.35], [0.8]])
        >>> mean_auroc(scores, np.array([[False], [False], [True], [True]]), ["b"]).number
        0.75

    Source:
        Hand and Till 2001, doi:10.1023/A:1010920819831, for the rank form; one against the rest as
        in Provost and Domingos 2000.
    """
    right = marks.sum(axis=0)
    wrong = len(marks) - right
    for place in map(int, np.flatnonzero((right == 0) | (wrong == 0))):
        many = "no row" if not right[place] else "every row"
        return Undefined(reason=f"{many} has the label {labels[place]!r}, so AUROC has no value")
    if not labels:
        return Undefined(reason=NOTHING)
    ranks = rankdata(scores, axis=0)
    areas = ((ranks * marks).sum(axis=0) - right * (right + 1) / 2) / (right * wrong)
    return Known(number=float(areas.mean()), no_interval=NO_RANKS)
