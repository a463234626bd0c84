"""Records of tables and YAML files, as they stand; what cannot be read is told, never fatal."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polyculture.core.errors import DataError
from polyculture.store.reading.broken_rows import BrokenRowError, OnBroken
from polyculture.store.reading.content import content_of
from polyculture.store.reading.formats.delimited import delimited
from polyculture.store.reading.formats.json_objects import json_lines
from polyculture.store.reading.text_form import PLAIN, TextForm
from polyculture.store.reading.text_lines import text_lines
from polyculture.zoo.tables.yaml import documents

TABLES = (".csv", ".jsonl", ".parquet", ".tsv")
YAML = (".yaml", ".yml")
HALF = re.compile("[\ud800-\udfff]")


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


def records(path: Path, name: str) -> list[Raw]:
    """The records of one file, what could not be read first; ``name`` is its name in messages."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path, name)
    broken: list[Raw] = []

    def told(row: BrokenRowError) -> None:
        broken.append(Raw(place=f"{name}, line {row.line}", broken=row.reason))

    if suffix in YAML:
        whole = list(_yaml("".join(text_lines(path, PLAIN, told)), name))
    else:
        whole = [_whole(f"{name}, line {line}", cells) for line, cells in _rows(path, suffix, told)]
    return [*broken, *whole]


def _rows(path: Path, suffix: str, told: OnBroken) -> Iterator[tuple[int, Mapping[str, Any]]]:
    content = content_of(path)
    if suffix == ".jsonl":
        yield from json_lines(content, PLAIN, told)
        return
    separator = "\t" if suffix == ".tsv" else ","
    header, rows, _ = delimited(content, TextForm(delimiter=separator), separator, told)
    for line, row in rows:
        yield line, dict(zip(header, row, strict=True))


def _yaml(text: str, name: str) -> Iterator[Raw]:
    for line, value, reason in documents(text):
        place = f"{name}, line {line}" if reason else name
        if reason:
            yield Raw(place=place, broken=reason)
        elif isinstance(value, dict):
            yield _whole(place, {str(key): cell for key, cell in value.items()})
        else:
            yield Raw(place=place, broken=f"expected a record of fields, got {value!r:.40}")


def _parquet(path: Path, name: str) -> list[Raw]:
    from polyculture.store.reading.formats.parquet import parquet_frame

    try:
        frame = parquet_frame(content_of(path))
    except DataError as error:
        reason = f"it cannot be read as Parquet ({error.__cause__!s:.60})"
        return [Raw(place=name, broken=reason)]
    return [
        Raw(place=f"{name}, row {number}", cells=row)
        for number, row in enumerate(frame.iter_rows(named=True), start=1)
    ]


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
