"""Tables on disk, of every kind that we read, with errors that name file and line.

Cells are read as text: ``NA`` and ``none`` are what they say, and only an empty cell is empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from polyculture.core.errors import DataError, StoreError
from polyculture.core.parts import suggestion
from polyculture.core.shown import shown_name, shown_path
from polyculture.store.json_text import as_text
from polyculture.store.reading.content import Content, content_of, kind_of
from polyculture.store.reading.formats.articles import articles_of, questions
from polyculture.store.reading.formats.delimited import delimited
from polyculture.store.reading.formats.excel import excel
from polyculture.store.reading.formats.json_objects import json_array, json_lines
from polyculture.store.reading.formats.parquet import parquet
from polyculture.store.reading.frames import Other, cell_with_nul, of_objects, of_rows
from polyculture.store.reading.text_form import PLAIN, TextForm
from polyculture.store.reading.text_lines import text_lines
from polyculture.store.writing.folder import whole_file

__all__ = [
    "SUFFIXES",
    "Table",
    "as_text",
    "check_suffix",
    "read_table",
    "text_lines",
    "write_table",
]

PACKABLE = (".csv", ".tsv", ".jsonl", ".json")
WRITABLE = (".csv", ".tsv", ".jsonl", ".parquet")
SUFFIXES = (*WRITABLE, ".json", ".xlsx")
BINARY = {".parquet": "a Parquet file", ".xlsx": "a zip or Excel file"}
SEPARATORS = {".csv": ",", ".tsv": "\t"}
SUGGESTED = {
    "a zip or Excel file": ".xlsx if it is an Excel workbook",
    "a Parquet file": ".parquet",
    "a gzip file": ".csv.gz",
}
"""What to name a file whose content is of a kind that is read."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of text cells, and where each row stands in its file."""

    path: Path
    """The file; ``-`` is standard input."""
    frame: pl.DataFrame
    """Every column is text; an empty cell is null."""
    unit: Literal["line", "row"]
    """Text files are counted in lines, all others in rows; both from 1."""
    numbers: Sequence[int]
    """The line, or row, at which each row begins."""
    separator: str | None = None
    """What stands between cells, in CSV and TSV."""
    notes: tuple[str, ...] = ()
    """What was found out about the file rather than told."""
    others: Mapping[str, Mapping[str, Other]] = field(default_factory=dict)
    """The first cells of each column that are not text in their file: by ``Other.kind`` a number or
    a list, in JSON and Parquet, or null, in JSON; columns of texts alone are not in it."""

    @property
    def name(self) -> str:
        """How the file is called in messages."""
        return shown_path(self.path)

    def place(self, row: int) -> str:
        """Where a row stands, for messages: ``answers.csv, line 7``."""
        return f"{self.name}, {self.unit} {self.numbers[row]}"

    def column(self, name: str) -> pl.Series:
        """One column.

        Raises:
            DataError: There is none of this name; the message names the nearest one.
        """
        try:
            return self.frame[name]
        except pl.exceptions.ColumnNotFoundError as error:
            hint = suggestion(name, self.frame.columns)
            msg = f"{self.name} has no column {name!r}. {hint}"
            raise DataError(msg) from error


def read_table(file: Path | Content, form: TextForm = PLAIN) -> Table:
    """Read a table by its suffix; every cell becomes text, an empty cell null.

    Args:
        file: A file of one of ``SUFFIXES``, CSV, TSV and JSON perhaps packed as ``.gz``; or ``-``,
            standard input, whose kind is told by what it holds; or one that is open already.
        form: How it is written, where it is text.

    Raises:
        DataError: The file is missing, empty, not in its encoding, ragged, or not what its suffix
            says.
        MissingExtraError: An Excel file needs a reader that is not installed.
    """
    content = content_of(file)
    kind = checked_kind(content, form)
    table = _read(content, kind, form, content.head())
    if table.frame.is_empty():
        msg = f"{content.name} has no rows, only a header. Give it at least one row."
        raise DataError(msg)
    return without_nul(table)


def checked_kind(content: Content, form: TextForm) -> str:
    """The suffix that says how to read a file, which holds what its name says.

    Raises:
        DataError: It is empty, of a kind that is not read, or not what it is called.
    """
    head = content.head()
    kind = _kind(content, form, head)
    if not head:
        msg = f"{content.name} is empty, but a table with a header and rows is needed."
        raise DataError(msg)
    _check_kind(content, kind, head)
    return kind


