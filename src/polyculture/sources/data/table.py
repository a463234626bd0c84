"""Texts with answers in a table: CSV, TSV, JSON, Parquet or Excel."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from polyculture.core.data import Dataset
from polyculture.core.plugins import DataSource
from polyculture.core.task import Column
from polyculture.sources.rows.columns import Columns
from polyculture.sources.rows.files import Files, name_of
from polyculture.sources.rows.tables import read_tables, table_batches

if TYPE_CHECKING:
    import polars as pl


class Table(Files, Columns):
    """Where the files lie and which columns matter."""

    source: Literal["table"] = "table"


def read(settings: Table, columns: Mapping[str, Column]) -> Dataset:
    """Read the files; every cell is text, and only an empty cell is empty.

    Raises:
        DataError: A file is missing or a row is broken.
    """
    paths = settings.paths
    return read_tables(
        name_of(next(iter(paths.values()))),
        paths,
        settings,
        columns,
        hold_out=settings,
    )


def batches(settings: Table, columns: Mapping[str, Column]) -> "Iterator[tuple[str, pl.DataFrame]]":
    """The rows a part at a time, for files that may be larger than memory."""
    return table_batches(settings.paths, settings, columns)


PLUGIN = DataSource(settings=Table, read=read, batches=batches)
