"""Texts with answers, one JSON object a line: labels, words with tags, or spans of raw text."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from polyculture.core.data import Dataset
from polyculture.core.errors import DataError
from polyculture.core.plugins import DataSource
from polyculture.core.task import Column
from polyculture.sources.rows.columns import Columns
from polyculture.sources.rows.files import Files, name_of
from polyculture.sources.rows.tables import read_tables, table_batches

if TYPE_CHECKING:
    import polars as pl

NAMES = (".jsonl", ".jsonl.gz")


class Jsonl(Files, Columns):
    """Where the files lie and which keys matter."""

    source: Literal["jsonl"] = "jsonl"


def read(settings: Jsonl, columns: Mapping[str, Column]) -> Dataset:
    """Read the files.

    Raises:
        DataError: A file is missing or a line is broken.
    """
    paths = settings.paths
    for path in paths.values():
        if not path.name.lower().endswith(NAMES):
            msg = (
                f"{path} is not named .jsonl. For CSV, TSV, JSON, Parquet or Excel set "
                "source = 'table'."
            )
            raise DataError(msg)
    return read_tables(
        name_of(next(iter(paths.values()))),
        paths,
        settings,
        columns,
        hold_out=settings,
    )


def batches(settings: Jsonl, columns: Mapping[str, Column]) -> "Iterator[tuple[str, pl.DataFrame]]":
    """The rows a part at a time, for files that may be larger than memory."""
    return table_batches(settings.paths, settings, columns)


PLUGIN = DataSource(settings=Jsonl, read=read, batches=batches)