def _read(content: Content, kind: str, form: TextForm, head: bytes) -> Table:
    name = content.name
    if kind == ".parquet":
        frame, others = parquet(content)
        numbers: Sequence[int] = range(1, len(frame) + 1)
        return Table(path=content.path, frame=frame, unit="row", numbers=numbers, others=others)
    if kind == ".xlsx":
        header, rows, notes = excel(content)
        frame, numbers = of_rows(header, rows)
        return Table(path=content.path, frame=frame, unit="row", numbers=numbers, notes=notes)
    if kind == ".json" and form.beginning(head) != "{":
        frame, numbers, others = of_objects(name, "row", json_array(content, form))
        return Table(path=content.path, frame=frame, unit="row", numbers=numbers, others=others)
    if kind == ".json" and (articles := articles_of("".join(text_lines(content, form)))):
        frame, numbers, others = of_objects(name, "row", questions(name, articles))
        return Table(path=content.path, frame=frame, unit="row", numbers=numbers, others=others)
    if kind in {".json", ".jsonl"}:
        frame, numbers, others = of_objects(name, "line", json_lines(content, form))
        return Table(path=content.path, frame=frame, unit="line", numbers=numbers, others=others)
    return _read_delimited(content, form, SEPARATORS[kind])


def _read_delimited(content: Content, form: TextForm, usual: str) -> Table:
    header, rows, separator = delimited(content, form, usual)
    if not header:
        msg = f"{content.name} is empty, but a table with a header and rows is needed."
        raise DataError(msg)
    frame, numbers = of_rows(header, rows)
    told = f"{shown_name(content.path)}: cells are separated by {separator!r}."
    return Table(
        path=content.path,
        frame=frame,
        unit="line",
        numbers=numbers,
        separator=separator,
        notes=() if separator == usual or form.delimiter else (told,),
    )


def _kind(content: Content, form: TextForm, head: bytes) -> str:
    """The suffix that says how to read a file; where there is none of ours, what it looks like."""
    path = content.path
    suffix = path.suffix.lower()
    if suffix == ".gz" and Path(path.stem).suffix.lower() in PACKABLE:
        return Path(path.stem).suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    if content.data is not None:  # a pipe has no name that says anything
        return _sniffed(form, head)
    known = ", ".join(SUFFIXES)
    msg = f"Unsupported file type: {content.name}. Use one of {known} (text also as .gz)."
    raise DataError(msg)


def _sniffed(form: TextForm, head: bytes) -> str:
    looks = next((suffix for suffix, what in BINARY.items() if what == kind_of(head)), None)
    return looks or {"{": ".jsonl", "[": ".json"}.get(form.beginning(head), ".csv")


def _check_kind(content: Content, kind: str, head: bytes) -> None:
    """See that a file is what its name says."""
    found = kind_of(head)
    if found == BINARY.get(kind):
        if content.path.suffix.lower() == ".gz" and not content.is_packed and content.data is None:
            msg = f"{content.name} is not packed. Name it {content.path.stem}."
            raise DataError(msg)
        return
    if found is None:
        msg = f"{content.name} is not {BINARY[kind]}. Name it after what it holds."
    else:
        what = f"Export it as CSV, or name it {SUGGESTED[found]}." if found in SUGGESTED else ""
        msg = f"{content.name} is {found}, not {kind[1:].upper()}. {what or 'Export it as CSV.'}"
    raise DataError(msg)


def without_nul(table: Table) -> Table:
    """The table itself, which holds no NUL character.

    Raises:
        DataError: It does; the message names row and column.
    """
    # lines of CSV and TSV were looked at one by one
    found = cell_with_nul(table.frame) if table.separator is None else None
    if found:
        row, column = found
        msg = f"{table.place(row)}: a NUL character stands in the column {column!r}. Take it out."
        raise DataError(msg)
    return table


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table by its suffix, whole or not at all.

    Raises:
        StoreError: The name has no suffix of a table, the disk is full, or the folder may not be
            written.
    """
    check_suffix(path)
    with whole_file(path) as unfinished:
        fill_table(frame, unfinished)


def fill_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table into a file that nobody reads yet, in the form that its suffix names."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        frame.write_parquet(path, compression="zstd")
    elif suffix == ".jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, separator=SEPARATORS[suffix])


def check_suffix(path: Path) -> None:
    """Say early that a table cannot be written under a name.

    Raises:
        StoreError: Its suffix is not that of a table.
    """
    if path.suffix.lower() not in WRITABLE:
        known = ", ".join(WRITABLE)
        msg = f"Unsupported file type: {shown_path(path)}. Use one of {known}."
        raise StoreError(msg)
