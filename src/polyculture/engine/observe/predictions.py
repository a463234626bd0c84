"""The predictions view: what a trained model answers to the items of a probe."""

from pathlib import Path

import numpy as np
import polars as pl

from polyculture.core.task import task_of
from polyculture.core.views import Predictions
from polyculture.engine.answering.model import Predictor
from polyculture.nets.reading.account import prefixed
from polyculture.store.evidence import predictions_of


def observe(
    predictor: Predictor, rows: pl.DataFrame, gold: list[str], saved: Path | None
) -> tuple[Predictions, list[str]]:
    """Answers to prepared rows, and what was cut on the way.

    Args:
        predictor: The model.
        rows: The probe's items, as the task prepared them.
        gold: The right answers.
        saved: Answers that the run saved, where its data are the same today; used where they are
            to these very items.
    """
    answers = _saved(saved, rows, gold)
    notes: list[str] = []
    if answers is None:
        answers, encoded = predictor.answer(rows, "the probe")
        notes = prefixed(encoded.notes, "probe")
    notes += _note_on_grades(predictor, rows, answers, gold)
    probabilities = None
    if "probabilities" in answers.columns and answers["probabilities"].null_count() == 0:
        probabilities = np.array(answers["probabilities"].to_list(), dtype=np.float64)
    predictions = predictions_of(
        rows["id"].to_list(),
        answers["answer"].to_list(),
        gold,
        probabilities=probabilities,
        classes=predictor.labels if probabilities is not None else (),
    )
    return predictions, notes


def _note_on_grades(
    predictor: Predictor, rows: pl.DataFrame, answers: pl.DataFrame, gold: list[str]
) -> list[str]:
    """Where an answer may be right or partly right without being the gold itself, say so."""
    grades = task_of(predictor.recipe.task).grade(rows, answers, predictor.context)
    equal = [answer == right for answer, right in zip(answers["answer"], gold, strict=True)]
    if grades == [float(is_equal) for is_equal in equal]:
        return []
    note = (
        f"Only answers that equal the gold count as right here, {sum(equal):,} of {len(equal):,}. "
        f"The task itself grades them from 0 to 1: {np.mean(grades):.2f} in the mean."
    )
    return [note]


def _saved(path: Path | None, rows: pl.DataFrame, gold: list[str]) -> pl.DataFrame | None:
    if path is None or not path.exists():
        return None
    table = pl.read_parquet(path)
    same = table["id"].to_list() == rows["id"].to_list() and table["gold"].to_list() == gold
    return table if same else None
