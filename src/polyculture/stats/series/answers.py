"""Rows of forecasts: checked, learnt from before there is a network, answered."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.errors import RowError
from polyculture.core.shown import some
from polyculture.core.task import Context, Inventory
from polyculture.stats.rows import check_rows
from polyculture.stats.series.forecast_scores import Forecasts, naive_error, quantiles_of
from polyculture.stats.series.windows import Windows

SCALE = "scale of "
"""Before the name of a series: its scale in the inventory."""
LONGEST = 20_000_000
"""Values of one series: a year of seconds is longer, and no series that is held in rows."""
Levels = Sequence[float]


def prepare(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """Check the columns: a history with a value at least, a whole future.

    Raises:
        RowError: A history has no value, or futures are not of one length.
    """
    filled = ("id", "group", "history", "future", "origin")
    check_rows(rows, where, needed=("id", "history"), filled=filled)
    known = rows["history"].list.drop_nulls().list.len()
    empty = (known == 0).arg_true()
    if len(empty):
        reason = "the history holds no value. Give it at least one, or drop the row."
        raise RowError(reason, where=where, item=rows["id"][empty[0]])
    if "future" not in rows.columns:
        return rows
    lengths, whole = rows["future"].list.len(), rows["future"].list.drop_nulls().list.len()
    steps = lengths[0]
    odd = ((lengths != steps) | (whole != steps) | (lengths == 0)).arg_true()
    if len(odd):
        row = odd[0]
        reason = (
            f"expected {steps} values in 'future', as in the first row, got {whole[row]}. Every "
            "row forecasts as many steps, at least one, and each has its value."
        )
        raise RowError(reason, where=where, item=rows["id"][row])
    return rows


def learn(splits: Mapping[str, pl.DataFrame], levels: Levels, season: int) -> Inventory:
    """Names of the outputs, steps of history and future, and the scale of each series.

    Raises:
        RowError: Futures of two splits have different lengths, or a history holds no season.
    """
    train = splits["train"]
    if "future" not in train.columns:
        reason = "there is no column 'future', which holds the right answers. Add it."
        raise RowError(reason, where="train", column="future")
    steps = len(train["future"][0])
    for split, rows in splits.items():
        if "future" in rows.columns and len(rows["future"][0]) != steps:
            reason = f"rows forecast {len(rows['future'][0])} steps, but those of train {steps}."
            raise RowError(reason, where=split)
    longest = max(train["history"].list.len().to_list())
    if season > longest:
        reason = (
            f"season = {season}, but the longest history has {longest} values. Set a context of "
            f"{season} at least, or a shorter season."
        )
        raise RowError(reason, where="train")
    scales = {f"{SCALE}{name}": scale for name, scale in _scales(train, season).items()}
    return Inventory(
        labels=tuple(f"+{step} q{level:g}" for step in range(1, steps + 1) for level in levels),
        numbers={"horizon": steps, "context": longest, **scales},
    )


def _names(rows: pl.DataFrame) -> list[str]:
    return rows["group"].to_list() if "group" in rows.columns else [""] * len(rows)


def _scales(train: pl.DataFrame, season: int) -> dict[str, float]:
    """The scale of each series, where it has values a season apart."""
    pieces: dict[str, list[NDArray[np.float64]]] = {}
    values = [
        np.array([*history, *future], dtype=np.float64)
        for history, future in train.select("history", "future").iter_rows()
    ]
    for name, piece in zip(_names(train), values, strict=True):
        pieces.setdefault(name, []).append(piece)
    if "origin" in train.columns:
        starts = (train["origin"] - train["history"].list.len()).cast(int).to_list()
        placed: dict[str, list[int]] = {}
        for name, start in zip(_names(train), starts, strict=True):
            placed.setdefault(name, []).append(start)
        pieces = {name: [_joined(pieces[name], placed[name])] for name in pieces}
    errors = {name: naive_error(pieces[name], season) for name in sorted(pieces)}
    return {name: error for name, error in errors.items() if error is not None}


def _joined(pieces: Sequence[NDArray[np.float64]], starts: Sequence[int]) -> NDArray[np.float64]:
    """The series that some pieces overlap in; NaN where none of them lies."""
    first = min(starts)
    end = max(start + len(piece) for start, piece in zip(starts, pieces, strict=True))
    if end - first > LONGEST:
        reason = (
            f"the column 'origin' gives a series {end - first:,} values. It counts the values "
            "before the future and is no time. Leave it out, or count."
        )
        raise RowError(reason, where="train", column="origin")
    joined = np.full(end - first, np.nan)
    for start, piece in zip(starts, pieces, strict=True):
        joined[start - first : start - first + len(piece)] = piece
    return joined


def remarks(inventory: Inventory) -> tuple[str, ...]:
    """Which series have no scale, since they are constant."""
    flat = [
        name.removeprefix(SCALE)
        for name, scale in inventory.numbers.items()
        if name.startswith(SCALE) and scale == 0
    ]
    if not flat:
        return ()
    note = (
        "In training the same values come again each season in "
        f"{some([*map(repr, flat)], 5)}: MASE is undefined there, and leaves these series "
        "out."
    )
    return (note,)


def windows_of(rows: pl.DataFrame, length: int) -> Windows:
    """The histories of some rows."""
    return Windows.of(rows["history"].to_list(), length)


def column(level: float) -> str:
    """The column of a quantile.

    Example:
        >>> column(0.5), column(0.975)
        ('quantile_0.5', 'quantile_0.975')
    """
    return f"quantile_{level:g}"


def answers_of(rows: pl.DataFrame, quantiles: NDArray[np.float64], levels: Levels) -> pl.DataFrame:
    """The medians as text, and a list of numbers for each quantile.

    Args:
        rows: What was answered.
        quantiles: ``(rows, steps, levels)``.
        levels: What each stands for.
    """
    lists = {
        column(level): pl.Series(quantiles[:, :, place].tolist(), dtype=pl.List(pl.Float64))
        for place, level in enumerate(levels)
    }
    medians = lists[column(0.5)].to_list()
    return pl.DataFrame({"id": rows["id"], "answer": [written(row) for row in medians], **lists})


def written(values: Sequence[float]) -> str:
    """Numbers as a JSON list of six digits each.

    Example:
        >>> written([1, 0.12345678, 12345678.0])
        '[1.0, 0.123457, 12345700.0]'
    """
    return json.dumps([float(f"{value:.6g}") for value in values])


def forecasts_of(
    rows: pl.DataFrame, answers: pl.DataFrame, context: Context, season: int, levels: Levels
) -> tuple[Forecasts, dict[str, Any]]:
    """Answers beside what followed, and how many rows have the scale of their own history.

    A series without a training part that is long enough has that scale.
    """
    numbers = context.inventory.numbers
    scales, by_history = [], 0
    for name, history in zip(_names(rows), rows["history"].to_list(), strict=True):
        scale = numbers.get(f"{SCALE}{name}")
        if scale is None:
            scale = naive_error([np.array(history, dtype=np.float64)], season)
            by_history += 1
        scales.append(np.nan if scale is None else scale)
    names = [column(level) for level in levels]
    forecasts = Forecasts(
        future=np.array(rows["future"].to_list(), dtype=np.float64),
        quantiles=quantiles_of(rows, answers, names, int(numbers["horizon"])),
        levels=tuple(levels),
        scales=np.array(scales, dtype=np.float64),
    )
    return forecasts, {"season": season, "rows_scaled_by_history": by_history}
