"""TF-IDF from training to answers, without torch.

``engine/train.py`` and ``engine/answering/model.py`` do the same for networks, and cost seconds to
import.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polyculture.core.errors import RecipeError
from polyculture.core.run import Facts, Run
from polyculture.core.task import Context, Encoded, task_of
from polyculture.engine.cost import memory
from polyculture.engine.evaluate import evaluate_saved, simple_answers
from polyculture.engine.record import write_run
from polyculture.engine.settle import settle
from polyculture.engine.training import Training, versions
from polyculture.nets.lexical.saved_counts import load_counts
from polyculture.nets.lexical.tfidf import LONGEST, Tfidf, joined_texts
from polyculture.nets.reading.account import (
    of_texts,
    of_unknown,
    prefixed,
    refuse_unreadable,
    why_unreadable,
)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """A finished run of word counts, ready to answer; what ``Predictor`` is for networks."""

    context: Context
    model: Tfidf

    def answer(self, rows: pl.DataFrame, where: str = "the input") -> tuple[pl.DataFrame, Encoded]:
        """Answers to rows, and how many of them hold no word that was counted.

        Args:
            rows: With ``id`` and the task's inputs.
            where: What the rows are, for messages.

        Raises:
            DataError: No row holds a word that was counted.
        """
        values, encoded = self.read(rows, where)
        return self.decode(rows, values), encoded

    def read(self, rows: pl.DataFrame, where: str) -> tuple[list[Any], Encoded]:
        """The logits of each row, and how many hold no word that was counted."""
        encoded, counts = _count(self.model, rows, where)
        return list(self.model.scores(counts)), encoded

    def decode(self, rows: pl.DataFrame, values: Sequence[Any]) -> pl.DataFrame:
        """Answers, from what ``read`` gave of each row."""
        return task_of(self.context.settings).decode(rows, values, self.context)


def answer_rows(
    model: Tfidf, context: Context, rows: pl.DataFrame, where: str
) -> tuple[pl.DataFrame, Encoded]:
    """See ``Counts.answer``."""
    return Counts(context=context, model=model).answer(rows, where)


def _count(model: Tfidf, rows: pl.DataFrame, where: str) -> tuple[Encoded, Any]:
    texts = joined_texts(rows)
    counts = model.count(texts)
    cut = sum(len(text) > LONGEST for text in texts)
    unknown = int((counts.getnnz(axis=1) == 0).sum())
    encoded = Encoded(
        examples=(),
        rows=len(rows),
        notes=(
            *of_texts(cut=cut, rows=len(rows), longest=LONGEST, unit="characters"),
            *of_unknown(unknown, len(rows)),
        ),
        protocol={"cut_texts": cut},
        unreadable=why_unreadable(unknown, len(rows)),
    )
    refuse_unreadable(encoded, where)
    return encoded, counts


def open_counts(folder: Path, context: Context) -> Counts:
    """Load a run's ``model`` folder of word counts.

    Raises:
        ModelError: A file of it is missing or damaged, or belongs to another run.
    """
    return Counts(context=context, model=load_counts(folder, context.labels))


def train_counts(
    training: Training,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
    *,
    answer_simply: Callable[[Training], Mapping[str, pl.DataFrame]] = simple_answers,
) -> Run:
    """Train, test and write a run of word counts.

    Args:
        training: Recipe, data and base.
        folder: Where the run is written.
        say: Told what is being done, in a few words.
        answer_simply: What the baselines answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    memory.forget_peak()
    began = time.monotonic()
    say("counting words")
    context, rows = training.context, training.rows["train"]
    if training.task.codes is None:
        kind = training.recipe.task.kind  # type: ignore[attr-defined]
        msg = f"Word counts cannot learn the task {kind!r}. Choose another base."
        raise RecipeError(msg)
    targets = np.stack(training.task.codes(rows, context))
    model = Tfidf.fit(joined_texts(rows), targets, labels=len(context.labels))
    model.save(folder / "model")
    seconds = time.monotonic() - began
    saved = open_counts(folder / "model", context)
    notes = _notes(model, training)
    settled = settle(training, saved, say)
    evaluation = evaluate_saved(training, settled, folder, say, simple=answer_simply(training))
    facts = Facts(
        versions=versions(),
        base_digest=training.base.digest,
        data_digest=training.dataset.digest,
        lineage=training.base.lineage,
        chosen={"analyzer": model.analyzer, "max_length": None},
        seconds=seconds,
        peak_memory_mb=memory.peak_mb(),
        steps=0,
        epochs=1.0,
        best_step=0,
        stopped="the one optimum was found",
        parameters=model.parameters,
        trained_parameters=model.parameters,
        rows={split: len(rows) for split, rows in training.rows.items()},
        inputs=training.inputs,
        notes=(*training.dataset.notes, *training.base.notes, *notes, *evaluation.notes),
    )
    return write_run(training, folder, facts, evaluation)


def _notes(model: Tfidf, training: Training) -> list[str]:
    """What was cut or unknown in train and valid; the test is reported when it is answered."""
    notes = []
    for split, rows in training.rows.items():
        encoded, _ = _count(model, rows, split)
        notes += prefixed(encoded.notes, split) if split in {"train", "valid"} else []
    return notes
