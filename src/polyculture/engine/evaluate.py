"""Score the trained model and test it against simple baselines.

The saved model is opened again from its folder and answers validation and test once: what is
scored is what a user will load. Its answers are saved, so that every score can be computed again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from polyculture.core.run import Baseline, Scores
from polyculture.core.task import Inventory
from polyculture.engine.settle import Settled, named_in_protocol
from polyculture.engine.training import Training
from polyculture.nets.reading.account import prefixed
from polyculture.stats.answers import documents_of
from polyculture.stats.inference.paired import better
from polyculture.stats.labels.learning_checks import (
    MORE_ROWS,
    never_answered,
    nothing_learned,
    trial,
)
from polyculture.store.writing.disk import telling_of_disk

TFIDF = "tfidf"
"""The kind of base, and the name of the baseline, that are one method."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Scores of the saved model and of the baselines."""

    valid: Scores
    test: Scores | None
    baselines: tuple[Baseline, ...]
    """On test, or on validation where there is no test."""
    notes: tuple[str, ...]
    inventory: Inventory
    """What the answers were made with."""


def evaluate_saved(
    training: Training,
    settled: Settled,
    folder: Path,
    say: Callable[[str], None],
    *,
    rate: float | None = None,
    simple: Mapping[str, pl.DataFrame],
) -> Evaluation:
    """Answer validation and test with the saved model, and score it beside the baselines.

    Args:
        training: Recipe, data and base of the training.
        settled: The model, opened from the run's folder.
        folder: The run's; ``predictions/`` is written into it.
        say: Told what is being done.
        rate: The peak learning rate, where there was one.
        simple: Answers of the baselines to the last split.
    """
    trained = replace(training, inventory=settled.saved.context.inventory)
    splits = [split for split in ("valid", "test") if split in training.rows]
    scores: dict[str, Scores] = {}
    protocol: Mapping[str, str | int] = {}
    answers: dict[str, pl.DataFrame] = {}
    notes: list[str] = []
    for split in splits:
        say(f"answering {split}")
        answers[split], encoded = settled.answer(training.rows[split], split)
        if split != "valid":  # what was cut in validation is told already
            notes += prefixed(encoded.notes, split)
        protocol = encoded.protocol
        chosen = named_in_protocol(trained.inventory.settled, split)
        scores[split] = _score(trained, split, answers[split], {**protocol, **chosen})
        _save(trained, split, answers[split], folder / "predictions")
    last = splits[-1]
    # baselines cut nothing, and have no reader
    nothing_cut = {name: 0 for name, fact in protocol.items() if isinstance(fact, int)}
    baselines = _baselines(training, last, answers[last], simple, nothing_cut)
    return Evaluation(
        valid=scores["valid"],
        test=scores.get("test"),
        baselines=baselines,
        inventory=trained.inventory,
        notes=(*notes, *_findings(trained, scores[last], baselines, rate)),
    )


def _findings(
    training: Training, scores: Scores, baselines: tuple[Baseline, ...], rate: float | None
) -> tuple[str, ...]:
    """What the scores say about the model, beside their numbers."""
    fit = training.recipe.fit
    is_counted = training.base.kind == TFIDF
    hint = MORE_ROWS if rate is None else trial(fit.epochs, rate)
    notes = [
        *training.task.remarks(training.rows, training.inventory, training.recipe.task),
        *nothing_learned(scores, baselines, what_to_try=hint),
        *never_answered(scores, training.task.named(training.inventory)),
    ]
    if is_counted and TFIDF in training.task.baselines:
        notes.append(f"The baseline '{TFIDF}' is left out: this model is that very method.")
    return tuple(notes)


def _score(
    training: Training, split: str, answers: pl.DataFrame, protocol: Mapping[str, str | int]
) -> Scores:
    return training.task.score(
        training.rows[split], answers, training.context, split=split, notes=protocol
    )


def _save(training: Training, split: str, answers: pl.DataFrame, folder: Path) -> None:
    rows = training.rows[split]
    gold = training.task.gold(rows, training.recipe.task)
    grades = training.task.grade(rows, answers, training.context)
    table = answers.with_columns(
        *(rows[name] for name in training.before),
        pl.Series("gold", gold, pl.String),
        pl.Series("grade", grades, pl.Float64),
    )
    with telling_of_disk(folder):
        folder.mkdir(exist_ok=True)
        table.write_parquet(folder / f"{split}.parquet", compression="zstd")


def simple_answers(training: Training) -> dict[str, pl.DataFrame]:
    """What each baseline answers to the split that it is held against."""
    task, rows = training.task, training.rows
    wanted = rows["test" if "test" in rows else "valid"]
    return {
        name: simple(rows["train"], wanted, training.context)
        for name, simple in task.baselines.items()
        if not name == training.base.kind == TFIDF  # a model is not tested against itself
    }


def _baselines(
    training: Training,
    split: str,
    answers: pl.DataFrame,
    simple: Mapping[str, pl.DataFrame],
    protocol: Mapping[str, int],
) -> tuple[Baseline, ...]:
    rows, task = training.rows[split], training.task
    grades = task.grade(rows, answers, training.context)
    baselines = []
    for name, answered in simple.items():
        baseline_grades = task.grade(rows, answered, training.context)
        p, model_only, baseline_only = better(grades, baseline_grades, documents_of(rows))
        baselines.append(
            Baseline(
                name=name,
                scores=_score(training, split, answered, protocol),
                better=p,
                model_only=model_only,
                baseline_only=baseline_only,
            )
        )
    return tuple(baselines)
