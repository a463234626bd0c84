"""Texts with answers in a data set on a model hub: its CSV, TSV, JSON lines or Parquet files."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from polyculture.core.data import Dataset
from polyculture.core.errors import DataError
from polyculture.core.plugins import DataSource
from polyculture.core.task import Column
from polyculture.sources.hub import fetch_files, pin_note
from polyculture.sources.rows.columns import Columns
from polyculture.sources.rows.fewer import Fewer, check_bounds
from polyculture.sources.rows.files import SPLITS, check_splits
from polyculture.sources.rows.hold_out import Way, check_way
from polyculture.sources.rows.tables import read_tables


class Hub(Columns, Fewer):
    """Which data set, and which of its files."""

    source: Literal["hub"] = "hub"
    name: str
    """``owner/name`` on the hub."""
    revision: str | None = None
    """Commit, tag or branch. Left out, the newest; the run says which commit that was."""
    train: str | None = None
    """A file in the data set, for example ``data/train.parquet``."""
    valid: str | None = None
    """The file by which the best weights are chosen."""
    test: str | None = None
    """The file that is answered once, at the end."""
    hold_out: float | None = Field(default=None, gt=0, lt=1)
    """Share of the training rows held out for validation where no validation file is named."""
    hold_out_by: Way = "random"
    """Which rows are held out: ``random`` (whole documents, or equal inputs together),
    ``stratified`` (of each label the same share), ``group`` (whole groups), or ``time`` (the latest
    ones by the column that ``time`` names)."""

    @model_validator(mode="after")
    def _splits_make_sense(self) -> Self:
        check_splits(tuple(self.files), self.hold_out)
        check_way(self)
        check_bounds(self, {*self.files, *(["valid"] if self.hold_out else [])})
        return self

    @property
    def files(self) -> dict[str, str]:
        """The files that are named, by split."""
        files = {split: getattr(self, split) for split in SPLITS}
        return {split: file for split, file in files.items() if file is not None}


def read(settings: Hub, columns: Mapping[str, Column]) -> Dataset:
    """Fetch the named files of one commit, and read them.

    Raises:
        DataError: The data set or a file of it cannot be had, or a row is broken.
    """
    folder = fetch_files(
        settings.name,
        settings.revision,
        tuple(settings.files.values()),
        kind="dataset",
        error=DataError,
    )
    for file in settings.files.values():
        if not (folder / file).is_file():
            msg = f"The data set {settings.name!r} has no file {file!r} in this revision."
            raise DataError(msg)
    return read_tables(
        settings.name,
        {split: folder / file for split, file in settings.files.items()},
        settings,
        columns,
        hold_out=settings,
        notes=pin_note(settings.name, settings.revision, folder),
    )


PLUGIN = DataSource(settings=Hub, read=read)
