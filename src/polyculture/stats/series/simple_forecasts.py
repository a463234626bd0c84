"""Simple forecasts: the last value, the last season, a linear regression on the history.

Their quantiles come from their own errors on the training rows: for each step ahead, how far the
errors lie from their median, on the scale of the window.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.task import Context
from polyculture.stats.series.answers import answers_of, windows_of
from polyculture.stats.series.windows import Windows

Numbers = NDArray[np.float64]
PENALTY = 1.0
"""Of the ridge regression, on windows of variance 1."""


def last_value(windows: Windows, steps: int) -> Numbers:
    """The last value of each window, ``(rows, steps)``.

    Example:
        >>> last_value(Windows.of([[1.0, 2.0]], 2), 3).tolist()
        [[2.0, 2.0, 2.0]]
    """
    return windows.values[:, -1:].repeat(steps, axis=1)


def last_season(windows: Windows, steps: int, season: int) -> Numbers:
    """The values one season earlier, the last season again and again, ``(rows, steps)``.

    Example:
        >>> last_season(Windows.of([[9.0, 1.0, 2.0]], 3), 3, season=2).tolist()
        [[1.0, 2.0, 1.0]]
    """
    cycle = windows.values[:, -season:]
    return cycle[:, np.arange(steps) % season]


def ridge_on_lags(train: Windows, future: Numbers, windows: Windows) -> Numbers:
    """A linear regression from the whole window to each step, ``(rows, steps)``.

    Args:
        train: Windows of the training rows.
        future: What followed them, in the unit of the series, ``(training rows, steps)``.
        windows: Of the rows to forecast.

    Source:
        Hoerl and Kennard 1970, doi:10.1080/00401706.1970.10488634; penalty 1.
    """
    lags, targets = train.scaled, train.to_scale(future)
    centre, mean = lags.mean(axis=0), targets.mean(axis=0)
    lags = lags - centre
    squares = lags.T @ lags + PENALTY * np.eye(lags.shape[1])
    weights = np.linalg.solve(squares, lags.T @ (targets - mean))
    return windows.from_scale((windows.scaled - centre) @ weights + mean)


def with_quantiles(
    forecast: Callable[[Windows], Numbers],
    train: Windows,
    future: Numbers,
    windows: Windows,
    levels: Sequence[float],
) -> Numbers:
    """Quantiles around a forecast from its errors on the training rows, ``(rows, steps, levels)``.

    The forecast itself is the median.

    Args:
        forecast: From windows to ``(rows, steps)``.
        train: Windows of the training rows.
        future: What followed them.
        windows: Of the rows to forecast.
        levels: The quantiles, 0.5 among them.

    Example:
        >>> train, future = Windows.of([[0.0, 2.0]] * 5, 2), np.arange(5.0)[:, None]
        >>> answered = with_quantiles(
        ...     lambda rows: last_value(rows, 1), train, future, train, (0.25, 0.5, 0.75)
        ... )
        >>> answered[0].tolist()
        [[1.0, 2.0, 3.0]]
    """
    errors = train.to_scale(future) - train.to_scale(forecast(train))
    around = np.quantile(errors, levels, axis=0) - np.quantile(errors, 0.5, axis=0)  # (levels, ...)
    median = windows.to_scale(forecast(windows))
    return windows.from_scale(median[:, :, None] + around.T[None])


def answer_simply(
    method: str, train: pl.DataFrame, rows: pl.DataFrame, context: Context
) -> pl.DataFrame:
    """Answers of a simple method in the form of the task.

    Args:
        method: ``last``, ``season`` or ``lags``.
        train: The training rows.
        rows: What is to be answered.
        context: Of the task; its settings have ``quantiles`` and ``season``.
    """
    settings, length = context.settings, int(context.inventory.numbers["context"])
    known, wanted = windows_of(train, length), windows_of(rows, length)
    future = np.array(train["future"].to_list(), dtype=np.float64)
    steps = future.shape[1]
    methods: dict[str, Callable[[Windows], Numbers]] = {
        "last": lambda windows: last_value(windows, steps),
        "season": lambda windows: last_season(windows, steps, settings.season),
        "lags": lambda windows: ridge_on_lags(known, future, windows),
    }
    quantiles = with_quantiles(methods[method], known, future, wanted, settings.quantiles)
    return answers_of(rows, quantiles, settings.quantiles)
