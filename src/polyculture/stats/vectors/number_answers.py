"""Numeric answers, compared with numbers of another range."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray


def answers_of_numbers(rows: pl.DataFrame, values: Sequence[Any]) -> pl.DataFrame:
    """A number for each row, as text that gives the same number again.

    Example:
        >>> answers_of_numbers(pl.DataFrame({"id": ["1"]}), [np.float64(0.5)])["answer"].to_list()
        ['0.5']
    """
    return pl.DataFrame({"id": rows["id"], "answer": [str(float(value)) for value in values]})


def scaled(numbers: pl.Series, known: Mapping[str, float]) -> list[NDArray[Any]]:
    """Numbers from 0, the ``lowest`` that is known, to 1, the ``highest``.

    Example:
        >>> [float(one) for one in scaled(pl.Series([1.0, 2, 9]), {"lowest": 1, "highest": 5})]
        [0.0, 0.25, 1.0]
    """
    share = (numbers.to_numpy() - known["lowest"]) / (known["highest"] - known["lowest"])
    return list(np.clip(share, 0, 1).astype(np.float32))


def close(right: Sequence[Any], answers: pl.DataFrame) -> list[float]:
    """1 less how far each answer is from what is right, 0 at least; no answer is 0.

    Example:
        >>> close([0.5, 1.0], pl.DataFrame({"answer": ["0.75", None]}))
        [0.75, 0.0]
    """
    pairs = zip(right, answers["answer"].to_list(), strict=True)
    return [0.0 if a is None else max(0.0, 1 - abs(float(r) - float(a))) for r, a in pairs]
