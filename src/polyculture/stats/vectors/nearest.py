"""Rank the names of a pool by how near each of them is to a row."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.stats.vectors.rankings import ranked

CHUNK = 1_000
"""Rows that are ranked at a time."""


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
    rows: pl.DataFrame, values: Sequence[NDArray[Any]], near: NDArray[Any], names: Sequence[str]
) -> pl.DataFrame:
    """The same from vectors, a thousand rows at a time.

    Args:
        rows: To answer.
        values: The vector of each row.
        near: The vector of each name, ``(names, width)``.
        names: What is ranked.
    """
    chunks = [
        ranked_answers(rows[n : n + CHUNK], np.stack(values[n : n + CHUNK]) @ near.T, names)
        for n in range(0, len(rows), CHUNK)
    ]
    return pl.concat(chunks)


def means(values: NDArray[Any], name_of_each: pl.Series, names: Sequence[str]) -> NDArray[Any]:
    """The mean of what has each name, ``(names, ...)``.

    Args:
        values: One for each row of a pool, ``(rows, ...)``.
        name_of_each: What each row is called.
        names: All that they are called.

    Example:
        >>> means(np.array([[1.0], [3.0], [5.0]]), pl.Series(["a", "a", "b"]), ["a", "b"]).tolist()
        [[2.0], [5.0]]
    """
    member = np.array(names)[:, None] == name_of_each.to_numpy()
    result: NDArray[Any] = member.astype(np.float32) @ values / member.sum(axis=1, keepdims=True)
    return result


def directions(values: NDArray[Any], name_of_each: pl.Series, names: Sequence[str]) -> NDArray[Any]:
    """Those means brought to length 1, or names of rows that are alike would win too often."""
    vectors = means(values, name_of_each, names)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


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
