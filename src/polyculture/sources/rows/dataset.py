"""From rows of any source to a dataset: ids checked, repeated texts counted, contents digested."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from polyculture.core.columns import originals
from polyculture.core.data import Dataset, Origin
from polyculture.core.errors import DataError
from polyculture.core.task import Column
from polyculture.sources.rows.cells import with_contents
from polyculture.sources.rows.files import CORPUS
from polyculture.sources.rows.repeats import input_keys

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

Place = Callable[[str, int], str]
"""(split, row) to where the row stands, for messages."""


def dataset_of(
    name: str,
    splits: "Mapping[str, pl.DataFrame]",
    columns: Mapping[str, Column],
    *,
    notes: tuple[str, ...] = (),
    licence: str = "",
    is_restricted: bool = False,
    place: Place | None = None,
    origin: Origin | None = None,
) -> Dataset:
    """Put splits together as a dataset.

    Args:
        name: What the dataset is called in runs and reports.
        splits: Rows by split; every row has an ``id``.
        columns: What the task reads.
        notes: What the source dropped, merged or repaired.
        licence: Terms of the texts.
        is_restricted: The texts may not be copied.
        place: Where a row stands, for messages; without it split and row number are named.
        origin: The files behind the rows, where there are files.

    Raises:
        DataError: Two rows have one id, or a split has no rows.
    """
    from polyculture.store.digest import of_frame, of_json

    place = place or _by_number
    _refuse_empty(name, splits)
    refuse_equal_ids(splits, place)
    return Dataset(
        name=name,
        splits=dict(splits),
        digest=of_json(
            {split: of_frame(with_contents(rows, columns)) for split, rows in splits.items()}
        ),
        notes=(*notes, *repeat_notes(splits, columns)),
        licence=licence,
        is_restricted=is_restricted,
        origin=origin,
    )


def origin_of(
    paths: "Mapping[str, Path]",
    ids: Mapping[str, Sequence[str]],
    place: Place,
    columns: Mapping[str, Sequence[str]],
    setting: Callable[[str], str] = str,
) -> Origin:
    """Find files and lines of rows by their ids, also of rows held out of train.

    Args:
        paths: The file of each split.
        ids: Ids of the rows of each file, in its order.
        place: (split, row of its file) to file and line.
        columns: Names of the columns of each file.
        setting: Our column to the setting that names the file's.
    """

    def file_of(split: str) -> str:
        return split if split in paths else "train"  # rows of a split without a file are held out

    def where(split: str, item: str | None) -> str:
        for file, ids_of_split in ids.items():
            if (file == CORPUS) == (split == CORPUS) and item is not None and item in ids_of_split:
                return place(file, list(ids_of_split).index(item))
        return str(paths[file_of(split)])

    return Origin(place=where, columns=lambda split: columns[file_of(split)], setting=setting)


def _by_number(split: str, row: int) -> str:
    return f"{split}, row {row + 1}"


def _refuse_empty(name: str, splits: "Mapping[str, pl.DataFrame]") -> None:
    for split, rows in splits.items():
        if rows.is_empty():
            msg = f"The split {split!r} of {name!r} has no rows. Give it some, or leave it out."
            raise DataError(msg)


def refuse_equal_ids(splits: "Mapping[str, pl.DataFrame]", place: Place) -> None:
    """Check that ids are unique; those of a corpus are apart from all others.

    Raises:
        DataError: Two rows have one id; the message names both.
    """
    places: dict[str, tuple[str, int]] = {}
    for split, rows in sorted(splits.items(), key=lambda pair: pair[0] == CORPUS):
        if split == CORPUS:
            places = {}
        for row, key in enumerate(rows["id"].to_list()):
            if key in places:
                msg = (
                    f"{place(split, row)}: the id {key!r} is also that of {place(*places[key])}. "
                    "Give every row an id of its own, or leave the id column out."
                )
                raise DataError(msg)
            places[key] = (split, row)


def repeat_notes(
    splits: "Mapping[str, pl.DataFrame]", columns: Mapping[str, Column]
) -> tuple[str, ...]:
    """Count texts, or other inputs, that occur again, within a split and in an earlier one."""
    keys = {split: input_keys(rows, columns) for split, rows in splits.items()}
    there = {name for rows in splits.values() for name in originals(columns, rows.columns)}
    kinds = {columns[name].kind for name in there}
    article, what = ("a", "text") if kinds <= {"text", "words"} else ("an", "input")
    notes = []
    for split, keys_of_split in keys.items():
        again = sum(count - 1 for count in Counter(keys_of_split).values())
        if again:
            notes.append(
                f"{again:,} of {len(keys_of_split):,} rows of {split} repeat the {what} of "
                "another; all kept."
            )
    order = [split for split in ("train", "valid", "test") if split in keys]
    for position, later in enumerate(order):
        for earlier in order[:position]:
            known = set(keys[earlier])
            shared = sum(key in known for key in keys[later])
            if shared:
                notes.append(
                    f"{shared:,} of {len(keys[later]):,} rows of {later} have {article} {what} "
                    f"that {earlier} has too; all kept."
                )
    return tuple(notes)
