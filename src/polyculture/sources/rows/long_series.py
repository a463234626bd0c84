"""Long tables of series, with one time per line, as values that are equally far apart.

Whatever is not as it should be is one sentence with file and line: two values at one time, times
that go back, steps of different lengths, gaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from polyculture.core.errors import DataError
from polyculture.core.parts import suggestion
from polyculture.core.shown import shown_name
from polyculture.sources.rows.cells import why_too_large
from polyculture.store.reading.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from polyculture.stats.series.times import Integers, Stamps, Step
    from polyculture.store.reading.tables import Table
    from polyculture.store.reading.text_form import TextForm

USUAL: Mapping[str, tuple[str, ...]] = {
    "series": ("series", "unique_id", "item_id", "sensor"),
    "time": ("time", "timestamp", "date", "datetime", "ds"),
    "value": ("value", "target", "y"),
}
"""Usual names of the columns of such a table."""
Together = Literal["mean", "sum", "last"]
MOST = 20_000_000
"""Steps of a series; more are a slip in a time."""


@dataclass(frozen=True, kw_only=True)
class SeriesForm:
    """What a table of series looks like, and what is done about it."""

    text: TextForm
    columns: Mapping[str, str | None]
    """``series``, ``time``, ``value`` to the names that were given, None for the usual ones."""
    step: Step | None
    """Values within a step are put together; None for the step that the file has."""
    together: Together
    gaps: int | None
    """Steps without a value that may follow one another in a history; None to refuse any."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Values that are equally far apart; the first and the last are known."""

    name: str
    first: int
    """Number of its first step."""
    values: NDArray[np.float64]
    """``(steps,)``; NaN where there is no value."""
    rows: Integers
    """The row of the table at which each step begins, ``(steps,)``; -1 where there is none."""


@dataclass(frozen=True, kw_only=True)
class SeriesTable:
    """All series of a file."""

    table: Table
    series: tuple[Series, ...]
    step: Step
    stamps: Stamps
    notes: tuple[str, ...]

    def time(self, series: Series, step: int) -> str:
        """When a step of a series begins; it may lie behind the last."""
        return self.stamps.shown(self.step.stamp(series.first + step))


def read_series(path: Path, form: SeriesForm) -> SeriesTable:
    """Read a file.

    Raises:
        DataError: A column is missing, or a line does not continue its series.
    """
    import numpy as np

    table = read_table(path, form.text)
    names = _names(table, form.columns)
    stamps = _stamps(table, names["time"])
    values = np.array(list(_values(table, names["value"])), np.float64)
    runs = _runs(table, names.get("series"))
    for run in runs.values():
        _refuse_backwards(table, stamps, run)
    step = form.step or _seen(table, stamps, runs)
    _check_step(table, stamps, runs, step, form)
    for run in runs.values():
        _refuse_far(table, stamps, run, step)
    series = tuple(
        _series(name, run, step.numbers(stamps.values[run]), values[run], form.together)
        for name, run in runs.items()
    )
    data = SeriesTable(table=table, series=series, step=step, stamps=stamps, notes=())
    if form.gaps is None:
        for part in series:
            _refuse_gap(data, part)
    return SeriesTable(
        table=table,
        series=series,
        step=step,
        stamps=stamps,
        notes=(*table.notes, *_notes(data, len(values), form)),
    )


def _names(table: Table, given: Mapping[str, str | None]) -> dict[str, str]:
    """Ours to the file's; ``series`` may be missing."""
    there, names = table.frame.columns, {}
    for ours, usual in USUAL.items():
        name = given[ours]
        usual_name = next((candidate for candidate in usual if candidate in there), None)
        if name is not None:
            table.column(name)  # says which one is near
            names[ours] = name
        elif usual_name is not None:
            names[ours] = usual_name
        elif ours != "series":
            msg = (
                f"{table.name} has no column {ours!r}. {suggestion(ours, there)} Name it in "
                f"[data], as in {ours} = {there[-1]!r}."
            )
            raise DataError(msg)
    return names


def _refuse(table: Table, row: int, what: str) -> NoReturn:
    msg = f"{table.place(row)}: {what}"
    raise DataError(msg)


