"""Rows that all others are answered against: what answers need of them is kept in the run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from polyculture.core.task import Context, Pool, Task, task_of
from polyculture.engine.answering.model import Predictor, without_gold
from polyculture.engine.training import Training
from polyculture.nets.reading.account import prefixed
from polyculture.store.pools import write_pool

COPY = "The run keeps "
"""How the note begins that says of what a run holds a copy."""
SAMPLE = 64
"""Rows sampled to estimate the size of all."""


@dataclass(frozen=True, kw_only=True)
class Answering:
    """A finished model with all that its answers need."""

    predictor: Predictor
    pool_digest: str = ""
    """Digest of what the run keeps of its pool; empty where there is none."""
    notes: tuple[str, ...] = ()
    """What of the pool did not fit."""


def with_pool(
    saved: Predictor, training: Training, run: Path, say: Callable[[str], None]
) -> Answering:
    """Read what rows are answered against with the saved model, and write it into the run.

    Args:
        saved: The model, opened from the run's folder.
        training: Recipe and data of the training.
        run: The run's folder.
        say: Told what is being done.
    """
    pool = training.context.pool
    if pool is None:
        return Answering(predictor=saved)
    split = training.task.pool(training.recipe.task)
    texts = training.task.pool_keeps(training.recipe.task)
    notes: list[str] = []
    read = None
    if training.task.reads_pool:
        say(f"reading {split}")
        values, encoded = saved.read(pool.rows, split)
        read, notes = np.stack(values), prefixed(encoded.notes, split)
    rows = _kept(pool.rows, training.task, texts)
    if texts:
        notes.append(_on_copy(rows, split, texts))
    context = replace(saved.context, pool=Pool(rows=rows, read=read))
    return Answering(
        predictor=replace(saved, context=context),
        pool_digest=write_pool(run, rows, read),
        notes=tuple(notes),
    )


def _kept(rows: pl.DataFrame, task: Task, texts: Sequence[str]) -> pl.DataFrame:
    """What answers need: of rows that are read by themselves a run holds no copy of the texts."""
    gold = [name for name, column in task.columns.items() if column.is_gold]
    return rows.select("id", *(name for name in (*texts, *gold) if name in rows.columns))


def _on_copy(rows: pl.DataFrame, split: str, texts: Sequence[str]) -> str:
    return (
        f"{COPY}{' and '.join(map(repr, texts))} of the {len(rows):,} rows of {split}, "
        "which its answers need: share it only where you may share them."
    )


def size_of_pool(context: Context) -> int:
    """About how many tokens the pool has, from some of its rows; 0 where there is none."""
    task = task_of(context.settings)
    if context.pool is None or not task.reads_pool:
        return 0
    rows = context.pool.rows
    some = task.encode(without_gold(rows.head(SAMPLE), task), context)
    return round(float(some.sizes.mean()) * len(rows)) if some.examples else 0
