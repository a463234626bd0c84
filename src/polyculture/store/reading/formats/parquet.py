"""Parquet: columns of any type, brought to text."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from polyculture.core.errors import DataError
from polyculture.store.json_text import as_text
from polyculture.store.reading.frames import Other, Others

if TYPE_CHECKING:
    from polyculture.store.reading.content import Content


TEXTS = (pl.String, pl.Categorical, pl.Enum)


def parquet(content: Content) -> tuple[pl.DataFrame, Others]:
    """All columns as text, an empty cell null; and the first cell of those that hold no texts.

    Raises:
        DataError: The file is damaged or not Parquet.
    """
    frame = parquet_frame(content)
    table = as_text_columns(content.name, frame)
    others = [name for name, kind in frame.schema.items() if kind not in TEXTS]
    cells = {name: cell for name in others if (cell := _first(table[name]))}
    return table, {name: {cell.kind: cell} for name, cell in cells.items()}


def as_text_columns(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of any type as text, an empty cell null.

    Args:
        name: How the file is called in messages.
        frame: Rows of it.

    Raises:
        DataError: A column holds bytes.
    """
    return frame.select(_as_text(name, frame[column]) for column in frame.columns)


def parquet_frame(content: Content) -> pl.DataFrame:
    """All columns as they are.

    Raises:
        DataError: The file is damaged or not Parquet.
    """
    is_plain = content.data is None and not content.is_packed
    # polars opens paths by their UTF-8 text
    is_plain = is_plain and content.path.as_posix().isprintable()
    try:
        if is_plain:
            return pl.read_parquet(content.path, glob=False)
        return pl.read_parquet(io.BytesIO(content.whole()))
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        msg = f"{content.name} cannot be read as Parquet: {reason}."
        raise DataError(msg) from error


def _first(column: pl.Series) -> Other | None:
    row = column.is_not_null().arg_max()
    return None if row is None or column[row] is None else Other(row=row, written=column[row])


def _as_text(name: str, column: pl.Series) -> pl.Series:
    if column.dtype == pl.Struct:
        column = column.struct.json_encode()
    elif column.dtype.is_nested():
        column = pl.Series(column.name, [as_text(cell) for cell in column.to_list()], pl.String)
    elif column.dtype == pl.Binary:
        msg = f"{name}: the column {column.name!r} holds bytes, but text is needed."
        raise DataError(msg)
    return column.cast(pl.String).replace("", None)
