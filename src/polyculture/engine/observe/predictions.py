"""The predictions view: what a trained model answers to the items of a probe."""

from pathlib import Path

import numpy as np
import polars as pl

from polyculture.core.views import Predictions
from polyculture.engine.model import Predictor
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


def _saved(path: Path | None, rows: pl.DataFrame, gold: list[str]) -> pl.DataFrame | None:
    if path is None or not path.exists():
        return None
    table = pl.read_parquet(path)
    same = table["id"].to_list() == rows["id"].to_list() and table["gold"].to_list() == gold
    return table if same else None
