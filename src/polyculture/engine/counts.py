"""TF-IDF from training to answers, without torch: word counts wait for no network.

``engine/train.py`` and ``engine/predict.py`` do the same for networks, and cost seconds to import.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polyculture.core.recipe import Recipe
from polyculture.core.run import Facts, Run
from polyculture.engine import memory
from polyculture.engine.encode import Encoded, account, refuse_unknown
from polyculture.engine.ingredients import Ingredients, task_of, versions
from polyculture.engine.judge import judge
from polyculture.engine.record import write_run
from polyculture.nets.saved_counts import load_counts
from polyculture.nets.tfidf import LONGEST, Tfidf, joined_texts


@dataclass(frozen=True, kw_only=True)
class Counts:
    """A finished run of word counts, ready to answer; what ``Predictor`` is for networks."""

    recipe: Recipe
    labels: tuple[str, ...]
    model: Tfidf
    max_length: int = LONGEST
    """Characters of a text that are counted."""

    def answer(self, rows: pl.DataFrame, where: str = "the input") -> tuple[pl.DataFrame, Encoded]:
        """Answers to rows, and how many of them hold no word that was counted.

        Args:
            rows: With ``id`` and the task's inputs.
            where: What the rows are, for messages.

        Raises:
            DataError: No row holds a word that was counted.
        """
        return answer_rows(self.model, self.recipe, self.labels, rows, where)


def answer_rows(
    model: Tfidf, recipe: Recipe, labels: tuple[str, ...], rows: pl.DataFrame, where: str
) -> tuple[pl.DataFrame, Encoded]:
    """See ``Counts.answer``."""
    seen, counts = _count(model, rows, where)
    logits = list(model.scores(counts))
    return task_of(recipe).decode(rows, logits, labels, recipe.task, paths=None), seen


def _count(model: Tfidf, rows: pl.DataFrame, where: str) -> tuple[Encoded, Any]:
    texts = joined_texts(rows)
    counts = model.count(texts)
    seen = Encoded(
        pieces=[],
        rows=len(rows),
        cut_texts=sum(len(text) > LONGEST for text in texts),
        windowed=0,
        unread_words=0,
        unknown=int((counts.getnnz(axis=1) == 0).sum()),
        unit="characters",
    )
    refuse_unknown(seen, where)
    return seen, counts


def open_counts(folder: Path, recipe: Recipe, labels: tuple[str, ...]) -> Counts:
    """Load a run's ``model`` folder of word counts.

    Raises:
        ModelError: A file of it is missing or damaged, or belongs to another run.
    """
    model = load_counts(folder, labels)
    return Counts(recipe=recipe, labels=labels, model=model)


def train_counts(
    given: Ingredients, folder: Path, say: Callable[[str], None] = lambda _: None
) -> Run:
    """Train, test and write a run of word counts.

    Args:
        given: Recipe, data and base.
        folder: Where the run is written.
        say: Told what is being done, in a few words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    memory.forget_peak()
    began = time.monotonic()
    say("counting words")
    targets = np.stack(given.targets("train"))
    model = Tfidf.fit(joined_texts(given.rows["train"]), targets, labels=len(given.labels))
    model.save(folder / "model")
    saved = open_counts(folder / "model", given.recipe, given.labels)
    notes = _notes(model, given)
    judged = judge(given, saved, folder, say)
    facts = Facts(
        versions=versions(),
        base_digest=given.base.digest,
        data_digest=given.dataset.digest,
        lineage=given.base.lineage,
        chosen={"analyzer": model.analyzer, "max_length": None},
        seconds=time.monotonic() - began,
        peak_memory_mb=memory.peak_mb(),
        steps=0,
        epochs=1.0,
        best_step=0,
        stopped="the one optimum was found",
        parameters=model.parameters,
        trained_parameters=model.parameters,
        rows={split: len(rows) for split, rows in given.rows.items()},
        inputs=given.inputs,
        notes=(*given.dataset.notes, *given.base.notes, *notes, *judged.notes),
    )
    return write_run(given, folder, facts, judged)


def _notes(model: Tfidf, given: Ingredients) -> list[str]:
    """What was cut and what is unknown, but of the test, which is told when it is answered."""
    notes = []
    for split, rows in given.rows.items():
        seen, _ = _count(model, rows, split)
        notes += account(seen, split, LONGEST) if split in {"train", "valid"} else []
    return notes
