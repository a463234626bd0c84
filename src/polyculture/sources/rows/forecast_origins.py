"""Rows of a forecast: the history before a point in time, and what followed.

Each series is cut in time: what is learnt from comes before what is validated on, and that before
what is tested. No value of a future is in two splits; histories of later splits reach back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError
from polyculture.core.shown import some
from polyculture.sources.rows.long_series import as_history, longest_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from polyculture.sources.rows.long_series import Series, SeriesTable
    from polyculture.stats.series.times import Integers


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How series become rows."""

    horizon: int
    """Steps to forecast."""
    context: int
    """Steps of history."""
    stride: int
    """Steps from one training row to the next at least."""
    test_stride: int
    """The same of validation and test."""
    valid: float
    """Share of each series that is validated on, before the test part."""
    test: float
    """Share of each series that is tested, at its end."""
    begins: Mapping[str, int]
    """Stamps at which ``valid`` and ``test`` begin instead; empty for shares."""
    gaps: int
    """Longest gap of a history."""


def rows_of_series(data: SeriesTable, cut: Cut) -> dict[str, pl.DataFrame]:
    """Rows by split, those of a series together and in the order of time.

    Raises:
        DataError: A split has no row.
    """
    import polars as pl

    schema: dict[str, Any] = {
        "id": pl.String,
        "group": pl.String,
        **({"document": pl.String} if cut.test_stride < cut.horizon else {}),
        "history": pl.List(pl.Float64),
        "future": pl.List(pl.Float64),
        "origin": pl.Float64,
    }
    rows: dict[str, list[dict[str, Any]]] = {}
    for series in data.series:
        for split, start, end in _parts(data, series, cut):
            rows.setdefault(split, [])
            stride = cut.stride if split == "train" else cut.test_stride
            for origin in _origins(series, cut, start, end, stride):
                rows[split].append(_row(data, series, cut, split, origin))
    _refuse_empty(data, cut, rows)
    return {
        split: pl.DataFrame([{name: row[name] for name in schema} for row in part], schema=schema)
        for split, part in rows.items()
    }


def _parts(data: SeriesTable, series: Series, cut: Cut) -> Iterator[tuple[str, int, int]]:
    """Splits with the steps in which their futures lie."""
    steps = len(series.values)
    if cut.begins:
        import numpy as np

        starts = data.step.numbers(np.array([*cut.begins.values()])) - series.first
        fits = data.step.fits(np.array([*cut.begins.values()]))
        # a step that began before the given day belongs to the split before it
        begins = [min(max(int(s) + (not f), 0), steps) for s, f in zip(starts, fits, strict=True)]
        valid, test = (*begins, steps)[:2]
    else:
        test = steps - round(steps * cut.test)
        valid = test - round(steps * cut.valid)
    yield "train", 0, valid
    yield "valid", valid, test
    if "test" in cut.begins or (cut.test and not cut.begins):
        yield "test", test, steps


def _origins(series: Series, cut: Cut, start: int, end: int, stride: int) -> Iterator[int]:
    """First steps of futures within a part: behind a whole history, all measured."""
    import numpy as np

    missing = np.isnan(series.values)
    bad = np.r_[0, (longest_runs(missing) > cut.gaps).cumsum()]
    lacking = np.r_[0, missing.cumsum()]
    origin = max(start, cut.context)
    while origin + cut.horizon <= end:
        has_history = bad[origin] == bad[origin - cut.context] and not missing[origin - 1]
        has_future = lacking[origin + cut.horizon] == lacking[origin]
        if has_history and has_future:
            yield origin
            origin += stride
        else:
            origin += 1


def _row(data: SeriesTable, series: Series, cut: Cut, split: str, origin: int) -> dict[str, Any]:
    values = series.values
    return {
        "id": f"{series.name} {data.time(series, origin)}",
        "group": series.name,
        "document": f"{split} {series.name} {origin // cut.horizon}",
        "history": as_history(values[origin - cut.context : origin]),
        "future": values[origin : origin + cut.horizon].tolist(),
        "origin": float(origin),
    }


def _refuse_empty(data: SeriesTable, cut: Cut, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    for split, part in rows.items():
        if part:
            continue
        longest = max(len(series.values) for series in data.series)
        msg = (
            f"{data.table.name}: no series has room for a row of {split}, which is {cut.context} "
            f"steps of history and {cut.horizon} to forecast, without a gap of more than "
            f"{cut.gaps}; the longest series has {longest:,} steps. Set a smaller context or "
            f"horizon, a larger share for {split}, or larger gaps."
        )
        raise DataError(msg)


def notes_on(data: SeriesTable, cut: Cut, rows: Mapping[str, pl.DataFrame]) -> Iterator[str]:
    """What was left out, one sentence each."""
    for split, part in rows.items():
        there = set(part["group"])
        absent = [series.name for series in data.series if series.name not in there]
        if absent:
            yield (
                f"{len(absent):,} of {len(data.series):,} series have no row in {split}, since "
                f"they are too short there or have long gaps: "
                f"{some([*map(repr, absent)], 5)}."
            )
    for split in ("valid", "test"):
        if split in rows:
            asked, inside = _covered(data, cut, split, rows[split])
            if inside < asked:
                yield (
                    f"{asked - inside:,} of {asked:,} values of {split} are not forecast: a gap or "
                    "a missing value lies near, or they are fewer than a horizon."
                )


def _covered(data: SeriesTable, cut: Cut, split: str, rows: pl.DataFrame) -> tuple[int, int]:
    """Values of a split, and those that some row of it forecasts."""
    import numpy as np

    origins: dict[str, list[int]] = {}
    for name, origin in rows.select("group", "origin").iter_rows():
        origins.setdefault(name, []).append(int(origin))
    values = inside = 0
    for series in data.series:
        start, end = next(
            (first, last) for name, first, last in _parts(data, series, cut) if name == split
        )
        known: NDArray[np.bool_] = ~np.isnan(series.values)
        values += int(known[start:end].sum())
        asked = np.zeros(len(known), dtype=bool)
        for origin in origins.get(series.name, ()):
            asked[origin : origin + cut.horizon] = True
        inside += int(asked.sum())
    return values, inside


def last_history(series: Series, context: int, gaps: int) -> NDArray[np.float64]:
    """The end of a series as far as it has no long gap, at most ``context`` steps.

    Example:
        >>> import numpy as np
        >>> from polyculture.sources.rows.long_series import Series
        >>> values = np.array([1.0, np.nan, np.nan, 4.0, np.nan, 6.0])
        >>> series = Series(name="a", first=0, values=values, rows=np.arange(6))
        >>> last_history(series, 5, gaps=1).tolist()
        [4.0, nan, 6.0]
    """
    import numpy as np

    lengths: Integers = longest_runs(np.isnan(series.values))
    long = np.flatnonzero(lengths > gaps)
    start = max(len(lengths) - context, int(long[-1]) + 1 if len(long) else 0)
    return series.values[start:]
