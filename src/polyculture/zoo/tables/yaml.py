"""Records of a YAML file. A record that cannot be read does not take its neighbours with it."""

import re
from collections.abc import Iterator
from typing import Any

ITEM = re.compile(r"^- ", re.MULTILINE)


def documents(text: str) -> Iterator[tuple[int, Any, str]]:
    """Read a file's records.

    Every scalar stays the text that it is: ``no`` and ``3.10`` are names, not values. No tag makes
    an object. A list that cannot be read whole is read item by item.

    Yields:
        The line from 1, the record, and "" or why it could not be read.
    """
    try:
        whole = _load(text)
    except _Unreadable as error:
        yield from _one_by_one(text, error)
        return
    for value in whole:
        for one in value if isinstance(value, list) else [value]:
            yield 1, one, ""


class _Unreadable(Exception):  # noqa: N818  # never leaves this file
    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason


def _load(text: str) -> list[Any]:
    import yaml

    # The base loader knows no tags and no types: safer than the safe one, and a name stays a name.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return [value for value in yaml.load_all(text, Loader=loader) if value not in (None, "")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        last = len(text.splitlines())  # an end of file that comes too soon is past it
        raise _Unreadable(min(mark.line + 1, last) if mark else 1, reason) from error
    except RecursionError as error:
        raise _Unreadable(1, "it is nested too deeply") from error


def _one_by_one(text: str, error: _Unreadable) -> Iterator[tuple[int, Any, str]]:
    starts = [found.start() for found in ITEM.finditer(text)]
    if not starts:
        yield error.line, None, error.reason
        return
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line = text.count("\n", 0, start)
        try:
            values = _load(text[start:end])
        except _Unreadable as slip:
            yield line + slip.line, None, slip.reason
            continue
        for value in values:
            yield line + 1, value[0], ""
