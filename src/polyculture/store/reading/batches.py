"""A table in parts, for files that may be larger than memory.

CSV, TSV, JSON lines and Parquet are read a part at a time, by the same rules and with the same
messages as ``read_table`` has. An array in JSON and a workbook are read whole.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from polyculture.core.errors import DataError
from polyculture.store.reading.content import content_of
from polyculture.store.reading.formats.delimited import delimited
from polyculture.store.reading.formats.json_objects import json_lines
from polyculture.store.reading.formats.parquet import as_texts
from polyculture.store.reading.frames import Other, of_objects, of_rows
from polyculture.store.reading.tables import (
    SEPARATORS,
    Table,
    checked_kind,
    read_table,
    without_nul,
)
from polyculture.store.reading.text_form import PLAIN, TextForm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from polyculture.store.reading.content import Content

ROWS = 20_000
"""Rows of a part."""


def read_batches(path: Path, form: TextForm = PLAIN, *, rows: int = ROWS) -> Iterator[Table]:
    """Read a table a part at a time; see ``read_table``.

    Args:
        path: A file of one of ``SUFFIXES``.
        form: How it is written, where it is text.
        rows: Of a part.

    Raises:
        DataError: As ``read_table``, when the part is read that holds what is wrong.
    """
    content = content_of(path)
    kind = checked_kind(content, form)
    if kind in SEPARATORS:
        parts = _delimited(content, form, SEPARATORS[kind], rows)
    elif kind == ".jsonl":
        parts = _objects(content, form, rows)
    elif kind == ".parquet" and content.data is None and path.as_posix().isprintable():
        parts = _parquet(content, rows)
    else:
        parts = _slices(read_table(content, form), rows)
    is_empty = True
    for part in parts:
        is_empty = False
        yield without_nul(part)
    if is_empty:
        msg = f"{content.name} has no rows, only a header. Give it at least one row."
        raise DataError(msg)


def _delimited(content: Content, form: TextForm, usual: str, size: int) -> Iterator[Table]:
    header, cells, separator = delimited(content, form, usual)
    while some := list(islice(cells, size)):
        frame, numbers = of_rows(header, some)
        yield Table(
            path=content.path, frame=frame, unit="line", numbers=numbers, separator=separator
        )


def _objects(content: Content, form: TextForm, size: int) -> Iterator[Table]:
    objects = json_lines(content, form)
    while some := list(islice(objects, size)):
        frame, numbers, others = of_objects(content.name, "line", some)
        yield Table(path=content.path, frame=frame, unit="line", numbers=numbers, others=others)


def _parquet(content: Content, size: int) -> Iterator[Table]:
    done = 0
    try:
        lazy = pl.scan_parquet(content.path, glob=False)
        for frame in lazy.collect_batches(chunk_size=size, maintain_order=True):
            numbers: Sequence[int] = range(done + 1, done + len(frame) + 1)
            done += len(frame)
            texts, others = as_texts(frame)
            yield Table(path=content.path, frame=texts, unit="row", numbers=numbers, others=others)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        msg = f"{content.name} cannot be read as Parquet: {reason}."
        raise DataError(msg) from error


def _slices(table: Table, size: int) -> Iterator[Table]:
    for start in range(0, len(table.frame), size):
        yield replace(
            table,
            frame=table.frame[start : start + size],
            numbers=table.numbers[start : start + size],
            others=_within(table.others, start, start + size),
        )


def _within(
    others: Mapping[str, Mapping[str, Other]], start: int, end: int
) -> dict[str, dict[str, Other]]:
    """Those cells that lie in a slice, counted from its first row."""
    found = {
        name: {
            kind: replace(cell, row=cell.row - start)
            for kind, cell in cells.items()
            if start <= cell.row < end
        }
        for name, cells in others.items()
    }
    return {name: cells for name, cells in found.items() if cells}
