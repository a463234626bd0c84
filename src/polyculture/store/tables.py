"""Tables on disk: CSV, TSV, JSON lines and Parquet, with errors that name file and line.

Cells are read as text: ``NA`` and ``none`` are what they say, and only an empty cell is empty.
"""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from polyculture.core.errors import DataError, StoreError
from polyculture.core.parts import suggestion
from polyculture.store.folder import whole_file

CHUNK = 50_000
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of text cells, and where each row stands in its file."""

    path: Path
    frame: pl.DataFrame
    """Every column is text; an empty cell is null."""
    unit: Literal["line", "row"]
    """Text files are counted in lines, Parquet in rows; both from 1."""
    numbers: Sequence[int]
    """The line, or row, at which each row begins."""

    def place(self, row: int) -> str:
        """Where a row stands, for messages: ``answers.csv, line 7``."""
        return f"{self.path}, {self.unit} {self.numbers[row]}"

    def column(self, name: str) -> pl.Series:
        """One column.

        Raises:
            DataError: There is none of this name; the message names the nearest one.
        """
        if name not in self.frame.columns:
            hint = suggestion(name, self.frame.columns)
            msg = f"{self.path} has no column {name!r}. {hint}"
            raise DataError(msg)
        return self.frame[name]


def read_table(path: Path, *, quotes: bool = True) -> Table:
    """Read a table by its suffix; every cell becomes text, an empty cell null.

    Args:
        path: The file.
        quotes: Cells of CSV and TSV may stand in quotes; false where a quote is a plain sign.

    Raises:
        DataError: The file is missing, empty, not UTF-8, ragged, or not what its suffix says.
    """
    _check_file(path)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix == ".jsonl":
        return _from_rows(path, *_json_rows(path))
    return _from_rows(path, *_csv_rows(path, "\t" if suffix == ".tsv" else ",", quotes=quotes))


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
        frame.write_csv(path, separator="\t" if suffix == ".tsv" else ",")


def check_suffix(path: Path) -> None:
    """Say early that a table cannot be written under a name.

    Raises:
        StoreError: Its suffix is not that of a table.
    """
    if path.suffix.lower() not in SUFFIXES:
        msg = f"{path} cannot be written by its name. Name it as one of {', '.join(SUFFIXES)}."
        raise StoreError(msg)


def _check_file(path: Path) -> None:
    if path.is_dir():
        msg = f"{path} is a folder, but a table of one of {', '.join(SUFFIXES)} is needed."
        raise DataError(msg)
    if not path.exists():
        msg = f"There is no file {path}. Check the path."
        raise DataError(msg)
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        msg = f"{path} cannot be read by its name. Name it as one of {known}."
        raise DataError(msg)
    if path.stat().st_size == 0:
        msg = f"{path} is empty, but a table with a header and rows is needed."
        raise DataError(msg)


def text_lines(path: Path) -> Iterator[str]:
    """Lines of a UTF-8 file with their line ends; a byte order mark is left out.

    Raises:
        DataError: A line is not UTF-8; the message names it.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = raw[error.start]
                msg = (
                    f"{path}, line {number}: expected UTF-8 text, but byte 0x{byte:02x} came. "
                    "Save the file as UTF-8 and try again."
                )
                raise DataError(msg) from error
            yield line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line


Rows = Iterator[tuple[int, Sequence[str | None]]]


def _csv_rows(path: Path, separator: str, *, quotes: bool) -> tuple[list[str], Rows]:
    csv.field_size_limit(sys.maxsize)  # a text may be longer than the module's 128 KiB
    style: Literal[0, 3] = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    reader = csv.reader(text_lines(path), delimiter=separator, strict=True, quoting=style)
    header = _csv_next(path, reader)
    if header is None:
        msg = f"{path} is empty, but a table with a header and rows is needed."
        raise DataError(msg)
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        msg = f"{path}, line 1: two columns are named {twice!r}. Rename one of them."
        raise DataError(msg)
    return header, _csv_body(path, reader, len(header))


def _csv_next(path: Path, reader: Any) -> list[str] | None:
    try:
        row: list[str] | None = next(reader, None)
        while row == []:  # an empty line
            row = next(reader, None)
    except csv.Error as error:
        msg = (
            f"{path}, line {reader.line_num}: the row cannot be read as CSV ({error}). "
            "Check the quotes around its cells. (In a recipe, quotes = false takes them literally.)"
        )
        raise DataError(msg) from error
    return row


def _csv_body(path: Path, reader: Any, width: int) -> Rows:
    while True:
        before = reader.line_num
        row = _csv_next(path, reader)
        if row is None:
            return
        if len(row) != width:
            msg = (
                f"{path}, line {before + 1}: expected {width} cells as in the header, "
                f"but {len(row)} came. Put quotes around cells that hold the separator."
            )
            raise DataError(msg)
        yield before + 1, [cell or None for cell in row]


def _json_rows(path: Path) -> tuple[list[str], Rows]:
    header: dict[str, None] = {}
    for _, row in _json_objects(path):
        header.update(dict.fromkeys(row))
    names = list(header)
    return names, (
        (number, [as_text(row.get(name)) for name in names]) for number, row in _json_objects(path)
    )


def _json_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            reason = f"expected a JSON object, but it cannot be read ({error.msg})"
            msg = f"{path}, line {number}: {reason}. Write one whole object a line."
            raise DataError(msg) from error
        if not isinstance(row, dict):
            msg = f"{path}, line {number}: expected a JSON object, but {line.strip()[:40]!r} came."
            raise DataError(msg)
        yield number, row


def as_text(value: Any) -> str | None:
    """A JSON value as the text of a cell; null and empty text are an empty cell.

    Example:
        >>> as_text("NA"), as_text(3), as_text(""), as_text(True), as_text({"a": 0.5})
        ('NA', '3', None, 'true', '{"a": 0.5}')
    """
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value, ensure_ascii=False)


def _from_rows(path: Path, header: list[str], rows: Rows) -> Table:
    schema = dict.fromkeys(header, pl.String)
    frames, numbers, chunk = [], [], []
    for number, row in rows:
        numbers.append(number)
        chunk.append(row)
        if len(chunk) == CHUNK:
            frames.append(pl.DataFrame(chunk, schema=schema, orient="row"))
            chunk = []
    if chunk:
        frames.append(pl.DataFrame(chunk, schema=schema, orient="row"))
    if not frames:
        msg = f"{path} has no rows, only a header. Give it at least one row."
        raise DataError(msg)
    return Table(path=path, frame=pl.concat(frames), unit="line", numbers=numbers)


def _read_parquet(path: Path) -> Table:
    try:
        frame = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        msg = f"{path} cannot be read as Parquet: {error}."
        raise DataError(msg) from error
    if frame.is_empty():
        msg = f"{path} has no rows. Give it at least one row."
        raise DataError(msg)
    text = frame.select(_as_text_column(frame[name]) for name in frame.columns)
    return Table(path=path, frame=text, unit="row", numbers=range(1, len(frame) + 1))


def _as_text_column(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Struct:
        column = column.struct.json_encode()
    elif column.dtype.is_nested():
        column = pl.Series(column.name, [as_text(cell) for cell in column.to_list()], pl.String)
    return column.cast(pl.String).replace("", None)
