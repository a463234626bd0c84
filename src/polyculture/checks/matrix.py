"""Does a family of models do a task with an adaptation? Trained, saved, reopened and asked twice.

A cell of the matrix works, or is refused with a reason that a person can read. Whoever adds a task
or an adaptation runs its row on every family:

Example: ``tried(tiny_base(folder, "llama", texts), Case(task=task), {"kind": "low_rank"})``.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from polyculture.checks.tasks import Case
from polyculture.core.errors import PolycultureError
from polyculture.engine.answering.model import open_run
from polyculture.engine.train import train
from polyculture.engine.training import Training

ROWS: Mapping[str, int] = {"train": 12, "valid": 6, "test": 6}
"""Rows of the toy data that a cell uses."""
CLOSE = 1e-4
"""Largest difference of what is read of a row alone and among others, relative and absolute."""


def tried(folder: Path, case: Case, adaptation: Mapping[str, Any]) -> str:
    """Train a base on some rows of a task's toy data and ask the finished run.

    Args:
        folder: A base, as ``tiny.tiny_base`` makes them.
        case: The task with its settings; its own base and rate are not used.
        adaptation: As a recipe has it.

    Returns:
        Why the combination is refused; empty if it works.

    Raises:
        AssertionError: It is not refused, and does not work.
    """
    usual = replace(
        case,
        base={"source": "folder", "path": str(folder)},
        fit={"learning_rate": 1e-3, "epochs": 1, "batch_tokens": 256},
        adaptation=adaptation,
    )
    with TemporaryDirectory() as place:
        try:
            training = _few(usual.training(Path(place)))
            run = train(training, Path(place), answer_simply=lambda _: {})
        except (PolycultureError, ValidationError) as refused:
            return _reason(refused)
        saved = pl.read_parquet(Path(place) / "run" / "predictions" / "test.parquet")
        _asked_twice(open_run(Path(place) / "run"), training.rows["test"], saved)
    assert run.valid is not None
    return ""


def _few(training: Training) -> Training:
    pool = training.task.pool(training.recipe.task)
    rows = {
        name: table if name == pool else table.head(ROWS.get(name, len(table)))
        for name, table in training.rows.items()
    }
    return replace(training, rows=rows)


def _asked_twice(model: Any, rows: pl.DataFrame, saved: pl.DataFrame) -> None:
    """Reopened it answers as it did; and a row alone as among others."""
    together, _ = model.read(rows, "test")
    answers = model.decode(rows, together)
    assert answers["answer"].to_list() == saved["answer"].to_list(), "answers otherwise, reopened"
    for number, expected in enumerate(together):
        row = rows[number : number + 1]
        (alone,), _ = model.read(row, "test")
        if _same(alone, expected):
            continue
        # what is read of a row may hold a place among the others; its answer does not
        (answer,) = model.decode(row, [alone])["answer"]
        message = f"row {number} alone gives {alone}, among others {expected}"
        assert isinstance(alone, tuple), message
        assert answer == answers["answer"][number], message


def _same(a: Any, b: Any) -> bool:
    """Whether two readings of a row are equal, numbers nearly."""
    if isinstance(a, str) or a is None:
        return bool(a == b)
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(_same(value, b[name]) for name, value in a.items())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(np.allclose(a, b, rtol=CLOSE, atol=CLOSE, equal_nan=True))


def _reason(refused: PolycultureError | ValidationError) -> str:
    if isinstance(refused, ValidationError):
        return str(refused.errors()[0]["msg"]).removeprefix("Value error, ")
    return str(refused)
