"""Turn rows of cells into columns of text, chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from polyculture.core.errors import DataError
from polyculture.store.json_text import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CHUNK = 50_000
"""Rows that are brought into columns at once, where there are few columns."""
CELLS = 5_000_000
"""Cells that are brought into columns at once."""
Cells = dict[str, str | None]
NULL = "null"
"""An empty cell, as JSON writes it."""


@dataclass(frozen=True, kw_only=True)
class Other:
    """A cell that is not text in its file."""

    row: int
    """Counted from 0."""
    written: str
    """The value as JSON."""

    @property
    def kind(self) -> Literal["null", "list", "value"]:
        """What it is; a list may also be a table, and a value is a number, true or false."""
        if self.written == NULL:
            return "null"
        return "list" if self.written[0] in "[{" else "value"


Others = dict[str, dict[str, Other]]
"""For each column that holds more than texts, the first cell of each kind that is none."""


def of_rows(
    header: Sequence[str], rows: Iterable[tuple[int, Sequence[str | None]]]
) -> tuple[pl.DataFrame, list[int]]:
    """A frame of rows that are as long as the header, and the number of each row."""
    schema = dict.fromkeys(header, pl.String)
    size = max(1, min(CHUNK, CELLS // max(1, len(header))))
    frames, numbers, chunk = [], [], []
    for number, row in rows:
        numbers.append(number)
        chunk.append(row)
        if len(chunk) == size:
            frames.append(pl.DataFrame(chunk, schema=schema, orient="row"))
            chunk = []
    if chunk or not frames:
        frames.append(pl.DataFrame(chunk, schema=schema, orient="row"))
    return pl.concat(frames), numbers


def of_objects(
    name: str, unit: str, rows: Iterable[tuple[int, Mapping[str, Any]]]
) -> tuple[pl.DataFrame, list[int], Others]:
    """A frame of JSON objects, which need not all have the same keys.

    Returns:
        The frame, whose cells are all text; the number of each row; and for each column the first
        cell of each kind that had to be made text.

    Raises:
        DataError: A cell cannot be text; the message names ``name``, ``unit`` and number.
    """
    frames, chunk = [], []
    numbers: list[int] = []
    others: Others = {}
    for number, row in rows:
        cells = _as_cells(f"{name}, {unit} {number}", row)
        for key, value in row.items():
            if not isinstance(value, str):
                other = Other(row=len(numbers), written=cells[key] or NULL)
                others.setdefault(key, {}).setdefault(other.kind, other)
        numbers.append(number)
        chunk.append(cells)
        if len(chunk) == CHUNK:
            frames.append(_columns(name, unit, chunk, numbers[-CHUNK:]))
            chunk = []
    if chunk or not frames:
        frames.append(_columns(name, unit, chunk, numbers[len(numbers) - len(chunk) :]))
    return pl.concat(frames, how="diagonal"), numbers, others


def _as_cells(place: str, row: Mapping[str, Any]) -> Cells:
    try:
        return {name: as_text(value) for name, value in row.items()}
    except ValueError as error:
        msg = f"{place}: a value cannot be read ({error})."
        raise DataError(msg) from error


def _columns(name: str, unit: str, rows: Sequence[Cells], numbers: Sequence[int]) -> pl.DataFrame:
    keys = dict.fromkeys(key for row in rows for key in row)
    try:
        columns = [pl.Series(key, [row.get(key) for row in rows], pl.String) for key in keys]
        return pl.DataFrame(columns, height=len(rows))
    except UnicodeEncodeError as error:
        number = next(n for n, row in zip(numbers, rows, strict=True) if not _is_text(row))
        msg = (
            f"{name}, {unit} {number}: half of a pair of surrogates stands alone, as in "
            '"\\ud800", which is not text. Write the whole character.'
        )
        raise DataError(msg) from error


def _is_text(row: Cells) -> bool:
    try:
        "".join([*row, *(cell or "" for cell in row.values())]).encode()
    except UnicodeEncodeError:
        return False
    return True


def cell_with_nul(frame: pl.DataFrame) -> tuple[int, str] | None:
    """Row and column of the first NUL character, if there is any."""
    for column in frame:
        has_nul = column.str.contains("\0", literal=True).fill_null(value=False)
        if has_nul.any():
            return has_nul.arg_max() or 0, column.name
    return None
