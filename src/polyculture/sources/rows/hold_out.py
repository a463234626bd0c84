"""Ways to hold rows out of train: at random, with the shares of labels, by group, or by time."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from polyculture.core.errors import DataError, RecipeError
from polyculture.sources.rows.repeats import input_keys
from polyculture.sources.rows.splits import held_out, rank, units_held_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from polyculture.core.task import Column

Way = Literal["random", "stratified", "group", "time"]
TIME = "_time"
"""The column of the time while a file is read; the task never sees it."""


class Asked(Protocol):
    """The settings of a source that can hold rows out."""

    @property
    def hold_out(self) -> float | None:
        """Share of the training rows."""

    @property
    def hold_out_by(self) -> Way:
        """Which rows."""

    @property
    def split_seed(self) -> int:
        """Of what is drawn."""


class Held(NamedTuple):
    """Training rows in two parts."""

    train: pl.DataFrame
    valid: pl.DataFrame
    how: str
    """In a few words, for the note."""


def check_way(settings: Asked) -> None:
    """Refuse a way without a share, and a time without its way or the other way round.

    Raises:
        ValueError: They do not go together.
    """
    by, time = settings.hold_out_by, getattr(settings, "time", None)
    if settings.hold_out is None and (by != "random" or time is not None):
        msg = "hold_out_by and time say which rows hold_out takes. Set hold_out, as in 0.1"
        raise ValueError(msg)
    if by == "time" and time is None:
        msg = (
            "hold_out_by = 'time' needs the name of the column with the time of a row: "
            "time = 'its name'"
            if hasattr(settings, "time")
            else "hold_out_by = 'time' needs a column of times, which this source does not have. "
            "Choose 'random'"
        )
        raise ValueError(msg)
    if time is not None and by != "time":
        msg = "time names the column of hold_out_by = 'time'. Set that too, or leave time out"
        raise ValueError(msg)


def part(
    rows: pl.DataFrame,
    columns: Mapping[str, Column],
    settings: Asked,
    share: float,
    place: Callable[[int], str],
) -> Held:
    """Part the training rows.

    Args:
        rows: All training rows.
        columns: What the task reads.
        settings: The way and the seed.
        share: Part of the rows to hold out.
        place: Row to file and line, for messages.

    Raises:
        RecipeError: The rows lack what the way needs, or cannot be parted by it.
        DataError: A cell is not a time.
    """
    match settings.hold_out_by:
        case "random":
            train, valid = held_out(rows, columns, share, seed=settings.split_seed)
            how = "rows of one document or one text stay together"
            return Held(train, valid, how)
        case "stratified":
            return _stratified(rows, columns, share, settings.split_seed)
        case "group":
            return _by_group(rows, share, settings.split_seed)
        case "time":
            return _by_time(rows, share, place)


def _by_group(rows: pl.DataFrame, share: float, seed: int) -> Held:
    if "group" not in rows.columns:
        msg = (
            "hold_out_by = 'group' keeps groups whole, but the rows have no group. Name its "
            "column in [data], as in group = 'its name'."
        )
        raise RecipeError(msg)
    groups = [str(group) for group in rows["group"].to_list()]
    train, valid = units_held_out(rows, groups, share, seed=seed, what="group")
    held, every = valid["group"].n_unique(), rows["group"].n_unique()
    return Held(train, valid, f"{held:,} of {every:,} groups, whole ones")


def _stratified(rows: pl.DataFrame, columns: Mapping[str, Column], share: float, seed: int) -> Held:
    """Of each label the same share, to within one row where no input is repeated."""
    strata = _strata(rows, columns)
    if "document" in rows.columns:
        msg = (
            "hold_out_by = 'stratified' keeps the shares of labels, which rows of one document "
            "that stay together cannot. Use 'random' or 'group', or leave document out."
        )
        raise RecipeError(msg)
    keys = input_keys(rows, columns)
    places: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        places[key].append(row)
    units: dict[str, list[str]] = defaultdict(list)
    for key in sorted(places, key=lambda key: (rank(key, seed), key)):
        units[strata[places[key][0]]].append(key)
    quotas = _quotas(
        {label: [len(places[key]) for key in keys_] for label, keys_ in units.items()}, share
    )
    taken: set[int] = set()
    without = 0
    for label, keys_of_label in units.items():
        left = quotas[label]
        for key in keys_of_label[:-1]:  # one input of each label stays
            if len(places[key]) <= left:
                taken.update(places[key])
                left -= len(places[key])
        without += left == quotas[label]
    if not taken:
        msg = (
            f"hold_out_by = 'stratified' finds no label with rows for both parts among "
            f"{len(rows):,} rows. Hold out more, or name a file as valid."
        )
        raise RecipeError(msg)
    none = f"; {without:,} of {len(units):,} labels have too few rows for one" if without else ""
    how = f"the same share of each label, equal inputs together{none}"
    stay = [row for row in range(len(rows)) if row not in taken]
    return Held(rows[stay], rows[sorted(taken)], how)


def _strata(rows: pl.DataFrame, columns: Mapping[str, Column]) -> list[str]:
    """The label, or all labels, of each row."""
    for name, column in columns.items():
        if column.is_gold and column.kind in {"label", "labels"} and name in rows.columns:
            cells = rows[name].to_list()
            return ["|".join(sorted(c)) if isinstance(c, list) else str(c) for c in cells]
    msg = (
        "hold_out_by = 'stratified' keeps the shares of labels, but the rows have no labels. Use "
        "'random', 'group' or 'time'."
    )
    raise RecipeError(msg)


def _quotas(sizes: Mapping[str, Sequence[int]], share: float) -> dict[str, int]:
    """How many rows of each label are held out: whole numbers that add up, none off by one.

    Example:
        >>> _quotas({"a": [1] * 15, "b": [1] * 15, "c": [1] * 10}, 0.1)
        {'a': 2, 'b': 1, 'c': 1}
    """
    exact = {label: share * sum(of_label) for label, of_label in sizes.items()}
    quotas = {label: math.floor(number) for label, number in exact.items()}
    left = round(sum(exact.values())) - sum(quotas.values())
    order = sorted(exact, key=lambda label: (quotas[label] - exact[label], label))
    several = [label for label in order if len(sizes[label]) > 1]
    for label in several[:left]:
        quotas[label] += 1
    return quotas


def _by_time(rows: pl.DataFrame, share: float, place: Callable[[int], str]) -> Held:
    """The latest rows; those of one time stay together, so that train ends before."""
    times = moments(rows[TIME].to_list(), place)
    count = Counter(times)
    size, first = 0, max(count)
    for time in sorted(count, reverse=True)[:-1]:  # the earliest stays
        if size >= share * len(rows):
            break
        size, first = size + count[time], time
    if not size:
        msg = (
            f"hold_out_by = 'time' cannot part {len(rows):,} rows that all have one time. Choose "
            "another column or way."
        )
        raise RecipeError(msg)
    out = [row for row, time in enumerate(times) if time >= first]
    stay = [row for row, time in enumerate(times) if time < first]
    begins = rows[TIME][times.index(first)]
    return Held(rows[stay], rows[out], f"the latest ones, from {begins} on")


def moments(cells: Sequence[str], place: Callable[[int], str]) -> list[float]:
    """Times as numbers: all cells are numbers, or all are dates in ISO 8601.

    Example:
        >>> moments(["2024-05-01", "2024-04-30T12:00"], str)
        [1714521600.0, 1714478400.0]
        >>> moments(["7", "10.5"], str)
        [7.0, 10.5]

    Raises:
        DataError: One is neither, or there is none.
    """
    as_numbers = _is_number(cells[0])
    values = []
    for row, cell in enumerate(cells):
        try:
            value = float(cell) if as_numbers else _seconds(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            wanted = "a number, as in the first row" if as_numbers else "a date such as 2024-05-01"
            msg = f"{place(row)}: expected {wanted}, got {cell!r:.60}. Correct the time."
            raise DataError(msg)
        values.append(value)
    return values


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _seconds(cell: str) -> float:
    """Since 1970; a time without a zone is one of UTC, so that it is the same on any machine."""
    time = datetime.fromisoformat(cell.strip())
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
