"""From labels to codes, and from numbers for each label to answers, for all label tasks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import softmax

from polyculture.core.errors import ModelError, RowError
from polyculture.core.task import Inventory
from polyculture.stats.labels.out_of_scope import CLOSEST, SCORE
from polyculture.stats.labels.unseen import Found, Noun, refuse_unseen
from polyculture.stats.rows import check_rows

IGNORED = -100
"""The target of a row whose label training does not have: it adds nothing to the loss."""
LABELS: Noun = ("label", "labels")
LabelOfRow = tuple[str, str]
"""Id and label."""
PROBABILITIES = ("probabilities", "label_probabilities")
"""Columns of answers that hold a probability for each label."""


def found_labels(splits: Mapping[str, pl.DataFrame], column: str) -> dict[str, list[LabelOfRow]]:
    """By split, the id of a row and a label of it.

    Args:
        splits: The rows.
        column: With a label a row, or a list of them.

    Raises:
        RowError: A split has no such column.

    Example:
        >>> rows = pl.DataFrame({"id": ["1", "2"], "labels": [["a", "b"], []]})
        >>> found_labels({"train": rows}, "labels")
        {'train': [('1', 'a'), ('1', 'b')]}
    """
    return {name: _found(rows, name, column) for name, rows in splits.items()}


def _found(rows: pl.DataFrame, where: str, column: str) -> list[LabelOfRow]:
    check_rows(rows, where, needed=(column,), filled=())
    pairs = rows.select("id", column)
    is_list = pairs[column].dtype == pl.List
    return list((pairs.explode(column).drop_nulls() if is_list else pairs).iter_rows())


def learn_labels(
    labels_of_splits: Found,
    answers: Iterable[str],
    noun: Noun,
    *,
    unseen: Literal["wrong", "refuse"],
) -> Inventory:
    """All labels of the training rows, in code-point order.

    Args:
        labels_of_splits: By split, the id of a row and a label of it.
        answers: The right answer of each training row.
        noun: What a label is called, one and several.
        unseen: What becomes of labels that train does not have.

    Raises:
        RowError: There is nothing to learn, or a label that train lacks is refused.

    Example:
        >>> rows = [("1", "good"), ("2", "bad")]
        >>> learn_labels({"train": rows}, ["good", "bad"], LABELS, unseen="wrong").labels
        ('bad', 'good')
    """
    labels = tuple(sorted({label for _, label in labels_of_splits["train"]}))
    different = sorted(set(answers))
    if len(different) == 1:
        reason = (
            f"every answer is {different[0]!r}, so there is nothing to learn. "
            "Give examples of at least two answers."
        )
        raise RowError(reason, where="train")
    if unseen == "refuse":
        refuse_unseen(labels_of_splits, labels, noun)
    return Inventory(labels=labels)


def label_codes(column: Iterable[str], labels: Sequence[str]) -> list[NDArray[np.int64]]:
    """The place of each row's label in the inventory, -100 where it is not there.

    Example:
        >>> [int(code) for code in label_codes(["b", "?"], ["a", "b"])]
        [1, -100]
    """
    code = {label: place for place, label in enumerate(labels)}
    return [np.array(code.get(label, IGNORED), dtype=np.int64) for label in column]


def label_numbers(
    rows: pl.DataFrame, logits: Sequence[NDArray[Any]], labels: Sequence[str]
) -> NDArray[np.float64]:
    """The model's outputs for each row and label, ``(rows, labels)``.

    Raises:
        ModelError: One of them is NaN or infinite.
    """
    scores = np.asarray(logits, dtype=np.float64).reshape(len(rows), len(labels))
    bad = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if len(bad):
        msg = (
            f"The model's output for item {rows['id'][int(bad[0])]!r} is NaN or "
            "infinite: its training diverged. Try a lower learning rate."
        )
        raise ModelError(msg)
    return scores


def most_probable(
    rows: pl.DataFrame,
    logits: Sequence[NDArray[Any]],
    labels: tuple[str, ...],
    *,
    temperature: float = 1.0,
) -> pl.DataFrame:
    """One label a row, with probabilities; a tie goes to the first label of the inventory."""
    numbers = label_numbers(rows, logits, labels) / temperature
    return one_label(rows, softmax(numbers, axis=1), labels)


def one_label(
    rows: pl.DataFrame, probabilities: NDArray[Any], labels: tuple[str, ...]
) -> pl.DataFrame:
    """One label a row, from its probabilities ``(rows, labels)``."""
    answers = [labels[code] for code in probabilities.argmax(axis=1)]
    return pl.DataFrame(
        {
            "id": rows["id"],
            "answer": pl.Series(answers, dtype=pl.String),
            "probabilities": pl.Series(probabilities.tolist(), dtype=pl.List(pl.Float64)),
        }
    )


def most_frequent_label(
    known: Sequence[NDArray[Any]], rows: pl.DataFrame, labels: tuple[str, ...]
) -> pl.DataFrame:
    """The most frequent answer for every row, with the share of each label.

    Args:
        known: Codes of the training rows.
        rows: To answer.
        labels: The inventory.
    """
    shares = np.bincount(np.array(known), minlength=len(labels)) / len(known)
    return one_label(rows, np.tile(shares, (len(rows), 1)), labels)


def answers_and_probabilities(answers: pl.DataFrame, labels: Sequence[str]) -> pl.DataFrame:
    """The answer, and the probability of each label where there are any, as one object a row.

    Behind the answer stands what a threshold for texts out of scope was held against, if there is
    one.

    Example:
        >>> answers = {"id": ["a"], "answer": ["oos"], "closest": ["x"], "scope_score": [0.4]}
        >>> answers_and_probabilities(pl.DataFrame(answers), ["x"]).columns
        ['answer', 'closest', 'scope_score']
    """
    name = next((name for name in PROBABILITIES if name in answers.columns), None)
    shown = answers.select(
        "answer", *(name for name in (CLOSEST, SCORE) if name in answers.columns)
    )
    if name is None:
        return shown
    objects = [dict(zip(labels, row, strict=True)) for row in answers[name].to_list()]
    return shown.with_columns(pl.Series(name, objects))
