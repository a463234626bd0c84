r"""Scores of forecasts: scaled, absolute, squared and pinball errors, and coverage.

\[ \text{MASE} = \frac{1}{n} \sum_t \frac{|y_t - \hat y_t|}{s}, \qquad
   s = \frac{1}{T - m} \sum_{t=m+1}^{T} |y_t - y_{t-m}| \]

The scale s of a series is the mean absolute error with which its last season, of m steps, forecasts
its training part. All scores are functions of sums over rows.

Source: Hyndman and Koehler 2006, Another look at measures of forecast accuracy,
doi:10.1016/j.ijforecast.2006.03.001.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.run import Row, Scores, ScoreTable
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled, Statistic
from polyculture.stats.scores import Numbers, ratio

STEPS, ABSOLUTE, SQUARED, PINBALL, INSIDE, SCALED, SCALED_STEPS = range(7)
"""What a row adds to the sums: steps, errors, values within the interval, errors over the scale."""
NO_SCALE = (
    "the training part of every series is constant, or shorter than a season, so that there is no "
    "error to compare with"
)


def naive_error(pieces: Sequence[NDArray[np.float64]], season: int) -> float | None:
    """Mean absolute error of forecasting each value of a series by that one season earlier.

    Args:
        pieces: Values of the series; NaN where one is unknown, which is left out.
        season: Steps of a season; 1 for the value before.

    Returns:
        0 or more, in the unit of the series; None without two values a season apart.

    Example:
        >>> naive_error([np.array([1.0, 3.0, 2.0])], 1), naive_error([np.ones(3)], 3)
        (1.5, None)
    """
    apart = [np.abs(piece[season:] - piece[:-season]) for piece in pieces if len(piece) > season]
    known = np.concatenate([part[~np.isnan(part)] for part in apart] or [np.zeros(0)])
    return float(np.sort(known).mean()) if len(known) else None  # in whatever order the pieces came


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """What followed, and what was forecast; rows of which no forecast was made stay NaN."""

    future: NDArray[np.float64]
    """``(rows, steps)``."""
    quantiles: NDArray[np.float64]
    """``(rows, steps, levels)``."""
    levels: tuple[float, ...]
    """From the lowest to the highest; 0.5 among them."""
    scales: NDArray[np.float64]
    """Of each row's series, ``(rows,)``; NaN or 0 where MASE is undefined."""

    @property
    def median(self) -> NDArray[np.float64]:
        """The forecast that errors are taken of, ``(rows, steps)``."""
        return self.quantiles[:, :, self.levels.index(0.5)]

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Rows without a forecast, ``(rows,)``."""
        unknown: NDArray[np.bool_] = np.isnan(self.quantiles.sum(axis=(1, 2)))
        return unknown

    @property
    def has_scale(self) -> NDArray[np.bool_]:
        """Rows whose errors can be scaled, ``(rows,)``."""
        return self.scales > 0

    def features(self) -> NDArray[np.float64]:
        """What each row adds to the sums, ``(rows, 7)``; see ``STEPS`` and what follows it."""
        off = self.future - self.median
        low, high = self.quantiles[:, :, 0], self.quantiles[:, :, -1]
        inside = (low <= self.future) & (self.future <= high)  # never of a forecast that is missing
        steps = np.full(len(off), float(off.shape[1]))
        absolute = np.abs(off).sum(axis=1)
        scaled = np.divide(absolute, self.scales, out=np.zeros_like(steps), where=self.has_scale)
        columns = {
            STEPS: steps,
            ABSOLUTE: absolute,
            SQUARED: np.square(off).sum(axis=1),
            PINBALL: pinball(self.future, self.quantiles, self.levels).sum(axis=1),
            INSIDE: inside.sum(axis=1),
            SCALED: scaled,
            SCALED_STEPS: np.where(self.has_scale, steps, 0),
        }
        return np.stack([columns[place] for place in sorted(columns)], axis=1)

    def grades(self) -> list[float]:
        """1 / (1 + MASE) of each row: 1 without error, 0.5 for the error of the last season.

        A row without a scale has 1 if every value is met, else 0; so has none without a forecast.
        """
        off = np.abs(self.future - self.median).mean(axis=1)
        scaled = np.divide(off, self.scales, out=np.full(len(off), np.inf), where=self.has_scale)
        scaled[off == 0] = 0
        return [0.0 if math.isnan(error) else float(1 / (1 + error)) for error in scaled]


def pinball(
    future: NDArray[np.float64], quantiles: NDArray[np.float64], levels: Sequence[float]
) -> NDArray[np.float64]:
    r"""The pinball loss of each step, in the mean over levels.

    \[ \rho_q = \max\bigl(q (y - \hat y),\; (q - 1)(y - \hat y)\bigr) \]

    Args:
        future: ``(rows, steps)``.
        quantiles: ``(rows, steps, levels)``.
        levels: What each quantile stands for.

    Example:
        >>> pinball(np.array([[2.0]]), np.array([[[1.0, 2.0, 4.0]]]), (0.1, 0.5, 0.9)).round(3)
        array([[0.1]])
    """
    off = future[:, :, None] - quantiles
    share = np.array(levels)
    losses: NDArray[np.float64] = np.maximum(share * off, (share - 1) * off).mean(axis=2)
    return losses


def score_forecasts(
    rows: pl.DataFrame,
    forecasts: Forecasts,
    *,
    split: str,
    protocol: Mapping[str, str | int | float],
) -> Scores:
    """MASE, which leads, MAE, RMSE, pinball loss, and how often the interval holds the value.

    Args:
        rows: With ``group``, the series, and perhaps ``document``.
        forecasts: Of these rows.
        split: Name of the split.
        protocol: What else belongs into it.
    """
    features = forecasts.features()
    drawn = Resampled(csr_array(np.nan_to_num(features)), documents=documents_of(rows))
    missing = int(forecasts.missing.sum())
    absent = f"{missing:,} of {len(rows):,} rows have no forecast, and an error has no upper limit"

    def error(name: str, statistic: Statistic, reason: str = "there are no rows") -> Any:
        def undefined(sums: Numbers) -> Numbers:
            return np.full(np.shape(sums)[:-1], np.nan)

        return drawn.score(
            name,
            undefined if missing else statistic,
            reason=absent if missing else reason,
            headline=name == "mase",
            higher_is_better=False,
            in_percent=False,
        )

    scores = [
        error("mase", _mean(SCALED, SCALED_STEPS), NO_SCALE),
        error("mae", _mean(ABSOLUTE, STEPS)),
        error("rmse", lambda sums: np.sqrt(_mean(SQUARED, STEPS)(sums))),
        error("pinball", _mean(PINBALL, STEPS)),
    ]
    levels = forecasts.levels
    if len(levels) > 1:
        inside = drawn.score("coverage", _mean(INSIDE, STEPS), reason="there are no rows")
        scores.append(inside)
    return Scores(
        split=split,
        items=len(rows),
        scores=tuple(scores),
        tables=(_table(rows, features, is_whole=not missing),),
        protocol={
            "scorer": "MASE of Hyndman and Koehler 2006",
            "quantiles": ", ".join(f"{level:g}" for level in levels),
            "nominal_coverage": round(levels[-1] - levels[0], 6),
            "rows_without_scale": int((~forecasts.has_scale).sum()),
            "missing_answers": missing,
            **drawn.protocol(),
            **protocol,
        },
    )


def _mean(part: int, whole: int) -> Statistic:
    return lambda sums: ratio(sums[..., part], sums[..., whole])


def _table(rows: pl.DataFrame, features: Numbers, *, is_whole: bool) -> ScoreTable:
    """A row for each series, in the order of their names."""
    names = np.array(rows["group"].to_list() if "group" in rows.columns else [""] * len(rows))
    table: list[Row] = []
    unique, counts = np.unique(names, return_counts=True)
    parts = np.split(features[np.argsort(names, kind="stable")], np.cumsum(counts)[:-1])
    for name, part in zip(unique.tolist(), parts, strict=True):
        sums = part.sum(axis=0)
        figures = {
            "mase": ratio(sums[SCALED], sums[SCALED_STEPS]),
            "mae": sums[ABSOLUTE] / sums[STEPS],
            "rmse": np.sqrt(sums[SQUARED] / sums[STEPS]),
            "coverage": sums[INSIDE] / sums[STEPS],
        }
        known = {key: None if np.isnan(value) else float(value) for key, value in figures.items()}
        support = {"label": name, "support": len(part)}
        table.append({**support, **(known if is_whole else dict.fromkeys(known))})
    return ScoreTable(name="series", title="every series", rows=tuple(table))


def quantiles_of(
    rows: pl.DataFrame, answers: pl.DataFrame, names: Sequence[str], steps: int
) -> NDArray[np.float64]:
    """Forecasts from the columns of saved answers, ``(rows, steps, levels)``.

    Args:
        rows: The rows that were answered.
        answers: With a list of numbers in each of ``names``; none where there is no answer.
        names: The columns, from the lowest level to the highest.
        steps: Numbers in a list.
    """
    aligned = aligned_answers(rows, answers)
    nothing = [math.nan] * steps
    columns = [
        [nothing if cell is None else cell for cell in aligned[name].to_list()] for name in names
    ]
    return np.array(columns, dtype=np.float64).transpose(1, 2, 0)
