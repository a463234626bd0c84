"""Scores of answers that are pieces of a text, or none."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from polyculture.core.run import Row, Score, Scores, ScoreTable
from polyculture.stats.answers import aligned_answers, documents_of
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.scores import ratio
from polyculture.stats.texts.extracts import Scorer, best_threshold
from polyculture.stats.texts.placed_answers import COUNTS

NONE = "(no answer)"
"""The answer that there is none, as a text: an empty cell would be an answer that is missing."""
NO_ROWS = "there are no rows"
NO_ANSWERED = "no question has an answer"
NO_UNANSWERED = "every question has an answer"


def right_texts(rows: pl.DataFrame) -> list[list[str]]:
    """The right answers of each row; empty where no answer is right."""
    return [[answer["text"] for answer in answers] for answers in rows["answers"].to_list()]


def plain(answer: str | None) -> str | None:
    """An answer as a scorer takes it."""
    return "" if answer == NONE else answer


def extract_grades(
    rows: pl.DataFrame, answers: pl.DataFrame, scorer: Scorer
) -> list[tuple[float, float]]:
    """F1 and exact match of each answer."""
    answered = aligned_answers(rows, answers)["answer"].to_list()
    return [
        scorer.grades(plain(answer), gold)
        for answer, gold in zip(answered, right_texts(rows), strict=True)
    ]


def score_extracts(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    scorer: Scorer,
    *,
    split: str,
    notes: Mapping[str, str | int | float],
) -> Scores:
    """F1, which leads, and exact match; both also of questions with and without an answer.

    Args:
        rows: With ``answers``.
        answers: ``id``, ``answer`` (``NONE`` for none; null was not given), and perhaps ``piece``
            and ``margin``, from which the best threshold is found.
        scorer: What compares them.
        split: Name of the split.
        notes: What else belongs into the protocol.
    """
    answers = aligned_answers(rows, answers)
    grades = np.array(extract_grades(rows, answers, scorer))  # F1 and exact match
    without = [not gold for gold in right_texts(rows)]
    is_none = np.array(without)
    kinds = np.column_stack([~is_none, is_none]).astype(float)
    parts = [grades, grades * kinds[:, :1], grades[:, 1:] * kinds[:, 1:], kinds]
    drawn = Resampled(csr_array(np.hstack(parts)), documents=documents_of(rows))
    tables = _thresholds(rows, answers, scorer, without)
    missing = answers["answer"].null_count()
    return Scores(
        split=split,
        items=len(rows),
        scores=(*_scores(drawn), *(_by_kind(drawn) if is_none.any() else ())),
        tables=tables,
        protocol={
            "scorer": scorer.name,
            "words": "latin ones cut by polyculture 1, not by nltk"
            if scorer.name.startswith("cmrc")
            else "between spaces",
            "several_right_answers": "the best fit",
            "missing_answers": missing,
            "questions_without_answer": int(is_none.sum()),
            **{f"answers_{name}": int(rows[name].sum()) for name in COUNTS if name in rows.columns},
            **drawn.protocol(),
            **notes,
        },
    )


def _scores(drawn: Resampled) -> tuple[Score, ...]:
    def mean(column: int, *, is_share: bool, name: str) -> Score:
        return drawn.score(
            name,
            lambda sums: ratio(sums[..., column], sums[..., 5] + sums[..., 6]),
            reason=NO_ROWS,
            headline=column == 0,
            is_share=is_share,
        )

    return mean(0, is_share=False, name="f1"), mean(1, is_share=True, name="exact_match")


def _by_kind(drawn: Resampled) -> tuple[Score, ...]:
    """Questions with an answer, and those without one, whose F1 is whether none was given."""

    def mean(name: str, column: int, of: int, reason: str) -> Score:
        return drawn.score(
            name, lambda sums: ratio(sums[..., column], sums[..., of]), reason=reason
        )

    return (
        mean("has_answer_f1", 2, 5, NO_ANSWERED),
        mean("has_answer_exact_match", 3, 5, NO_ANSWERED),
        mean("no_answer_accuracy", 4, 6, NO_UNANSWERED),
    )


def _thresholds(
    rows: pl.DataFrame, answers: pl.DataFrame, scorer: Scorer, is_none: Sequence[bool]
) -> tuple[ScoreTable, ...]:
    """What the best threshold would reach, chosen on these very rows."""
    margins = answers["margin"].to_list() if "margin" in answers.columns else []
    if not any(is_none) or all(margin is None for margin in margins):
        return ()
    pieces = answers["piece"].to_list()
    grades = [scorer.grades(p, gold) for p, gold in zip(pieces, right_texts(rows), strict=True)]
    order = [-np.inf if margin is None else margin for margin in margins]
    found: list[Row] = []
    for column, name in enumerate(("f1", "exact_match")):
        best, threshold, _ = best_threshold([grade[column] for grade in grades], order, is_none)
        found.append({"label": f"{name}, in-sample", "best": best, "threshold": threshold})
    title = "the best threshold for no answer, chosen on the very rows it is scored on (in-sample)"
    return (ScoreTable(name="thresholds", title=title, rows=tuple(found)),)
