"""Is the trained model good, and is it really better than something simple?

The saved model is opened again from its folder and answers validation and test once: what is
scored is what a user will load. Its answers are saved, so that every score can be computed again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from polyculture.core.run import Baseline, Scores
from polyculture.engine.encode import account
from polyculture.engine.ingredients import Ingredients
from polyculture.engine.predict import open_model
from polyculture.stats.entities import kinds_of
from polyculture.stats.learned import MORE_ROWS, never_answered, nothing_learned, trial
from polyculture.stats.paired import better
from polyculture.store.disk import telling_of_disk

TFIDF = "tfidf"
"""The kind of base, and the name of the baseline, that are one method."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Scores of the saved model and of the baselines."""

    valid: Scores
    test: Scores | None
    baselines: tuple[Baseline, ...]
    """On test, or on validation where there is no test."""
    notes: tuple[str, ...]


def judge(given: Ingredients, folder: Path, max_length: int, say: Callable[[str], None]) -> Judged:
    """Answer validation and test with the saved model, score, and run the baselines.

    Args:
        given: Recipe, data and base of the training.
        folder: The run's; its ``model/`` is read, ``predictions/`` is written.
        max_length: Longest input in tokens.
        say: Told what is being done.
    """
    predictor = open_model(folder / "model", given.recipe, given.labels, max_length)
    splits = [split for split in ("valid", "test") if split in given.rows]
    scores: dict[str, Scores] = {}
    answers: dict[str, pl.DataFrame] = {}
    notes: list[str] = []
    for split in splits:
        say(f"answering {split}")
        answers[split], encoded = predictor.answer(given.rows[split], split)
        if split != "valid" and encoded.pieces:  # what was cut in validation is told already
            notes += account(encoded, split, max_length)
        scores[split] = _score(given, split, answers[split], encoded.cut_texts)
        _save(given, split, answers[split], folder / "predictions")
    say("training the baselines")
    last = splits[-1]
    baselines = _baselines(given, last, answers[last])
    return Judged(
        valid=scores["valid"],
        test=scores.get("test"),
        baselines=baselines,
        notes=(*notes, *_findings(given, scores[last], baselines)),
    )


def _findings(
    given: Ingredients, scores: Scores, baselines: tuple[Baseline, ...]
) -> tuple[str, ...]:
    """What the scores say about the model, beside their numbers."""
    fit = given.recipe.fit
    is_counted = given.base.kind == TFIDF
    rate = fit.learning_rate or given.adaptation.learning_rate
    hint = MORE_ROWS if is_counted else trial(fit.epochs, rate)
    known = kinds_of(given.labels) if given.task.level == "word" else given.labels
    notes = [
        *given.task.unseen(given.rows, given.labels, given.recipe.task),
        *nothing_learned(scores, baselines, what_to_try=hint),
        *never_answered(scores, known),
    ]
    if is_counted and TFIDF in given.task.baselines:
        notes.append(f"The baseline '{TFIDF}' is left out: this model is that very method.")
    return tuple(notes)


def _score(given: Ingredients, split: str, answers: pl.DataFrame, cut: int) -> Scores:
    return given.task.score(
        given.rows[split],
        answers,
        given.labels,
        given.recipe.task,
        split=split,
        notes={"cut_texts": cut},
    )


def _save(given: Ingredients, split: str, answers: pl.DataFrame, folder: Path) -> None:
    gold = given.task.gold(given.rows[split], given.recipe.task)
    table = answers.with_columns(pl.Series("gold", gold, pl.String))
    with telling_of_disk(folder):
        folder.mkdir(exist_ok=True)
        table.write_parquet(folder / f"{split}.parquet", compression="zstd")


def _baselines(given: Ingredients, split: str, answers: pl.DataFrame) -> tuple[Baseline, ...]:
    gold = given.task.gold(given.rows[split], given.recipe.task)
    found = []
    for name, simple in given.task.baselines.items():
        if name == given.base.kind == TFIDF:  # a model is not tested against itself
            continue
        theirs = simple(given.rows["train"], given.rows[split], given.labels, given.recipe.task)
        p, ours_only, theirs_only = better(
            gold, answers["answer"].to_list(), theirs["answer"].to_list()
        )
        found.append(
            Baseline(
                name=name,
                scores=_score(given, split, theirs, 0),
                better=p,
                model_only=ours_only,
                baseline_only=theirs_only,
            )
        )
    return tuple(found)
