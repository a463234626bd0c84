"""Tables of a recommender's data set: columns are named ``name:kind`` on the first line."""

from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.errors import StarterError
from polyculture.store.reading.tables import text_lines, write_table

if TYPE_CHECKING:
    import polars as pl

TABLES = {"inter": "ratings", "item": "items", "user": "users", "kg": "facts", "link": "links"}


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write one Parquet table for each file."""
    notes = []
    for suffix, name in TABLES.items():
        (file,) = members.glob(f"*.{suffix}")
        table = read_atomic(file)
        write_table(table, folder / f"{name}.parquet")
        notes.append(f"{name}: {len(table):,} rows of {', '.join(table.columns)}.")
    return tuple(notes)


def read_atomic(file: Path) -> "pl.DataFrame":
    """Read one table: ``float`` columns become numbers, all others stay text.

    Raises:
        StarterError: A line has too many or too few cells; the message names it.
    """
    import polars as pl

    lines = (line.rstrip("\r\n").split("\t") for line in text_lines(file))
    names, _, kinds = zip(*(cell.partition(":") for cell in next(lines)), strict=True)
    rows = list(lines)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            msg = f"{file.name}, line {number}: expected {len(names)} cells, got {len(row)}."
            raise StarterError(msg)
    table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    numbers = [name for name, kind in zip(names, kinds, strict=True) if kind == "float"]
    return table.with_columns(pl.col(numbers).cast(pl.Float64))
