"""CSV and TSV: rows of cells and their separator."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Literal

from polyculture.core.errors import DataError
from polyculture.store.reading.broken_rows import BrokenRowError, OnBroken, refuse
from polyculture.store.reading.text_lines import text_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from polyculture.store.reading.content import Content
    from polyculture.store.reading.text_form import TextForm

    Rows = Iterator[tuple[int, list[str]]]

SEPARATORS = (",", ";", "\t", "|")
"""What is looked for in a header that does not have the usual one."""


def delimited(
    content: Content, form: TextForm, usual: str, on_broken: OnBroken = refuse
) -> tuple[list[str], Iterator[tuple[int, Sequence[str | None]]], str]:
    """Read the header, and the rows behind it as they are asked for.

    Args:
        content: The file.
        form: How it is written.
        usual: The separator that its name promises.
        on_broken: Told of each row that is ragged, or whose quotes do not match.

    Returns:
        Names of the columns, none where there is no row at all; rows with the number of the line
        where each begins; and the separator.

    Raises:
        DataError: Two columns have one name, or ``on_broken`` does not take a broken row.
    """
    csv.field_size_limit(sys.maxsize)  # a text may be longer than the module's 128 KiB
    lines = text_lines(content, form, on_broken)
    first = next(lines, "")
    separator = form.delimiter or separator_of(first, usual)
    form = replace(form, delimiter=separator)
    rows = _rows(content.name, chain([first], lines), form, on_broken)
    line, header = next(rows, (1, []))
    refuse_equal_names(content.name, header, f", line {line}")
    return header, _whole(content.name, rows, len(header), form, on_broken), separator


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


def refuse_equal_names(name: str, header: Sequence[str], line: str) -> None:
    """See that every column has a name of its own.

    Raises:
        DataError: Two have one name.
    """
    twice = next((column for column, times in Counter(header).items() if times > 1), None)
    if twice is not None:
        called = f"are named {twice!r}. Rename" if twice else "have no name. Name"
        msg = f"{name}{line}: two columns {called} one of them."
        raise DataError(msg)


def _rows(name: str, lines: Iterable[str], form: TextForm, on_broken: OnBroken) -> Rows:
    """Rows with the line where each begins; behind a broken one, the next line begins a row."""
    style: Literal[0, 3] = csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE
    # a broken row may have taken all lines behind it; they are needed again if reading goes on
    lines = lines if on_broken is refuse else list(lines)
    start = 0
    while True:
        rest = islice(lines, start, None)
        reader = csv.reader(rest, delimiter=form.delimiter or ",", strict=True, quoting=style)
        before = 0
        try:
            for row in reader:
                if row:  # else an empty line
                    yield start + before + 1, row
                before = reader.line_num
        except csv.Error as error:
            literally = form.advice("quotes", "false")
            hint = f" ({literally} takes them as plain characters.)" if literally else ""
            reason = f"the row cannot be read as CSV ({error})"
            advice = f"Check the quotes around its cells.{hint}"
            start += before + 1
            on_broken(BrokenRowError(name, start, reason, advice))
        else:
            return


def _whole(
    name: str, rows: Rows, width: int, form: TextForm, on_broken: OnBroken
) -> Iterator[tuple[int, list[str | None]]]:
    """Rows that are as wide as the header; an empty cell is none."""
    for number, row in rows:
        if len(row) == width:
            yield number, [cell or None for cell in row]
        else:
            reason = f"expected {width} cells as in the header, got {len(row)}"
            advice = f"Put quotes around cells that hold the separator {form.delimiter!r}."
            on_broken(BrokenRowError(name, number, reason, advice))
