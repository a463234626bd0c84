r"""Numbers of label answers that are chosen on validation rows: temperature and thresholds.

\[ T^* = \arg\min_T -\sum_i \log \mathrm{softmax}(z_i / T)_{y_i} \]

One temperature leaves the order of the labels of a row, and so every answer, as it was.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

from polyculture.core.shown import some
from polyculture.stats.labels.learning_checks import MOST_NAMED
from polyculture.stats.labels.several_labels import THRESHOLD
from polyculture.stats.scores import Numbers

TEMPERATURE, LABEL_THRESHOLD = "temperature", "threshold"
COLDEST, HOTTEST = 0.1, 10.0
"""A temperature at an end of this range is not taken: the best one lies outside."""
AT_END = 0.01
"""Relative distance from an end that counts as being there."""


def fitted_temperature(logits: Numbers, targets: NDArray[Any]) -> float:
    """The temperature at which labels of validation rows are least surprising.

    Args:
        logits: ``(rows, labels)``.
        targets: The place of each row's label, ``(rows,)``, where those below 0 do not count; or,
            with several labels a row, 0 and 1 of each, ``(rows, labels)``.

    Returns:
        A number from 0.1 to 10; 1 where there is no row, where every row is right, or where none
        within this range is best.

    Example:
        Of a hundred answers at 0.95 eighty are right: 0.8 would be honest.

        >>> logits = np.tile([0.0, np.log(19)], (100, 1))
        >>> hot = fitted_temperature(logits, np.array([1] * 80 + [0] * 20))
        >>> round(float(1 / (1 + np.exp(-np.log(19) / hot))), 4)
        0.8

    Source:
        Guo et al. 2017, arXiv:1706.04599, section 4.2.
    """
    if targets.ndim == 1:
        logits, targets = logits[targets >= 0], targets[targets >= 0]
    if not len(targets) or _all_right(logits, targets):
        return 1.0  # the colder the better, without end

    def surprise(log_cold: float) -> float:
        # convex in 1 / T, so there is one minimum
        scaled = logits * np.exp(log_cold)
        if targets.ndim == 1:
            return float(-log_softmax(scaled, axis=1)[np.arange(len(targets)), targets].mean())
        return float(-(targets * log_expit(scaled) + (1 - targets) * log_expit(-scaled)).mean())

    ends = (-np.log(HOTTEST), -np.log(COLDEST))
    best = minimize_scalar(surprise, bounds=ends, method="bounded", options={"xatol": 1e-6})
    if min(best.x - ends[0], ends[1] - best.x) < AT_END:
        return 1.0
    return float(np.exp(-best.x))


def _all_right(logits: Numbers, targets: NDArray[Any]) -> bool:
    """Whether every label is answered rightly, and none only by a tie."""
    if targets.ndim > 1:
        return bool((np.where(targets > 0, logits, -logits) > 0).all())
    rows = np.arange(len(targets))
    rest = logits.copy()
    rest[rows, targets] = -np.inf
    return bool((logits[rows, targets] > rest.max(axis=1)).all())


def label_thresholds(
    probabilities: Numbers, marks: NDArray[Any], labels: Sequence[str]
) -> dict[str, float]:
    """The probability from which each label is answered: that of the best F1 of the label.

    Of equal thresholds the one nearest to 0.5 is taken, in the middle between two probabilities.

    Args:
        probabilities: ``(rows, labels)``.
        marks: 1 where a label is right, 0 elsewhere, ``(rows, labels)``.
        labels: What the columns are called.

    Returns:
        ``threshold:LABEL`` for each label that some row has; the others keep 0.5.

    Example:
        >>> probabilities = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.1]])
        >>> label_thresholds(probabilities, np.array([[0, 0], [1, 0], [1, 0]]), ["a", "b"])
        {'threshold:a': 0.15000000000000002}
    """
    return {
        f"{LABEL_THRESHOLD}:{label}": _best_threshold(probabilities[:, place], marks[:, place] > 0)
        for place, label in enumerate(labels)
        if marks[:, place].any()
    }


def _best_threshold(probabilities: Numbers, right: NDArray[np.bool_]) -> float:
    values = np.unique(probabilities)  # from the lowest up
    between = np.concatenate([[values[0] / 2], (values[1:] + values[:-1]) / 2])
    order = np.sort(probabilities)
    of_right = np.sort(probabilities[right])
    answered = len(order) - np.searchsorted(order, between, side="left")
    found = len(of_right) - np.searchsorted(of_right, between, side="left")
    f1 = 2 * found / (answered + len(of_right))
    best = np.flatnonzero(f1 == f1.max())
    return float(between[best[np.abs(between[best] - THRESHOLD).argmin()]])


def thresholds_of(settled: Mapping[str, float], labels: Sequence[str]) -> Numbers:
    """The threshold of each label, ``(labels,)``; 0.5 where none was chosen.

    Example:
        >>> thresholds_of({"threshold:b": 0.25}, ["a", "b"]).tolist()
        [0.5, 0.25]
    """
    return np.array([settled.get(f"{LABEL_THRESHOLD}:{label}", THRESHOLD) for label in labels])


def note_on_settled(settled: Mapping[str, float]) -> tuple[str, ...]:
    """What is worth knowing about numbers that were looked for."""
    if settled.get(TEMPERATURE) != 1.0:
        return ()
    note = (
        f"No temperature from {COLDEST} to {HOTTEST:g} fits the validation rows best, for example "
        "because all of them are answered rightly: probabilities stay as they are."
    )
    return (note,)


def note_on_thresholds(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels whose threshold cannot be chosen, since no validation row has them.

    Example:
        >>> note_on_thresholds(["art"])
        ("No validation row has the label 'art': its threshold stays 0.5.",)
    """
    shown = some([*map(repr, labels)], MOST_NAMED)
    if len(labels) == 1:
        return (f"No validation row has the label {shown}: its threshold stays {THRESHOLD}.",)
    note = f"No validation row has the labels {shown}: their thresholds stay {THRESHOLD}."
    return (note,)
