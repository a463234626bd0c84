"""JSON lines, and JSON files that hold one array of objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError
from polyculture.core.shown import shown
from polyculture.store.json_text import as_text, parsed
from polyculture.store.text_lines import text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyculture.store.content import Content
    from polyculture.store.text_form import TextForm

Cells = dict[str, str | None]


def json_lines(content: Content, form: TextForm) -> Iterator[tuple[int, Cells]]:
    """One object a line, as cells of text, with the number of its line.

    Raises:
        DataError: A line is not a JSON object.
    """
    for number, line in enumerate(text_lines(content, form), start=1):
        if line.strip():
            yield number, _cells(f"{content.name}, line {number}", line)


def json_array(content: Content, form: TextForm) -> Iterator[tuple[int, Cells]]:
    """The objects of an array, as cells of text, with their numbers from 1.

    Raises:
        DataError: The file is not an array of JSON objects.
    """
    text = "".join(text_lines(content, form))
    for number, row in enumerate(_array(content.name, text), start=1):
        place = f"{content.name}, row {number}"
        yield number, _as_cells(place, row, json.dumps(row)[:40])


def _cells(place: str, line: str) -> Cells:
    try:
        row = parsed(line)
    except ValueError as error:
        msg = (
            f"{place}: expected a JSON object, but it cannot be read ({error}). "
            "Write one whole object a line."
        )
        raise DataError(msg) from error
    return _as_cells(place, row, line.strip()[:40])


def _as_cells(place: str, row: Any, written: str) -> Cells:
    if not isinstance(row, dict):
        msg = f"{place}: expected a JSON object, got {shown(written)!r}."
        raise DataError(msg)
    try:
        return {name: as_text(value) for name, value in row.items()}
    except ValueError as error:
        msg = f"{place}: a value cannot be read ({error})."
        raise DataError(msg) from error


def _array(name: str, text: str) -> list[Any]:
    try:
        rows = parsed(text)
    except ValueError as error:
        cause = error.__cause__
        line = f", line {cause.lineno}" if isinstance(cause, json.JSONDecodeError) else ""
        msg = f"{name}{line}: expected an array of JSON objects, but it cannot be read ({error})."
        raise DataError(msg) from error
    if not isinstance(rows, list):
        msg = f"{name}: expected an array of JSON objects, got {shown(text.strip()[:40])!r}."
        raise DataError(msg)
    return rows
