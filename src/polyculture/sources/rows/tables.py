"""From files of rows, one for each split, to a dataset, for all sources of tables."""

from collections.abc import Mapping
from pathlib import Path

from polyculture.core.data import Dataset
from polyculture.core.task import Column
from polyculture.sources.rows.columns import Columns, in_iob2, read_rows, setting_of
from polyculture.sources.rows.dataset import dataset_of, origin_of, refuse_equal_ids
from polyculture.sources.rows.files import with_hold_out


def read_tables(
    name: str,
    paths: Mapping[str, Path],
    settings: Columns,
    columns: Mapping[str, Column],
    *,
    hold_out: float | None,
    split_seed: int,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Read the files and put them together.

    Raises:
        RecipeError: The settings name a column that the task does not read.
        DataError: A file cannot be read, or a row is broken.
    """
    read = {split: read_rows(path, split, settings, columns) for split, path in paths.items()}
    splits = {split: rows for split, (rows, _) in read.items()}
    origin = origin_of(
        paths,
        {split: rows["id"].to_list() for split, rows in splits.items()},
        lambda split, row: read[split][1].place(row),
        {split: table.frame.columns for split, (_, table) in read.items()},
        setting_of,
    )
    refuse_equal_ids(splits, lambda split, row: read[split][1].place(row))
    table_notes = tuple(note for _, table in read.values() for note in table.notes)
    splits, schemes = in_iob2(splits, columns)
    splits, held = with_hold_out(splits, columns, hold_out, split_seed)
    notes = (*notes, *table_notes, *schemes, *held)
    return dataset_of(name, splits, columns, notes=notes, origin=origin)
