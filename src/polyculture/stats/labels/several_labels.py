"""Several labels of one row: as one answer, as targets, and from probabilities.

An answer is all labels in code-point order, joined by ``|``; no label at all is ``(none)``, so that
an empty cell keeps its meaning of "not answered".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from polyculture.core.errors import RowError
from polyculture.stats.labels.label_answers import label_numbers

THRESHOLD = 0.5
"""A label is answered from this probability on."""
SEPARATOR = "|"
NO_LABEL = "(none)"


def check_lists(rows: pl.DataFrame, where: str) -> None:
    """The labels of each row can be told apart once they are joined.

    Args:
        rows: With ``id`` and ``labels``.
        where: Name of the split or file, for messages.

    Raises:
        RowError: A label is empty, stands twice, or could be taken for several or for none.
    """
    for item, labels in rows.select("id", "labels").iter_rows():
        odd = next((x for x in labels if x is None or SEPARATOR in x or x in {"", NO_LABEL}), "ok")
        if odd != "ok" or len(set(labels)) != len(labels):
            reason = (
                f"labels must be different texts other than {NO_LABEL!r} "
                f"and without {SEPARATOR!r}, got {labels!r}. Rename or merge them."
            )
            raise RowError(reason, where=where, item=item)


def joined(names: Sequence[str]) -> str:
    """Several labels as one answer, in code-point order, as the inventory is.

    Example:
        >>> joined(["sport", "art"]), joined([])
        ('art|sport', '(none)')
    """
    return SEPARATOR.join(sorted(names)) or NO_LABEL


def parted(answer: str) -> list[str]:
    """The labels of an answer.

    Example:
        >>> parted("art|sport"), parted("(none)")
        (['art', 'sport'], [])
    """
    return [] if answer == NO_LABEL else answer.split(SEPARATOR)


def label_marks(lists: Sequence[Sequence[str]], labels: Sequence[str]) -> list[NDArray[Any]]:
    """1 for each label that a row has and 0 for the others, ``(labels,)`` a row.

    Example:
        >>> label_marks([["b"], []], ["a", "b"])
        [array([0., 1.], dtype=float32), array([0., 0.], dtype=float32)]
    """
    return [np.isin(labels, names).astype(np.float32) for names in lists]


def of_logits(
    rows: pl.DataFrame,
    logits: Sequence[NDArray[Any]],
    labels: Sequence[str],
    *,
    thresholds: NDArray[Any] | None = None,
    temperature: float = 1.0,
) -> pl.DataFrame:
    """Answers from what a model says of each label, ``(labels,)`` a row."""
    probabilities = expit(label_numbers(rows, logits, labels) / temperature)
    return of_probabilities(rows, probabilities, labels, thresholds)


def of_probabilities(
    rows: pl.DataFrame,
    probabilities: NDArray[Any],
    labels: Sequence[str],
    thresholds: NDArray[Any] | None = None,
) -> pl.DataFrame:
    """Answers from the probability of each label, ``(rows, labels)``.

    These do not sum to 1, so they have another name than those of one label.

    Args:
        rows: To answer.
        probabilities: Of each row and label.
        labels: The inventory.
        thresholds: The probability from which each label is answered; 0.5 where left out.
    """
    least = np.full(len(labels), THRESHOLD) if thresholds is None else thresholds
    answers = [
        joined([label for label, is_on in zip(labels, row, strict=True) if is_on])
        for row in probabilities >= least
    ]
    return pl.DataFrame(
        {
            "id": rows["id"],
            "answer": pl.Series(answers, dtype=pl.String),
            "label_probabilities": pl.Series(probabilities.tolist(), dtype=pl.List(pl.Float64)),
        }
    )


def most_frequent_set(
    known: Sequence[NDArray[Any]], rows: pl.DataFrame, labels: Sequence[str]
) -> pl.DataFrame:
    """The labels that occur together most often, for every row.

    Args:
        known: Marks of the training rows, as ``label_marks`` gives them.
        rows: To answer.
        labels: The inventory.
    """
    sets, counts = np.unique(np.array(known), axis=0, return_counts=True)
    usual = sets[counts.argmax()].astype(float)
    return of_probabilities(rows, np.tile(usual, (len(rows), 1)), labels)
