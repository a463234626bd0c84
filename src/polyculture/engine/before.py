"""What the base says of all rows before the first step, where a task's loss compares with it.

Computed once with the network as it stands: the head in place, the adaptation attached and not yet
trained. It lies beside the checkpoints, so that a training that was killed resumes with the very
numbers, and costs no memory while training, unlike a second network.
"""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.engine.answering.read import read_rows
from polyculture.engine.opened import Opened
from polyculture.engine.training import Training
from polyculture.nets.reading.account import refuse_unreadable
from polyculture.store.writing.folder import write_bytes

FOLDER = "before"


def with_rows_before(training: Training, opened: Opened, folder: Path | None) -> Training:
    """The training with the columns that the task's ``before`` adds to the rows of each split.

    Args:
        training: Recipe, data and base.
        opened: The base with its head and adaptation, untrained.
        folder: The training's, in which they are found or kept; None to compute them anew.

    Raises:
        DataError: No row of a split can be read.
    """
    before = training.task.before
    if before is None:
        return training
    rows: dict[str, pl.DataFrame] = {}
    names: tuple[str, ...] = ()
    for split, part in training.rows.items():
        file = None if folder is None else folder / FOLDER / f"{split}.parquet"
        added = None if file is None else _kept(file, part)
        if added is None:
            told = before(part, _read(training, opened, split), opened.context)
            added = told.select("id", pl.exclude(part.columns))
            if file is not None:
                content = io.BytesIO()
                added.write_parquet(content)
                write_bytes(file, content.getvalue())
        rows[split] = part.with_columns(added.drop("id"))
        names = tuple(name for name in added.columns if name != "id")
    return replace(training, rows=rows, before=names)


def _read(training: Training, opened: Opened, split: str) -> list[Any]:
    task, context = training.task, opened.context
    encoded = task.encode(training.rows[split], context)
    refuse_unreadable(encoded, split)
    return read_rows(opened.network, encoded, task, context, device=opened.device).rows


def _kept(file: Path, rows: pl.DataFrame) -> pl.DataFrame | None:
    """What an interrupted training kept of these rows; None where it kept nothing whole."""
    try:
        added = pl.read_parquet(file)
    except (OSError, pl.exceptions.PolarsError):
        return None
    return added if "id" in added.columns and added["id"].equals(rows["id"]) else None
