"""CSV and TSV: rows of cells and their separator."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from polyculture.core.errors import DataError
from polyculture.store.text_lines import text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polyculture.store.content import Content
    from polyculture.store.text_form import TextForm

SEPARATORS = (",", ";", "\t", "|")
"""What is looked for in a header that does not have the usual one."""


def delimited(
    content: Content, form: TextForm, usual: str
) -> tuple[list[str], Iterator[tuple[int, Sequence[str | None]]], str]:
    """Read the header, and the rows behind it as they are asked for.

    Args:
        content: The file.
        form: How it is written.
        usual: The separator that its name promises.

    Returns:
        Names of the columns; rows with the number of the line where each begins; and the
        separator.

    Raises:
        DataError: The file is empty, ragged, or its quotes do not match.
    """
    csv.field_size_limit(sys.maxsize)  # a text may be longer than the module's 128 KiB
    lines = text_lines(content, form)
    first = next(lines, "")
    separator = form.delimiter or separator_of(first, usual)
    style: Literal[0, 3] = csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE
    reader = csv.reader(chain([first], lines), delimiter=separator, strict=True, quoting=style)
    header = _next(content.name, reader, form)
    if header is None:
        msg = f"{content.name} is empty, but a table with a header and rows is needed."
        raise DataError(msg)
    refuse_equal_names(content.name, header)
    return header, _body(content.name, reader, form, header, separator), separator


def separator_of(line: str, usual: str) -> str:
    r"""The separator of a header: the usual one, or where it has none of it, the most frequent.

    Example:
        >>> separator_of("id;text", ","), separator_of("id,a;b", ","), separator_of("text", ",")
        (';', ',', ',')
    """
    widths = {
        separator: _width(line, separator) for separator in dict.fromkeys((usual, *SEPARATORS))
    }
    if widths[usual] > 1:
        return usual
    best = max(widths, key=lambda separator: widths[separator])
    return best if widths[best] > 1 else usual


def _width(line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator), []))
    except csv.Error:
        return 0


def refuse_equal_names(name: str, header: Sequence[str], line: str = ", line 1") -> None:
    """Check that every column has a name of its own.

    Raises:
        DataError: Two have one name.
    """
    twice = next((column for column, times in Counter(header).items() if times > 1), None)
    if twice is not None:
        called = f"are named {twice!r}. Rename" if twice else "have no name. Name"
        msg = f"{name}{line}: two columns {called} one of them."
        raise DataError(msg)


def _next(name: str, reader: Any, form: TextForm) -> list[str] | None:
    try:
        row: list[str] | None = next(reader, None)
        while row == []:  # an empty line
            row = next(reader, None)
    except csv.Error as error:
        literally = form.advice("quotes", "false")
        hint = f" ({literally} takes them as plain characters.)" if literally else ""
        msg = (
            f"{name}, line {reader.line_num}: the row cannot be read as CSV ({error}). "
            f"Check the quotes around its cells.{hint}"
        )
        raise DataError(msg) from error
    return row


def _body(
    name: str, reader: Any, form: TextForm, header: Sequence[str], separator: str
) -> Iterator[tuple[int, Sequence[str | None]]]:
    width = len(header)
    while True:
        before = reader.line_num
        row = _next(name, reader, form)
        if row is None:
            return
        if len(row) != width:
            msg = (
                f"{name}, line {before + 1}: expected {width} cells as in the header, got "
                f"{len(row)}. Put quotes around cells that hold the separator {separator!r}."
            )
            raise DataError(msg)
        yield before + 1, [cell or None for cell in row]