def _stamps(table: Table, name: str) -> Stamps:
    from polyculture.stats.series.times import Stamps, read_stamps

    cells = [cell or "" for cell in table.frame[name].to_list()]
    stamps = read_stamps(cells)
    if isinstance(stamps, Stamps):
        return stamps
    got = f"got {cells[stamps]!r:.60}" if cells[stamps] else "got an empty cell"
    first = f" like {cells[0]!r:.40} above" if stamps else ""
    _refuse(
        table,
        stamps,
        f"expected a time in {name!r}{first}, {got}. Write dates and times as 2024-05-31 or "
        "2024-05-31 14:30, all with a zone or none, or whole numbers.",
    )


def _values(table: Table, name: str) -> Iterator[float]:
    """The values; NaN for an empty cell."""
    for row, cell in enumerate(table.frame[name].to_list()):
        try:
            value = math.nan if cell is None else float(cell)
        except ValueError:
            value = math.inf
        if math.isinf(value) or (cell is not None and math.isnan(value)):
            _refuse(
                table,
                row,
                f"expected a number in {name!r}, got {cell!r:.60}. Leave the cell empty where "
                "there is no value.",
            )
        reason = "" if cell is None else why_too_large(name, value)
        if reason:
            _refuse(table, row, f"{reason}.")
        yield value


def _runs(table: Table, name: str | None) -> dict[str, Integers]:
    """The rows of each series, in the order of the file."""
    import numpy as np

    if name is None:
        return {table.path.stem: np.arange(len(table.frame))}
    rows: dict[str, list[int]] = {}
    for row, series in enumerate(table.frame[name].to_list()):
        if series is None or not series.strip():
            _refuse(table, row, f"the column {name!r} is empty. Name the series, or drop the line.")
        rows.setdefault(series, []).append(row)
    return {series: np.array(run, np.int64) for series, run in rows.items()}


def _refuse_backwards(table: Table, stamps: Stamps, run: Integers) -> None:
    import numpy as np

    times = stamps.values[run]
    back = np.flatnonzero(np.diff(times) < 0)
    if len(back):
        place = int(back[0])
        earlier, later = (stamps.shown(int(times[place + n])) for n in (1, 0))
        what = f"the time {earlier} comes after {later} of the same series. Sort the file by time."
        _refuse(table, int(run[place + 1]), what)


def _seen(table: Table, stamps: Stamps, runs: Mapping[str, Integers]) -> Step:
    import numpy as np

    from polyculture.stats.series.times import Step

    times = [np.unique(stamps.values[run]) for run in runs.values()]
    step = Step.seen_in(times, is_clock=stamps.is_clock)
    if step is None:
        msg = (
            f"{table.name} has only one time for each series, so nobody can tell how far apart "
            "values are. Give each series at least two, or name step in [data]."
        )
        raise DataError(msg)
    return step


def _check_step(
    table: Table, stamps: Stamps, runs: Mapping[str, Integers], step: Step, form: SeriesForm
) -> None:
    """Times and step are of one kind; without a named step each value has one of its own."""
    import numpy as np

    from polyculture.stats.series.times import are_days

    if (step.kind == "number") == stamps.is_clock:
        kind = "dates and times" if stamps.is_clock else "whole numbers"
        example = "1h" if stamps.is_clock else "1"
        what = f"the times are {kind}, but step = '{step}'. Name one such as step = '{example}'."
        _refuse(table, 0, what)
    if form.step is not None:
        return
    if not stamps.is_clock and are_days(stamps.values):
        what = f"{stamps.values[0]} is read as a whole number, but the times look like days"
        _refuse(table, 0, f"{what}. Write them as 2024-01-31, or set step = '1' in [data].")
    for name, run in runs.items():
        times = stamps.values[run]
        twice = np.flatnonzero(np.diff(times) == 0)
        off = np.flatnonzero(~step.fits(times))
        if len(twice):
            row = int(run[twice[0] + 1])
            _refuse(
                table,
                row,
                f"the series {name!r} has a second value at {stamps.shown(int(stamps.values[row]))}"
                f". Drop one of them, or set step = '{step}' in [data], which takes their mean.",
            )
        if len(off):
            row = int(run[off[0]])
            what = (
                f"most values are {step} apart, but {stamps.shown(int(stamps.values[row]))} in the "
                f"series {name!r} does not fit in."
            )
            _refuse(table, row, f"{what} {_advice(stamps, runs, step)}")


