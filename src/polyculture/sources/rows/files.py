"""Settings that sources of files share: a file for each split, or validation rows held out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from polyculture.core.recipe import RecipePath
from polyculture.core.task import Column
from polyculture.sources.rows.fewer import Fewer, check_bounds, few
from polyculture.sources.rows.hold_out import TIME, Asked, Way, check_way, part

if TYPE_CHECKING:
    import polars as pl

SPLITS = ("train", "valid", "test")
CORPUS = "corpus"
"""Texts that rows are answered with, as those of a search: neither trained on nor answered."""
PLAIN_NAMES = {*SPLITS, CORPUS, "dev", "data", "rows", "validation"}


class Files(Fewer):
    """A file for each split; what is not named is not there."""

    train: RecipePath | None = None
    """The file to learn from."""
    valid: RecipePath | None = None
    """The file by which the best weights are chosen."""
    test: RecipePath | None = None
    """The file that is answered once, at the end."""
    corpus: RecipePath | None = None
    """The texts to search in, for tasks that search. Its ids are apart from those of rows; column
    names apply if it has these columns."""
    hold_out: float | None = Field(default=None, gt=0, lt=1)
    """Share of the training rows held out for validation where no validation file is named."""
    hold_out_by: Way = "random"
    """Which rows are held out: ``random`` (whole documents, or equal inputs together),
    ``stratified`` (of each label the same share), ``group`` (whole groups), or ``time`` (the latest
    ones by the column that ``time`` names)."""

    @model_validator(mode="after")
    def _splits_make_sense(self) -> Self:
        check_splits(tuple(self.paths), self.hold_out)
        check_way(self)
        check_bounds(self, {*self.paths, *(["valid"] if self.hold_out else [])})
        return self

    @property
    def paths(self) -> dict[str, Path]:
        """The files that are named, by split."""
        paths = {split: getattr(self, split) for split in (*SPLITS, CORPUS)}
        return {split: path for split, path in paths.items() if path is not None}


def check_splits(named: tuple[str, ...], hold_out: float | None) -> None:
    """Refuse settings without any file, and two ways to validate at once.

    Raises:
        ValueError: They do not go together.
    """
    if not set(named) & set(SPLITS):
        msg = "name at least one file, as train, valid or test"
        raise ValueError(msg)
    if hold_out and ("valid" in named or "train" not in named):
        msg = "hold_out takes validation rows from train, so it goes with train and without valid"
        raise ValueError(msg)


def name_of(path: Path) -> str:
    """The name of a dataset: its file, or the folder if the file's name is generic.

    Example:
        >>> name_of(Path("films/train.csv")), name_of(Path("films/reviews.csv"))
        ('films', 'reviews')
    """
    parent = path.absolute().parent.name
    return parent if path.stem in PLAIN_NAMES and parent else path.stem


def split_as_asked(
    splits: "dict[str, pl.DataFrame]",
    columns: Mapping[str, Column],
    settings: Any,
    place: Callable[[int], str],
) -> "tuple[dict[str, pl.DataFrame], tuple[str, ...]]":
    """Hold validation rows out and leave rows out, as the settings ask, and say so.

    Args:
        splits: Rows by split.
        columns: What the task reads.
        settings: The source's, with those of ``Fewer``: how many rows, and which.
        place: Row of train to file and line, for messages.
    """
    splits, notes = with_hold_out(splits, columns, settings, place)
    fewer = {split: few(rows, split, settings) for split, rows in splits.items()}
    left_out = tuple(
        f"{len(fewer[split]):,} of {len(rows):,} rows of {split}, drawn at random (split_seed "
        f"{settings.split_seed})."
        for split, rows in splits.items()
        if len(fewer[split]) < len(rows)
    )
    return fewer, (*notes, *left_out)


def with_hold_out(
    splits: "dict[str, pl.DataFrame]",
    columns: Mapping[str, Column],
    settings: Asked,
    place: Callable[[int], str],
) -> "tuple[dict[str, pl.DataFrame], tuple[str, ...]]":
    """Move a share of the training rows to validation, and say so.

    Args:
        splits: Rows by split.
        columns: What the task reads.
        settings: The source's: how many rows, and which.
        place: Row of train to file and line, for messages.
    """
    share = settings.hold_out
    if share is None:
        return splits, ()
    rows = splits["train"]
    held = part(rows, columns, settings, share, place)
    train, valid = (some.drop(TIME, strict=False) for some in (held.train, held.valid))
    way = "" if settings.hold_out_by == "random" else f", hold_out_by '{settings.hold_out_by}'"
    seed = "" if settings.hold_out_by == "time" else f", split_seed {settings.split_seed}"
    note = (
        f"{len(valid):,} of {len(rows):,} training rows are held out for validation (hold_out "
        f"{share}{way}{seed}); {held.how}."
    )
    parts = {"train": train, "valid": valid}
    return parts | {s: rows for s, rows in splits.items() if s not in parts}, (note,)
