"""Join answers with the rows they belong to."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.errors import DataError, ProbeMismatchError


def aligned_answers(rows: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """The answers in the order of the rows.

    Raises:
        DataError: There are no rows.
        ProbeMismatchError: Rows and answers are not about the same items, each once.

    Example:
        >>> rows = pl.DataFrame({"id": ["a", "b"]})
        >>> answers = pl.DataFrame({"id": ["b", "a"], "answer": ["x", "y"]})
        >>> aligned_answers(rows, answers)["answer"].to_list()
        ['y', 'x']
    """
    if rows.is_empty():
        msg = "There are no rows to score. Give at least one row with its right answer."
        raise DataError(msg)
    if rows["id"].equals(answers["id"]):
        return answers
    wanted, answered = set(rows["id"]), set(answers["id"])
    if wanted != answered or len(answers) != len(rows):
        twice = answers["id"].filter(answers["id"].is_duplicated())
        odd = sorted(twice) or sorted(wanted ^ answered)
        msg = (
            f"Answers are scored against the rows they were given to, but {len(rows)} rows and "
            f"{len(answers)} answers differ, for example at item {odd[0]!r}. "
            "Predict these very rows again."
        )
        raise ProbeMismatchError(msg)
    return rows.select("id").join(answers, on="id", how="left", maintain_order="left")


def documents_of(rows: pl.DataFrame) -> list[str | None] | None:
    """The document of each row; None if no row names one."""
    if "document" not in rows.columns or rows["document"].null_count() == len(rows):
        return None
    return [None if name is None else str(name) for name in rows["document"]]


def one_hot(codes: NDArray[np.int64], classes: int) -> csr_array[Any]:
    """A row an item, with a one at the item's class and nothing where the code is negative.

    Example:
        >>> one_hot(np.array([1, -1]), 2).toarray().tolist()
        [[0.0, 1.0], [0.0, 0.0]]
    """
    rows = np.flatnonzero(codes >= 0)
    return csr_array((np.ones(len(rows)), (rows, codes[rows])), shape=(len(codes), classes))
