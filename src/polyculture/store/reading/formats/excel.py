"""Excel workbooks: the first sheet, read by an optional library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError, need
from polyculture.core.shown import shown_name
from polyculture.store.reading.formats.delimited import refuse_equal_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polyculture.store.reading.content import Content


def excel(
    content: Content,
) -> tuple[list[str], Iterator[tuple[int, Sequence[str | None]]], tuple[str, ...]]:
    """Read the first sheet: its first row names the columns.

    Returns:
        Names of the columns, rows with their numbers in the sheet, and notes. Rows without any
        cell are left out.

    Raises:
        MissingExtraError: The reader is not installed.
        DataError: The file is not a workbook, or two columns have one name.
    """
    name = content.name
    reader = need("fastexcel", extra="excel", purpose=f"Reading {name}")
    try:
        book = reader.read_excel(content.whole())
        sheets = book.sheet_names
        sheet = book.load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
        rows = sheet.to_polars().rows()
    except reader.FastExcelError as error:
        reason = str(error).partition("\n")[0]
        msg = f"{name} cannot be read as an Excel workbook: {reason}."
        raise DataError(msg) from error
    if not rows:
        msg = f"{name} is empty, but a table with a header and rows is needed."
        raise DataError(msg)
    header = [cell or "" for cell in rows[0]]
    refuse_equal_names(name, header, ", row 1")
    notes = () if len(sheets) == 1 else (_of_several(shown_name(content.path), sheets),)
    return header, _data_rows(rows[1:]), notes


def _data_rows(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[int, Sequence[str | None]]]:
    for number, row in enumerate(rows, start=2):
        cells = [cell or None for cell in row]
        if any(cells):
            yield number, cells


def _of_several(name: str, sheets: Sequence[str]) -> str:
    return f"{name}: the sheet {sheets[0]!r} is read, the first of {len(sheets)}."
