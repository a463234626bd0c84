"""Rank the names of a pool by how near each of them is to a row."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.stats.vectors.rankings import ranked

CHUNK = 1_000
"""Rows that are ranked at a time."""

NEARBY = 0.1
"""A row of a label counts less than the nearest one by a factor of e for each tenth of a cosine.
With less, single rows decide; with more, labels of several kinds of rows suffer (design note 32).
"""
TINY = 1e-9
"""Vectors that cancel out have no direction; their cosine is 0."""


def ranked_answers(rows: pl.DataFrame, alike: NDArray[Any], names: Sequence[str]) -> pl.DataFrame:
    """The nearest name of each row, how near it is, and the best hundred.

    Args:
        rows: To answer.
        alike: How near each name is to each row, ``(rows, names)``.
        names: What is ranked.

    Example:
        >>> found = ranked_answers(pl.DataFrame({"id": ["1"]}), np.array([[0.1, 0.9]]), ["a", "b"])
        >>> found["answer"].to_list(), found["ranking"].to_list()
        (['b'], [['b', 'a']])
    """
    rankings = ranked(alike, names)
    best = [ranking[0] for ranking in rankings.names]
    return pl.DataFrame(
        {"id": rows["id"], "answer": best, "similarity": rankings.best, "ranking": rankings.names}
    )


def nearest(
    rows: pl.DataFrame,
    values: Sequence[NDArray[Any]],
    alike: Callable[[NDArray[Any]], NDArray[Any]],
    names: Sequence[str],
) -> pl.DataFrame:
    """The same from vectors, a thousand rows at a time.

    Args:
        rows: To answer.
        values: The vector of each row.
        alike: How near each name is to each of some vectors, ``(vectors, names)``.
        names: What is ranked.
    """
    chunks = [
        ranked_answers(rows[n : n + CHUNK], alike(np.stack(values[n : n + CHUNK])), names)
        for n in range(0, len(rows), CHUNK)
    ]
    return pl.concat(chunks)


def to_local_means(vectors: NDArray[Any], groups: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The cosine of each vector and the mean of each name's vectors, the near ones counting most.

    A name may have rows of several kinds: those near the vector in question say most about it. A
    plain mean would lie between the kinds, and the nearest row alone may be an odd one.

    Args:
        vectors: Of length 1, ``(vectors, width)``.
        groups: Those of each name, of length 1, each ``(rows of it, width)``.

    Returns:
        From -1 to 1, ``(vectors, names)``.

    Source:
        Mitani and Hamamoto 2006, A local mean-based nonparametric classifier, Pattern Recognition
        Letters 27(10); here with weights that fall with the cosine instead of the k nearest.

    Example:
        >>> to_local_means(np.eye(2), [np.eye(2), np.array([[0.6, 0.8]])]).round(3).tolist()
        [[1.0, 0.6], [1.0, 0.8]]
    """
    found = np.empty((len(vectors), len(groups)), dtype=np.result_type(vectors, *groups[:1]))
    for number, group in enumerate(groups):
        cosines = vectors @ group.T
        weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / NEARBY)
        means = weights @ group
        lengths = np.linalg.norm(means, axis=1)
        found[:, number] = (vectors * means).sum(axis=1) / np.maximum(lengths, TINY)
    return found


def by_name(
    values: NDArray[Any], name_of_each: pl.Series, names: Sequence[str]
) -> list[NDArray[Any]]:
    """What belongs to each name, in the order of the names.

    Args:
        values: One for each row of a pool, ``(rows, ...)``.
        name_of_each: What each row is called.
        names: All that they are called; each has a row.

    Example:
        >>> values = np.array([[1.0], [3.0], [5.0]])
        >>> [group.tolist() for group in by_name(values, pl.Series(["b", "a", "b"]), ["a", "b"])]
        [[[3.0]], [[1.0], [5.0]]]
    """
    rows = pl.DataFrame({"name": name_of_each}).with_row_index("row")
    places = dict(rows.group_by("name").agg("row").iter_rows())
    return [values[np.sort(places[name])] for name in names]


def most_frequent_names(
    rows: pl.DataFrame, occurrences: Sequence[str], names: Sequence[str]
) -> pl.DataFrame:
    """The same ranking for every row: names by how often they are given.

    Args:
        rows: To answer.
        occurrences: Names, again and again.
        names: What is ranked.
    """
    often = Counter(occurrences)
    return ranked_answers(rows, np.tile([float(often[n]) for n in names], (len(rows), 1)), names)