def _advice(stamps: Stamps, runs: Mapping[str, Integers], step: Step) -> str:
    """What to do where times do not fit into the step that was seen."""
    from polyculture.stats.series.times import Step

    times = [stamps.values[run] for run in runs.values()]
    calendar = Step.calendar_of(times) if stamps.is_clock else None
    if calendar is not None:
        return f"Set step = '{calendar}' in [data]: each has one value at most."
    return (
        f"Set step in [data], as in step = '{step}': the values of each step are then put together "
        "by their mean."
    )


def _refuse_far(table: Table, stamps: Stamps, run: Integers, step: Step) -> None:
    """Refuse a time that lies so far ahead that the steps to it would fill the memory."""
    numbers = step.numbers(stamps.values[run])
    steps = int(numbers[-1] - numbers[0])
    if steps < MOST:
        return
    row = int(run[(numbers[1:] - numbers[:-1]).argmax() + 1])
    what = f"{stamps.shown(int(stamps.values[row]))} is far later than the time before it"
    advice = "Check the time, or set a longer step in [data]"
    _refuse(table, row, f"{what}: the series would have {steps:,} steps of {step}. {advice}.")


def _series(
    name: str, run: Integers, numbers: Integers, values: NDArray[np.float64], together: Together
) -> Series:
    """One value for each step, from the first that is known to the last."""
    import numpy as np

    is_known = ~np.isnan(values)
    if not is_known.any():
        msg = f"The series {name!r} has no value at all. Leave it out."
        raise DataError(msg)
    kept, first = values[is_known], int(numbers[is_known][0])
    places = numbers[is_known] - first
    steps = int(places[-1]) + 1
    counts = np.bincount(places, minlength=steps)
    merged: NDArray[np.float64] = np.bincount(places, kept, steps).astype(np.float64)
    if together == "mean":
        merged = merged / np.maximum(counts, 1)
    elif together == "last":
        merged[places] = kept
    merged[counts == 0] = np.nan
    rows = np.full(steps, -1, np.int64)
    rows[places[::-1]] = run[is_known][::-1]
    return Series(name=name, first=first, values=merged, rows=rows)


def _refuse_gap(data: SeriesTable, series: Series) -> None:
    import numpy as np

    missing = np.isnan(series.values)
    if not missing.any():
        return
    start = int(missing.argmax())
    end = start + int((~missing[start:]).argmax())
    steps, have, them = f"{end - start:,} steps", "have", "them"
    if end - start == 1:
        steps, have, them = "1 step", "has", "it"
    _refuse(
        data.table,
        int(series.rows[end]),
        f"{steps} of {data.step} before this line, from {data.time(series, start)}, {have} no "
        f"value in the series {series.name!r}. Fill {them} in, set gaps in [data] to how many "
        "steps in a row a history may lack, or set a longer step.",
    )


def _notes(data: SeriesTable, lines: int, form: SeriesForm) -> Iterator[str]:
    """What the series are, one sentence each."""
    import numpy as np

    name, series = shown_name(data.table.path), data.series
    steps = sum(int((~np.isnan(part.values)).sum()) for part in series)
    lacks = sum(int(np.isnan(part.values).sum()) for part in series)
    many = "1 series" if len(series) == 1 else f"{len(series):,} series"
    if form.step is None:
        yield f"{name}: {many} in steps of {data.step}, {steps:,} values."
    else:
        yield (
            f"{name}: {lines:,} lines of {many} became {steps:,} values in steps of {data.step}, "
            f"by their {form.together}."
        )
    if lacks:
        yield f"{name}: {lacks:,} steps between the first and the last of a series have no value."


def longest_runs(missing: NDArray[np.bool_]) -> Integers:
    """How long the gap is that each step belongs to; 0 for a step with a value.

    Example:
        >>> import numpy as np
        >>> longest_runs(np.array([False, True, True, False, True])).tolist()
        [0, 2, 2, 0, 1]
    """
    import numpy as np

    edges = np.flatnonzero(np.diff(np.r_[False, missing, False]))
    lengths = np.zeros(len(missing), np.int64)
    for start, end in edges.reshape(-1, 2).tolist():
        lengths[start:end] = end - start
    return lengths


def as_history(values: NDArray[np.float64]) -> list[float | None]:
    """Values as cells of a row, none where one is unknown."""
    cells: list[Any] = values.tolist()
    return [None if math.isnan(cell) else cell for cell in cells]


def named(columns: Sequence[str | None]) -> dict[str, str | None]:
    """The names that were given to ``series``, ``time`` and ``value``."""
    return dict(zip(USUAL, columns, strict=True))
