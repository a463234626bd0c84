r"""Answers that are numbers of any range: checked, and scored by their errors.

\[ \mathrm{MAE} = \frac1n \sum_i |a_i - y_i|, \qquad
   \mathrm{RMSE} = \sqrt{\frac1n \sum_i (a_i - y_i)^2}, \qquad
   R^2 = 1 - \frac{\sum_i (a_i - y_i)^2}{\sum_i (y_i - \bar y)^2} \]

An answer that was not given is as far off as the range of the training rows' numbers is wide.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from polyculture.core.errors import ModelError, RowError
from polyculture.core.run import Scores
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.rows import check_rows
from polyculture.stats.scores import Numbers, ratio
from polyculture.stats.vectors.correlations import score_order
from polyculture.stats.vectors.number_answers import answers_of_numbers

NOTHING = "there are no rows"
FLAT = "all right numbers are the same"
ROUNDING = 1e-12
"""A spread that is a smaller share of the squares is rounding alone."""


def check_numbers(rows: pl.DataFrame, where: str, column: str) -> pl.DataFrame:
    """The rows with finite numbers.

    Args:
        rows: They may lack the column.
        where: Name of the split or file, for messages.
        column: With the numbers.

    Raises:
        RowError: A cell is not a number, or not a finite one.

    Example:
        >>> rows = pl.DataFrame({"id": ["a", "b"], "stars": ["4.5", "many"]})
        >>> check_numbers(rows, "train", "stars")
        Traceback (most recent call last):
        polyculture.core.errors.RowError: train, item 'b': expected a finite number in 'stars', got 'many'. Correct the cell, or drop the row.
    """  # noqa: E501  # the example's output is one line
    if column not in rows.columns:
        return rows
    numbers = rows[column].cast(pl.Float64, strict=False)
    bad = np.flatnonzero(~np.isfinite(numbers.fill_null(np.nan).to_numpy()))
    if len(bad):
        row = int(bad[0])
        reason = (
            f"expected a finite number in {column!r}, got {rows[column][row]!r}. Correct the "
            "cell, or drop the row."
        )
        raise RowError(reason, where=where, item=rows["id"][row])
    return rows.with_columns(numbers)


def learn_numbers(splits: Mapping[str, pl.DataFrame], column: str) -> dict[str, float]:
    """Mean, deviation, median, lowest and highest number of the training rows.

    Args:
        splits: Prepared rows.
        column: With the numbers.

    Raises:
        RowError: A split lacks the column, or every training row has the same number.
    """
    for split, rows in splits.items():
        check_rows(rows, split, needed=(column,), filled=())
    numbers = np.sort(splits["train"][column].to_numpy())  # whatever the order of the rows
    if numbers[0] == numbers[-1]:
        reason = (
            f"every number is {numbers[0]:g}, so there is nothing to learn. Add rows with other "
            "numbers."
        )
        raise RowError(reason, where="train")
    return {
        "mean": float(numbers.mean()),
        "deviation": float(numbers.std()),
        "median": float(np.median(numbers)),
        "lowest": float(numbers[0]),
        "highest": float(numbers[-1]),
    }


def finite_answers(rows: pl.DataFrame, numbers: Sequence[float] | Numbers) -> pl.DataFrame:
    """Answers as text that gives the same number again.

    Raises:
        ModelError: A number is NaN or infinite.
    """
    bad = np.flatnonzero(~np.isfinite(np.asarray(numbers, dtype=np.float64)))
    if len(bad):
        msg = (
            f"The model's output for item {rows['id'][int(bad[0])]!r} is NaN or infinite: its "
            "training diverged. Try a lower learning rate."
        )
        raise ModelError(msg)
    return answers_of_numbers(rows, list(numbers)).cast({"answer": pl.String})


def errors_of(
    rows: pl.DataFrame, answers: pl.DataFrame, column: str, known: Mapping[str, float]
) -> tuple[Numbers, float]:
    """How far each answer is off, ``(rows,)``, and the range of the training rows' numbers.

    Args:
        rows: With the right numbers.
        answers: Columns ``id`` and ``answer``; null where there is none.
        column: With the right numbers.
        known: What ``learn_numbers`` gave.
    """
    width = known["highest"] - known["lowest"]
    given = aligned_answers(rows, answers)["answer"].cast(pl.Float64)
    return (given - rows[column]).abs().fill_null(width).to_numpy(), width


def score_numbers(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    column: str,
    known: Mapping[str, float],
    *,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """Mean absolute error (the headline), RMSE, R², Spearman's and Pearson's correlation.

    Args:
        rows: The rows that were answered.
        answers: Columns ``id`` and ``answer``, a number as text; null where there is none.
        column: With the right numbers.
        known: What ``learn_numbers`` gave.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    errors, _ = errors_of(rows, answers, column, known)
    right = rows[column].to_numpy()
    off = right - right.mean()  # sums of squares of small numbers keep their digits
    features = np.column_stack([np.ones_like(errors), errors, errors**2, off, off**2])
    drawn = Resampled(csr_array(features), documents=documents_of(rows))
    plain: dict[str, Any] = {"in_percent": False}
    falls: dict[str, Any] = {**plain, "higher_is_better": False}
    scores = (
        drawn.score("mae", _mean_error, reason=NOTHING, headline=True, **falls),
        drawn.score("rmse", _root, reason=NOTHING, **falls),
        drawn.score("r2", _explained, reason=FLAT, **plain),
    )
    ordered = score_order(rows, right.tolist(), answers, split=split, notes={})
    others = [score.model_copy(update={"headline": False}) for score in ordered.scores]
    return Scores(
        split=split,
        items=len(rows),
        scores=(*scores, *others),
        protocol={
            **ordered.protocol,
            "scorer": "polyculture regression 1",
            "missing_error": "the width of the training rows' range",
            **notes,
        },
    )


def _mean_error(sums: Numbers) -> Numbers:
    return ratio(sums[..., 1], sums[..., 0])


def _root(sums: Numbers) -> Numbers:
    return np.sqrt(ratio(sums[..., 2], sums[..., 0]))


def _explained(sums: Numbers) -> Numbers:
    count, _, squares, off, off_squares = np.moveaxis(sums, -1, 0)
    spread = off_squares - ratio(off * off, count)
    return np.asarray(1 - ratio(squares, np.where(spread > ROUNDING * off_squares, spread, 0.0)))
