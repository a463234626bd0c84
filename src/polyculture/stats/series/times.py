"""Time stamps as whole numbers, and steps that are equal in time or in the calendar."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Kind = Literal["number", "time", "month"]

SECOND = 1_000_000
"""Times are counted in microseconds from the beginning of 1970."""
UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3_600 * SECOND, "d": 86_400 * SECOND}
UNITS["w"] = 7 * UNITS["d"]
MONTHS = {"mo": 1, "y": 12}
QUARTER = 3
"""Months."""
MONDAY = 4 * UNITS["d"]
"""1970 began on a Thursday; weeks begin on Mondays."""
SHORTEST_MONTH = 28 * UNITS["d"]
NUMBER = re.compile(r"\s*[-+]?\d{1,18}\s*")
WRITTEN = re.compile(r"([1-9]\d{0,8})(s|m|h|d|w|mo|y)?")
START = datetime(1970, 1, 1)  # noqa: DTZ001  # as the file has it, without a zone


@dataclass(frozen=True, kw_only=True)
class Stamps:
    """The time stamps of a table."""

    values: Integers
    """Whole numbers, or microseconds."""
    is_clock: bool
    """They are dates and times, and not whole numbers."""
    is_utc: bool = False
    """They had a zone, and were brought to UTC."""

    def shown(self, value: int) -> str:
        """A stamp as text.

        Example:
            >>> Stamps(values=np.array([0]), is_clock=True).shown(90 * 60 * SECOND)
            '1970-01-01 01:30'
        """
        if not self.is_clock:
            return str(value)
        try:
            moment = START + timedelta(microseconds=value)
        except OverflowError:  # behind the year 9999
            return str(np.datetime64(value, "us"))
        is_whole = value % UNITS["m"] == 0
        text = moment.isoformat(sep=" ", timespec="minutes" if is_whole else "auto")
        return f"{text}{'Z' if self.is_utc else ''}"


def read_stamps(cells: Sequence[str]) -> Stamps | int:
    """Stamps from text: all whole numbers, or all dates and times in the form of ISO 8601.

    Returns:
        The stamps; or the place of the first cell that is something else than the first.

    Example:
        >>> read_stamps(["2024-05-01", "2024-05-01 00:01"]).values.tolist()[1] / SECOND % 3600
        60.0
        >>> read_stamps(["1", "2", "May"])
        2
    """
    if NUMBER.fullmatch(cells[0]):
        numbers = [int(cell) if NUMBER.fullmatch(cell) else None for cell in cells]
        return _whole(numbers, is_clock=False)
    moments = [_moment(cell) for cell in cells]
    is_utc = moments[0] is not None and moments[0].tzinfo is not None
    times = [
        None if moment is None or (moment.tzinfo is not None) != is_utc else _microseconds(moment)
        for moment in moments
    ]
    return _whole(times, is_clock=True, is_utc=is_utc)


def _whole(values: Sequence[int | None], **facts: bool) -> Stamps | int:
    if None in values:
        return values.index(None)
    return Stamps(values=np.array(values, np.int64), **facts)


def _moment(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell.strip())
    except ValueError:
        return None


def _microseconds(moment: datetime) -> int:
    plain = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return (plain - START) // timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Step:
    """How far apart the values of a series are."""

    kind: Kind
    size: int
    """In whole numbers, microseconds or months."""
    start: int = 0
    """Where a step begins: stamps that are ``size`` apart from here. Of months, microseconds from
    the beginning of the month."""
    month: int = 0
    """Of months, the month in which a step begins, from the beginning of 1970."""

    @classmethod
    def of(cls, written: str) -> Self:
        """A step as a person writes it: ``30m``, ``1h``, ``1d``, ``1w``, ``1mo``, ``1y``, ``5``.

        Raises:
            ValueError: It is something else.

        Example:
            >>> Step.of("2h").size == 7200 * SECOND, Step.of("1y").size, str(Step.of("7d"))
            (True, 12, '1w')
        """
        match = WRITTEN.fullmatch(written)
        if match is None:
            msg = (
                "expected a number with s, m, h, d, w, mo or y behind it, such as 30m, or a number "
                f"alone where times are numbers, got {written!r}"
            )
            raise ValueError(msg)
        count, unit = int(match[1]), match[2]
        if unit in MONTHS:
            return cls(kind="month", size=count * MONTHS[unit])
        if unit is None:
            return cls(kind="number", size=count)
        return cls(kind="time", size=count * UNITS[unit], start=MONDAY)

    @classmethod
    def seen_in(cls, runs: Sequence[Integers], *, is_clock: bool) -> Self | None:
        """The most frequent distance of neighbours, the smaller one of two; None without any.

        Calendar months are told by stamps that share their day and time.

        Args:
            runs: The stamps of each series, ascending.
            is_clock: They are microseconds.

        Example:
            >>> Step.seen_in([np.array([3, 5, 7, 11])], is_clock=False)
            Step(kind='number', size=2, start=1, month=0)
        """
        apart = np.concatenate([np.diff(run) for run in runs] or [np.zeros(0, np.int64)])
        if not len(apart):
            return None
        first = int(next(run[0] for run in runs if len(run)))
        sizes, counts = np.unique(apart, return_counts=True)
        size = int(sizes[counts.argmax()])
        if is_clock and size >= SHORTEST_MONTH:
            parts = [_months(run) for run in runs]
            months = np.concatenate([np.diff(number) for number, _ in parts])
            offset = int(parts[0][1][0])
            if all((rest == offset).all() for _, rest in parts):
                sizes, counts = np.unique(months, return_counts=True)
                size = int(sizes[counts.argmax()])
                month = int(parts[0][0][0]) % size
                return cls(kind="month", size=size, start=offset, month=month)
        return cls(kind="time" if is_clock else "number", size=size, start=first % size)

    @classmethod
    def calendar_of(cls, runs: Sequence[Integers]) -> Self | None:
        """Months, quarters or years, if each has one stamp at most, such as its last day.

        Args:
            runs: The stamps of each series, in microseconds, ascending.

        Example:
            >>> ends = np.array(["2024-01-31", "2024-02-29", "2024-03-31"], "M8[us]")
            >>> str(Step.calendar_of([ends.astype(np.int64)]))
            '1mo'
        """
        months = [_months(run)[0] for run in runs]
        apart = np.concatenate([np.diff(run) for run in months] or [np.zeros(0, np.int64)])
        if not len(apart) or apart.min() < 1:
            return None
        sizes, counts = np.unique(apart, return_counts=True)
        size = int(sizes[counts.argmax()])
        is_calendar = size in MONTHS.values() or size == QUARTER
        return cls(kind="month", size=size) if is_calendar and not (apart % size).any() else None

    def numbers(self, values: Integers) -> Integers:
        """The number of the step that each stamp falls into.

        Example:
            >>> Step.of("1d").numbers(np.array([0, UNITS["d"] - 1, UNITS["d"]])).tolist()
            [-4, -4, -3]
        """
        if self.kind == "month":
            number: Integers = (_months(values - self.start)[0] - self.month) // self.size
            return number
        return (values - self.start) // self.size

    def stamp(self, number: int) -> int:
        """Where a step begins.

        Example:
            >>> step = Step.of("1mo")
            >>> Stamps(values=np.zeros(1, np.int64), is_clock=True).shown(step.stamp(14))
            '1971-03-01 00:00'
        """
        if self.kind == "month":
            month = np.datetime64(number * self.size + self.month, "M")
            return int(month.astype("M8[us]").astype(np.int64)) + self.start
        return number * self.size + self.start

    def fits(self, values: Integers) -> NDArray[np.bool_]:
        """Whether each stamp stands at the beginning of a step."""
        if self.kind == "month":
            number, rest = _months(values - self.start)
            begins: NDArray[np.bool_] = (rest == 0) & ((number - self.month) % self.size == 0)
        else:
            begins = (values - self.start) % self.size == 0
        return begins

    def __str__(self) -> str:
        if self.kind == "number":
            return str(self.size)
        units = MONTHS if self.kind == "month" else UNITS
        for unit, size in sorted(units.items(), key=lambda pair: -pair[1]):
            if self.size % size == 0:
                return f"{self.size // size}{unit}"
        return f"{self.size / SECOND:g}s"


def _months(values: Integers) -> tuple[Integers, Integers]:
    """Months from the beginning of 1970, and microseconds from the beginning of the month."""
    moments = values.astype("M8[us]")
    months = moments.astype("M8[M]")
    return months.astype(np.int64), (moments - months.astype("M8[us]")).astype(np.int64)


def are_days(values: Integers) -> bool:
    """Whether whole numbers are days as YYYYMMDD.

    Example:
        >>> are_days(np.array([20240131, 20240201])), are_days(np.array([20240131, 20240132]))
        (True, False)
    """
    days = values % 100
    months = values // 100 % 100
    years = values // 10_000
    parts = ((years, 1800, 2200), (months, 1, 12), (days, 1, 31))
    return all(bool(((part >= low) & (part <= high)).all()) for part, low, high in parts)
