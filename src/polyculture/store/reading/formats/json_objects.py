"""JSON lines, and JSON files that hold one array of objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError
from polyculture.core.shown import shown
from polyculture.store.json_text import parsed
from polyculture.store.reading.broken_rows import BrokenRowError, OnBroken, refuse
from polyculture.store.reading.text_lines import text_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyculture.store.reading.content import Content
    from polyculture.store.reading.text_form import TextForm

Object = dict[str, Any]
WANTED = "expected a JSON object"


def json_lines(
    content: Content, form: TextForm, on_broken: OnBroken = refuse
) -> Iterator[tuple[int, Object]]:
    """One object a line, with the number of its line.

    Raises:
        DataError: A line is not a JSON object, and ``on_broken`` does not take it.
    """
    for number, line in enumerate(text_lines(content, form, on_broken), start=1):
        if line.strip():
            try:
                row = _of_line(content.name, number, line)
            except BrokenRowError as error:
                on_broken(error)
            else:
                yield number, row


def json_array(content: Content, form: TextForm) -> Iterator[tuple[int, Object]]:
    """The objects of an array, with their numbers from 1.

    Raises:
        DataError: The file is not an array of JSON objects.
    """
    text = "".join(text_lines(content, form))
    for number, row in enumerate(_array(content.name, text), start=1):
        if not isinstance(row, dict):
            msg = f"{content.name}, row {number}: {_no_object(json.dumps(row))}."
            raise DataError(msg)
        yield number, row


def _of_line(name: str, number: int, line: str) -> Object:
    try:
        row = parsed(line)
    except ValueError as error:
        reason = f"{WANTED}, but it cannot be read ({error})"
        advice = "Write one whole object a line."
        raise BrokenRowError(name, number, reason, advice, short=str(error)) from error
    if not isinstance(row, dict):
        raise BrokenRowError(name, number, _no_object(line.strip()))
    return row


def _no_object(text: str) -> str:
    return f"{WANTED}, got {shown(text[:40])!r}"


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
