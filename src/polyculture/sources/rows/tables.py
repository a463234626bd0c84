"""From files of rows, one for each split, to a dataset, for all sources of tables."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.data import Dataset
from polyculture.core.task import Column
from polyculture.sources.rows.columns import (
    Columns,
    in_iob2,
    read_row_batches,
    read_rows,
    setting_of,
)
from polyculture.sources.rows.dataset import dataset_of, origin_of, refuse_equal_ids
from polyculture.sources.rows.files import split_as_asked
from polyculture.sources.rows.hold_out import Asked

if TYPE_CHECKING:
    import polars as pl


def table_batches(
    paths: Mapping[str, Path], settings: Columns, columns: Mapping[str, Column]
) -> "Iterator[tuple[str, pl.DataFrame]]":
    """Split and some of its rows, a bounded number at a time; see ``DataSource.batches``.

    Raises:
        DataError: A file cannot be read, or a row is broken.
    """
    for split, path in paths.items():
        for rows in read_row_batches(path, split, settings, columns):
            yield split, rows


def read_tables(
    name: str,
    paths: Mapping[str, Path],
    settings: Columns,
    columns: Mapping[str, Column],
    *,
    hold_out: Asked,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Read the files and put them together.

    Raises:
        RecipeError: The settings name a column that the task does not read.
        DataError: A file cannot be read, or a row is broken.
    """
    read = {split: read_rows(path, split, settings, columns) for split, path in paths.items()}
    splits = {split: rows for split, (rows, _) in read.items()}

    def place(split: str, row: int) -> str:
        return read[split][1].place(row)

    origin = origin_of(
        paths,
        {split: rows["id"].to_list() for split, rows in splits.items()},
        place,
        {split: table.frame.columns for split, (_, table) in read.items()},
        setting_of,
    )
    refuse_equal_ids(splits, place)
    table_notes = tuple(note for _, table in read.values() for note in table.notes)
    splits, schemes = in_iob2(splits, columns)
    splits, held = split_as_asked(splits, columns, hold_out, partial(place, "train"))
    notes = (*notes, *table_notes, *schemes, *held)
    return dataset_of(name, splits, columns, notes=notes, origin=origin)
