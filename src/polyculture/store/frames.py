"""Rows of cells, brought into columns of text piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from polyculture.core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CHUNK = 50_000
"""Rows that are brought into columns at once, where there are few columns."""
CELLS = 5_000_000
"""Cells that are brought into columns at once."""


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
    name: str, unit: str, rows: Iterable[tuple[int, Mapping[str, str | None]]]
) -> tuple[pl.DataFrame, list[int]]:
    """A frame of objects, which need not all have the same keys, and the number of each row.

    Raises:
        DataError: A cell is not text; the message names ``name``, ``unit`` and number.
    """
    frames, numbers, chunk = [], [], []
    for number, row in rows:
        numbers.append(number)
        chunk.append(row)
        if len(chunk) == CHUNK:
            frames.append(_columns(name, unit, chunk, numbers[-CHUNK:]))
            chunk = []
    if chunk or not frames:
        frames.append(_columns(name, unit, chunk, numbers[len(numbers) - len(chunk) :]))
    return pl.concat(frames, how="diagonal"), numbers


def _columns(
    name: str, unit: str, rows: Sequence[Mapping[str, str | None]], numbers: Sequence[int]
) -> pl.DataFrame:
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


def _is_text(row: Mapping[str, str | None]) -> bool:
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
