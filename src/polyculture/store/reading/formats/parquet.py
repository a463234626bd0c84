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


WHOLE = 2**53
"""Whole numbers that are smaller are exact in a column of floats."""
TEXTS = (pl.String, pl.Categorical, pl.Enum)


def parquet(content: Content) -> tuple[pl.DataFrame, Others]:
    """All columns as text, an empty cell null; and the first cell of those that hold no texts.

    Raises:
        DataError: The file is damaged or not Parquet.
    """
    return as_texts(parquet_frame(content))


def as_texts(frame: pl.DataFrame) -> tuple[pl.DataFrame, Others]:
    """Columns of any type as text, an empty cell null; and the first cell of those that were none.

    A column of bytes, such as pictures, has empty cells: it is refused where it is asked for.
    """
    table = frame.select(_as_text(frame[column]) for column in frame.columns)
    others: Others = {}
    for name, kind in frame.schema.items():
        cell = _first(frame[name], "bytes") if _holds_bytes(kind) else _first(table[name])
        if cell is not None and kind not in TEXTS:
            others[name] = {cell.kind: cell}
    return table, others


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


def _first(column: pl.Series, written: str = "") -> Other | None:
    """The first cell that is filled; ``written`` stands for what cannot be shown."""
    row = column.is_not_null().arg_max()
    if row is None or column[row] is None:
        return None
    return Other(row=row, written=written or column[row])


def _holds_bytes(kind: pl.DataType) -> bool:
    if isinstance(kind, pl.Struct):
        return any(_holds_bytes(field.dtype) for field in kind.fields)  # type: ignore[arg-type]
    if isinstance(kind, pl.List | pl.Array):
        return _holds_bytes(kind.inner)  # type: ignore[arg-type]
    return kind == pl.Binary


def _as_text(column: pl.Series) -> pl.Series:
    if _holds_bytes(column.dtype):
        return pl.Series(column.name, [None] * len(column), pl.String)
    if column.dtype.is_float():
        return _of_floats(column)
    if column.dtype.is_nested():
        column = pl.Series(column.name, [as_text(cell) for cell in column.to_list()], pl.String)
    return column.cast(pl.String).replace("", None)


def _of_floats(column: pl.Series) -> pl.Series:
    """Whole numbers as such: a column of them with an empty cell is one of floats elsewhere."""
    column = column.fill_nan(None)
    is_whole = ((column % 1 == 0) & (column.abs() < WHOLE)).fill_null(value=False)
    whole = column.zip_with(is_whole, pl.Series([None], dtype=column.dtype)).cast(pl.Int64)
    return whole.cast(pl.String).zip_with(is_whole, column.cast(pl.String))
