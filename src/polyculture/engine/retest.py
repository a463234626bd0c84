"""Test the model of a finished run on other rows: nothing is trained, and all else is as it was.

A model is opened from its run with everything that was chosen for it, and answers validation and
test once, like a model that was just trained. What comes of it is a run of its own.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from polyculture.core.errors import RecipeError
from polyculture.engine.answering.model import open_run
from polyculture.engine.answering.pool import COPY
from polyculture.engine.device import device_of
from polyculture.engine.evaluate import TFIDF, evaluate_saved, simple_answers
from polyculture.engine.record import write_run
from polyculture.engine.settle import Settled
from polyculture.store.runs import RECORD, read_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import polars as pl

    from polyculture.core.run import Run
    from polyculture.engine.training import Training

PREDICTIONS = "predictions"


def retest(
    training: Training,
    earlier: Path,
    folder: Path,
    *,
    say: Callable[[str], None] = lambda _: None,
    answer_simply: Callable[[Training], Mapping[str, pl.DataFrame]] = simple_answers,
) -> Run:
    """Test a finished run's model on the test rows of a training that is otherwise the same.

    Args:
        training: Recipe, data and base; what the model learnt from and was chosen by is the same.
        earlier: The finished run.
        folder: Where the new run is written; it is made.
        say: Told what is being done.
        answer_simply: What the baselines answer.

    Raises:
        RecipeError: The task compares its answers with those of the base before training.
        StoreError: ``earlier`` holds no finished run.
    """
    if training.task.before is not None:
        kind = training.recipe.task.kind  # type: ignore[attr-defined]
        msg = f"The task {kind!r} asks its base before training, so its models cannot be retested."
        raise RecipeError(msg)
    run = read_run(earlier)
    say("copying the model")
    others = shutil.ignore_patterns(RECORD, PREDICTIONS, ".*")
    shutil.copytree(earlier, folder, ignore=others, dirs_exist_ok=True)
    rate = run.facts.chosen.get("learning_rate")
    device = None if training.base.kind == TFIDF else device_of(training.recipe.fit)
    evaluation = evaluate_saved(
        training,
        Settled(saved=open_run(earlier, device=device)),
        folder,
        say,
        rate=rate if isinstance(rate, float) else None,
        simple=answer_simply(training),
    )
    facts = run.facts.model_copy(
        update={
            "model_of": run.fingerprint,
            "data_digest": training.dataset.digest,
            "rows": {split: len(rows) for split, rows in training.rows.items()},
            "notes": (
                f"The model of {run.name}, tested on other rows. Its notes say how it learnt.",
                *training.dataset.notes,
                *training.base.notes,
                *(note for note in run.facts.notes if note.startswith(COPY)),
                *evaluation.notes,
            ),
        }
    )
    return write_run(training, folder, facts, evaluation)
