"""JSON lines, and JSON files that hold one array of objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError
from polyculture.core.shown import shown
from polyculture.store.json_text import parsed
from polyculture.store.text_lines import text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyculture.store.content import Content
    from polyculture.store.text_form import TextForm

Object = dict[str, Any]


def json_lines(content: Content, form: TextForm) -> Iterator[tuple[int, Object]]:
    """One object a line, with the number of its line.

    Raises:
        DataError: A line is not a JSON object.
    """
    for number, line in enumerate(text_lines(content, form), start=1):
        if line.strip():
            yield number, _of_line(f"{content.name}, line {number}", line)


def json_array(content: Content, form: TextForm) -> Iterator[tuple[int, Object]]:
    """The objects of an array, with their numbers from 1.

    Raises:
        DataError: The file is not an array of JSON objects.
    """
    text = "".join(text_lines(content, form))
    for number, row in enumerate(_array(content.name, text), start=1):
        place = f"{content.name}, row {number}"
        yield number, _object(place, row)


def _of_line(place: str, line: str) -> Object:
    try:
        row = parsed(line)
    except ValueError as error:
        msg = (
            f"{place}: expected a JSON object, but it cannot be read ({error}). "
            "Write one whole object a line."
        )
        raise DataError(msg) from error
    return _object(place, row, line.strip())


def _object(place: str, row: Any, written: str | None = None) -> Object:
    if not isinstance(row, dict):
        text = json.dumps(row) if written is None else written
        msg = f"{place}: expected a JSON object, got {shown(text[:40])!r}."
        raise DataError(msg)
    return row


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
