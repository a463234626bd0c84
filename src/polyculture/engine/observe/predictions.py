"""The predictions view: what a trained model answers to the items of a probe."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.task import task_of
from polyculture.core.views import PASS_MARK, Predictions
from polyculture.engine.answering.model import Predictor
from polyculture.nets.reading.account import prefixed
from polyculture.store.evidence import predictions_of


def observe(
    predictor: Predictor,
    rows: pl.DataFrame,
    gold: list[str],
    saved: Path | None,
    pass_mark: float = PASS_MARK,
) -> tuple[Predictions, list[str]]:
    """Answers to prepared rows, and what was cut on the way.

    Args:
        predictor: The model.
        rows: The probe's items, as the task prepared them.
        gold: The right answers.
        saved: Answers that the run saved, where its data are the same today; used where they are
            to these very items.
        pass_mark: The grade from which an answer counts as right.
    """
    answers = _saved(saved, rows, gold)
    notes: list[str] = []
    if answers is None:
        answers, encoded = predictor.answer(rows, "the probe")
        notes = prefixed(encoded.notes, "probe")
    grades = _grades(predictor, rows, answers, gold)
    if grades is not None:
        notes.append(_note_on_grades(grades, answers, gold, pass_mark))
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
    return replace(predictions, grades=grades, pass_mark=pass_mark), notes


def _grades(
    predictor: Predictor, rows: pl.DataFrame, answers: pl.DataFrame, gold: list[str]
) -> NDArray[np.float64] | None:
    """How right each answer is, ``(items,)``; None where it is right if it equals the gold."""
    grades = task_of(predictor.recipe.task).grade(rows, answers, predictor.context)
    return None if grades == _equal(answers, gold) else np.array(grades, dtype=np.float64)


def _equal(answers: pl.DataFrame, gold: list[str]) -> list[float]:
    return [float(answer == right) for answer, right in zip(answers["answer"], gold, strict=True)]


def _note_on_grades(
    grades: NDArray[np.float64], answers: pl.DataFrame, gold: list[str], pass_mark: float
) -> str:
    return (
        f"Answers are graded from 0 to 1, {grades.mean():.2f} on average. From {pass_mark:g} on an "
        f"answer counts as right: {int((grades >= pass_mark).sum()):,} of {len(grades):,} do, and "
        f"{int(sum(_equal(answers, gold))):,} equal the gold."
    )


def _saved(path: Path | None, rows: pl.DataFrame, gold: list[str]) -> pl.DataFrame | None:
    if path is None or not path.exists():
        return None
    table = pl.read_parquet(path)
    same = table["id"].to_list() == rows["id"].to_list() and table["gold"].to_list() == gold
    return table if same else None
