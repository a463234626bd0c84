"""Functions of the task contract, for tasks with one label a row.

The right answers stand in the column ``label``, and the settings have ``unseen``. How rows are read
and what the network computes are the task's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Inventory

COLUMN = "label"


def learn(splits: Mapping[str, pl.DataFrame], settings: Any) -> Inventory:
    """All labels of the training rows, in code-point order.

    Raises:
        RowError: There is nothing to learn, or the settings refuse a label that train lacks.
    """
    from polyculture.stats.labels.label_answers import LABELS, found_labels, learn_labels

    labels = found_labels(splits, COLUMN)
    return learn_labels(labels, splits["train"]["label"], LABELS, unseen=settings.unseen)


def remarks(splits: Mapping[str, pl.DataFrame], inventory: Inventory, _: Any) -> tuple[str, ...]:
    """What is worth knowing about labels that only validation or test has."""
    from polyculture.stats.labels.label_answers import LABELS, found_labels
    from polyculture.stats.labels.unseen import note_on_unseen

    return note_on_unseen(found_labels(splits, COLUMN), inventory.labels, LABELS)


def codes(rows: pl.DataFrame, context: Context) -> list[NDArray[Any]]:
    """The place of each row's label in the inventory, -100 where it is not there."""
    from polyculture.stats.labels.label_answers import label_codes

    return [*label_codes(rows["label"], context.labels)]


def decode(rows: pl.DataFrame, logits: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """Answers with probabilities; a tie goes to the first label of the inventory."""
    from polyculture.stats.labels.label_answers import most_probable

    return most_probable(rows, logits, context.labels)


def gold(rows: pl.DataFrame, _: Any) -> list[str]:
    """The right answers, in the form of ``decode``."""
    return rows["label"].to_list()


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Accuracy and F1, with intervals."""
    from polyculture.stats.labels.labelled import score_one

    right = rows["label"].to_list()
    return score_one(rows, right, answers, context.labels, split=split, notes=notes or {})


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The most frequent answer of the training rows, for every row; the share of each label."""
    from polyculture.stats.labels.label_answers import most_frequent_label

    return most_frequent_label(codes(train, context), rows, context.labels)


def table(_: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The answer, and the probability of each label where there are any."""
    from polyculture.stats.labels.label_answers import answers_and_probabilities

    return answers_and_probabilities(answers, context.labels)
