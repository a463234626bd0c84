"""Functions of the task contract, for tasks that answer by the nearest vectors.

The settings have ``answer``, which says what is answered and so what is right:

- ``text``: ids of a pool, the nearest first; right are those in the column ``matches``.
- ``label``: the one whose rows of the pool are nearest, see ``to_local_means``; column ``label``.
- ``score``: a number from 0 to 1 for a pair, such as a cosine; column ``score``.

They also have ``fuse``: whether, and how, rankings are joined with those of BM25.

How rows are read and what the network computes are the task's own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import RowError
from polyculture.core.task import Inventory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from polyculture.core.run import Scores
    from polyculture.core.task import Context

GOLD = {"text": "matches", "label": "label", "score": "score"}
"""The column of right answers, by what is answered."""


def learn(splits: Mapping[str, pl.DataFrame], settings: Any) -> Inventory:
    """The labels of the training rows, or the range of their scores; ids have to be known.

    Training rows whose column ``match`` holds what belongs to them need no ids.

    Raises:
        RowError: A gold column is missing, an id is unknown, or all answers are one.
    """
    from polyculture.stats.rows import check_names, check_rows

    for split, rows in splits.items():
        trains = split == "train" and settings.answer == "text" and "match" in rows.columns
        if split != "corpus" and not trains:
            check_rows(rows, split, needed=(GOLD[settings.answer],), filled=())
    if settings.answer == "text":
        known = {*splits["corpus"]["id"]}
        for split, rows in splits.items():
            check_names(rows, split, "matches", known=known)
        return Inventory()
    values = splits["train"][GOLD[settings.answer]].unique().sort().to_list()
    if len(values) == 1:
        reason = f"every {settings.answer} is {values[0]!r}, so there is nothing to learn."
        raise RowError(reason + " Give examples of at least two.", where="train")
    if settings.answer == "label":
        return Inventory(labels=tuple(values))
    return Inventory(numbers={"lowest": values[0], "highest": values[-1]})


def numbers(rows: pl.DataFrame, context: Context) -> list[NDArray[Any]]:
    """Scores from 0, the lowest of the training rows, to 1, the highest."""
    from polyculture.stats.vectors.number_answers import scaled

    return scaled(rows["score"], context.inventory.numbers)


def decode(rows: pl.DataFrame, values: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """The best hundred of the pool, or all labels, the nearest first; or the number."""
    from polyculture.stats.vectors import nearest, number_answers

    if context.settings.answer == "score":
        return number_answers.answers_of_numbers(rows, values)
    pool: Any = context.pool

    def cosines(vectors: NDArray[Any]) -> NDArray[Any]:
        return vectors @ pool.read.T  # type: ignore[no-any-return]  # the pool is not typed

    if context.settings.answer == "text":
        return nearest.nearest(rows, values, cosines, names(context))
    groups = nearest.by_name(pool.read, pool.rows["label"], context.labels)
    near = partial(nearest.to_local_means, groups=groups)
    return nearest.nearest(rows, values, near, names(context))


def of_alike(rows: pl.DataFrame, alike: NDArray[Any], context: Context) -> pl.DataFrame:
    """The same from how near each row of the pool is, ``(rows, rows of the pool)``."""
    import numpy as np

    from polyculture.stats.vectors import nearest

    pool: Any = context.pool
    if context.settings.answer == "label":
        groups = nearest.by_name(alike.T, pool.rows["label"], context.labels)
        alike = np.stack([group.mean(axis=0) for group in groups], axis=1)
    return nearest.ranked_answers(rows, alike, names(context))


def names(context: Context) -> Sequence[str]:
    """What is ranked: the labels, or the ids of the pool."""
    pool: Any = context.pool
    ids: list[str] = pool.rows["id"].to_list()
    return context.labels or ids


def gold(rows: pl.DataFrame, settings: Any) -> list[str]:
    """The right ids, joined by a bar where there are several; the label; the score as text."""
    if settings.answer == "text":
        return ["|".join(names) for names in rows["matches"].to_list()]
    return [str(value) for value in rows[GOLD[settings.answer]]]


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:
    """nDCG@10; 1 for the right label; 1 less how far a number is from the scaled score."""
    from polyculture.stats.vectors.number_answers import close
    from polyculture.stats.vectors.rankings import gain

    if context.settings.answer == "score":
        return close(numbers(rows, context), answers)
    if context.settings.answer == "label":
        pairs = zip(rows["label"], answers["answer"].to_list(), strict=True)
        return [float(right == answer) for right, answer in pairs]
    rankings = answers["ranking"].to_list()
    return [gain(r, names) for r, names in zip(rankings, rows["matches"].to_list(), strict=True)]


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """nDCG@10, MRR@10 and recall@100; accuracy and F1 of labels; Spearman's correlation."""
    from polyculture.stats.labels.labelled import score_one
    from polyculture.stats.vectors.correlations import score_order
    from polyculture.stats.vectors.rankings import score_rankings

    fused = context.settings.fuse
    weight = context.inventory.settled
    told = {} if fused == "no" else {"fused_with_bm25": fused, **weight}
    common: Any = {"split": split, "notes": {**told, **(notes or {})}}
    if context.settings.answer == "label":
        right = gold(rows, context.settings)
        return score_one(rows, right, answers, context.labels, **common)
    if context.settings.answer == "score":
        return score_order(rows, rows["score"].to_list(), answers, **common)
    return score_rankings(rows, rows["matches"].to_list(), answers, **common)


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """What the training rows have most often, for every row; of scores their mean."""
    import numpy as np

    from polyculture.stats.vectors import nearest, number_answers

    if context.settings.answer == "score":
        mean = np.mean(numbers(train, context))
        return number_answers.answers_of_numbers(rows, [mean] * len(rows))
    column = GOLD[context.settings.answer]
    frequent = train[column].explode().to_list() if column in train.columns else []
    return nearest.most_frequent_names(rows, frequent, names(context))


def table(_: pl.DataFrame, answers: pl.DataFrame, __: Context) -> pl.DataFrame:
    """The answer; of rankings also how near it is, and the best hundred."""
    return answers.drop("id")
