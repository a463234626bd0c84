"""Records of tables and YAML files, as they stand; what cannot be read is told, never fatal."""

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from polyculture.core.errors import DataError
from polyculture.zoo.tables.yaml import documents

TABLES = (".csv", ".jsonl", ".parquet", ".tsv")
YAML = (".yaml", ".yml")
HALF = re.compile("[\ud800-\udfff]")
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, kw_only=True)
class Raw:
    """One record: what its source calls its fields, and what stands in them."""

    place: str
    """File and line, for messages."""
    cells: Mapping[str, Any] = field(default_factory=dict)
    broken: str = ""
    """Why the record could not be read; its cells are then empty."""


def files_of(place: Path) -> tuple[Path, ...]:
    """The files that hold the cards of a place, in order of their paths.

    Of a folder these are the YAML files at any depth; where there are none, the tables in it.

    Raises:
        DataError: There is nothing there, or nothing that can hold cards.
    """
    known = ", ".join((*TABLES, *YAML))
    if not place.exists():
        msg = f"There is no file or folder {place}. Check the path."
        raise DataError(msg)
    if place.is_dir():
        files = tuple(_below(place))
        if not files:
            msg = (
                f"{place} holds no table of cards. Expected YAML files below it, or one of {known}."
            )
            raise DataError(msg)
        return files
    if place.suffix.lower() not in (*TABLES, *YAML):
        msg = f"{place} cannot be read by its name. Name it as one of {known}."
        raise DataError(msg)
    return (place,)


def _below(folder: Path) -> Iterator[Path]:
    shown = [
        path
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    described = [path for path in shown if path.suffix.lower() in YAML]
    yield from described or (
        path for path in shown if path.parent == folder and path.suffix.lower() in TABLES
    )


def records(path: Path, name: str) -> Iterator[Raw]:
    """The records of one file; ``name`` is what messages call it."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path, name)
    lines = list(_lines(path))
    unread = (
        Raw(place=f"{name}, line {number}", broken="it is not UTF-8 text")
        for number, line in enumerate(lines, start=1)
        if line is None
    )
    kept = [line or "" for line in lines]
    if suffix in YAML:
        return _joined(unread, _yaml(kept, name))
    if suffix == ".jsonl":
        return _joined(unread, _json(kept, name))
    return _joined(unread, _csv(kept, name, "\t" if suffix == ".tsv" else ","))


def _joined(*several: Iterable[Raw]) -> Iterator[Raw]:
    for one in several:
        yield from one


def _lines(path: Path) -> Iterator[str | None]:
    """Lines with their ends; none for one that is not UTF-8."""
    with path.open("rb") as file:
        for number, raw in enumerate(file):
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError:
                yield None
                continue
            yield line.removeprefix(BYTE_ORDER_MARK) if number == 0 else line


def _yaml(lines: list[str], name: str) -> Iterator[Raw]:
    for line, value, reason in documents("".join(lines)):
        place = f"{name}, line {line}" if reason else name
        yield _record(value, place, reason, "a record of fields")


def _json(lines: list[str], name: str) -> Iterator[Raw]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        value, reason = None, ""
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            is_deep = isinstance(error, RecursionError)
            reason = getattr(error, "msg", "") or (
                "it is nested too deep" if is_deep else "it cannot be read as JSON"
            )
        yield _record(value, f"{name}, line {number}", reason, "a JSON object")


def _record(value: Any, place: str, reason: str, wanted: str) -> Raw:
    if reason:
        return Raw(place=place, broken=reason)
    if not isinstance(value, dict):
        return Raw(place=place, broken=f"expected {wanted}, got {value!r:.40}")
    return _whole(place, {str(key): cell for key, cell in value.items()})


def _whole(place: str, cells: Mapping[str, Any]) -> Raw:
    """A record, or why a table cannot hold it."""
    waiting: list[Any] = [*cells, *cells.values()]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "\0" in one:
            return Raw(place=place, broken="a cell holds the character NUL")
        if isinstance(one, str) and not one.isascii() and HALF.search(one):
            return Raw(place=place, broken="a cell holds half a character (a lone surrogate)")
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
    return Raw(place=place, cells=cells)


def _csv(lines: list[str], name: str, separator: str) -> Iterator[Raw]:
    csv.field_size_limit(sys.maxsize)  # a cell may be longer than the module's 128 KiB
    header: list[str] | None = None
    for number, row in _rows(lines, separator):
        place = f"{name}, line {number}"
        if isinstance(row, str):
            yield Raw(place=place, broken=row)
        elif header is None:
            header = _header(row, place)
        elif len(row) != len(header):
            reason = f"expected {len(header)} cells as in the header, got {len(row)}"
            yield Raw(place=place, broken=reason)
        else:
            yield _whole(place, dict(zip(header, row, strict=True)))


def _header(row: list[str], place: str) -> list[str]:
    twice = next((name for name in row if row.count(name) > 1), None)
    if twice is not None:
        msg = f"{place}: two columns are named {twice!r}. Rename one of them."
        raise DataError(msg)
    return row


def _rows(lines: list[str], separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Line and cells of each row, or why it is none; reading goes on at the line after it."""
    start = 0
    while start < len(lines):
        reader = csv.reader(islice(lines, start, None), delimiter=separator, strict=True)
        before = 0
        try:
            for row in reader:
                if row:
                    yield start + before + 1, row
                before = reader.line_num
        except csv.Error as error:
            yield start + before + 1, f"it cannot be read as a row ({error})"
            start += before + 1
        else:
            return


def _parquet(path: Path, name: str) -> Iterator[Raw]:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        yield Raw(place=name, broken=f"it cannot be read as Parquet ({error!s:.60})")
        return
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        yield Raw(place=f"{name}, row {number}", cells=row)
