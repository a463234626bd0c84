"""Answers as a table: pieces of contexts with their places, or none."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from polyculture.core.task import Context
from polyculture.stats.texts.extract_scores import NONE, right_texts
from polyculture.stats.texts.extracts import Cut, Scorer, best_threshold, scorer_of

SCHEMA = {
    "id": pl.String,
    "answer": pl.String,
    "start": pl.Int64,
    "end": pl.Int64,
    "score": pl.Float64,
    "piece": pl.String,
    "margin": pl.Float64,
}
"""``start`` and ``end`` are characters of the context, null for no answer; ``score`` is the
probability of the answer; ``piece`` the best piece, answered or not; ``margin`` by how much the
score of no answer is above that of the piece."""
CHINESE_ENOUGH = 0.9
"""Of letters without spaces: with fewer, they are Japanese, Thai or of another such script."""
Span = tuple[int, int]


def of_values(rows: pl.DataFrame, values: Sequence[Any], threshold: float | None) -> pl.DataFrame:
    """The answers that a network gives; see ``SCHEMA``.

    Args:
        rows: With ``id`` and ``context``.
        values: ``(start, end, probability, margin, probability of no answer)`` of each row's best
            piece; None for a row that could not be read, which has no answer at all.
        threshold: No answer is given where the margin is above it; None where one always is.

    Example:
        >>> rows = pl.DataFrame({"id": ["1", "2"], "context": ["in Rome", "in Oslo"]})
        >>> values = [(3, 7, 0.9, -4.0, 0.1), (3, 7, 0.2, 1.5, 0.8)]
        >>> of_values(rows, values, 0.0).rows()[1]
        ('2', '(no answer)', None, None, 0.8, 'Oslo', 1.5)
    """
    found: list[tuple[Any, ...]] = []
    for item, text, value in zip(rows["id"], rows["context"], values, strict=True):
        if value is None:
            found.append((item, *(None,) * (len(SCHEMA) - 1)))
            continue
        start, end = int(value[0]), int(value[1])
        probability, margin, nothing = (float(number) for number in value[2:])
        piece = text[start:end]
        if threshold is not None and margin > threshold:
            found.append((item, NONE, None, None, nothing, piece, margin))
        else:
            found.append((item, piece, start, end, probability, piece, margin))
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def of_spans(rows: pl.DataFrame, spans: Sequence[Span | None]) -> pl.DataFrame:
    """The answers of a simple method, in the same form: pieces of the contexts, or none."""
    found = [
        (item, NONE, *(None,) * 5)
        if span is None
        else (item, text[slice(*span)], *span, None, text[slice(*span)], None)
        for item, text, span in zip(rows["id"], rows["context"], spans, strict=True)
    ]
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


def may_decline(context: Context) -> bool:
    """Whether no answer may be given: training rows have such questions, or a threshold is set."""
    return context.settings.threshold is not None or context.inventory.numbers["without_answer"] > 0


def threshold_of(context: Context) -> float | None:
    """The margin above which no answer is given; None where one always is."""
    if not may_decline(context):
        return None
    fixed: float | None = context.settings.threshold
    return context.inventory.settled.get("threshold", 0.0) if fixed is None else fixed


def scorer_for(rows: pl.DataFrame, context: Context, cut: Cut) -> Scorer:
    """What the answers of some rows are scored by.

    Args:
        rows: With the right answers.
        context: Of the run.
        cut: Where words begin and end in any script.
    """
    wanted, numbers = context.settings.scorer, context.inventory.numbers
    unspaced = numbers["unspaced"]
    usual = "characters" if round(unspaced) else "words"
    # Runs that were made before this was counted are read as they were: as Chinese.
    is_chinese = numbers.get("chinese", unspaced) >= CHINESE_ENOUGH * unspaced
    is_any_none = bool((rows["answers"].list.len() == 0).any())
    return scorer_of(
        by_characters=(usual if wanted == "auto" else wanted) == "characters",
        has_none=is_any_none or may_decline(context),
        cut=None if wanted == "characters" or is_chinese else cut,
    )


def protocol_of(context: Context) -> dict[str, str | int | float]:
    """How answers were looked for. Whether validation rows chose the threshold the engine adds."""
    settings, threshold = context.settings, threshold_of(context)
    how = {"longest_answer": settings.longest_answer, "stride": settings.stride}
    if threshold is None:
        return how
    by = {} if settings.threshold is None else {"threshold_chosen_by": "the recipe"}
    return {**how, "threshold": threshold, **by}


def settled_threshold(
    rows: pl.DataFrame, values: Sequence[Any], context: Context, scorer: Scorer
) -> dict[str, float]:
    """The threshold for no answer that has the best F1 on some rows, where it is left to them.

    It lies in the middle between the last piece that is answered and the first that is not, so that
    it does not hang on one row; 0 where all rows have an answer, or none has.
    """
    if context.settings.threshold is not None or not may_decline(context):
        return {}
    golds = right_texts(rows)
    is_none = [not gold for gold in golds]
    read = [row for row, value in enumerate(values) if value is not None]
    if all(is_none) or not any(is_none) or not read:
        return {"threshold": 0.0}
    pieces = of_values(rows, values, None)["piece"].to_list()
    margins = [float(values[row][3]) for row in read]
    grades = [scorer.grades(pieces[row], golds[row])[0] for row in read]
    _, _, answered = best_threshold(grades, margins, [is_none[row] for row in read])
    order = sorted(margins)
    below = order[answered - 1] if answered else order[0] - 1
    above = order[answered] if answered < len(order) else order[-1] + 1
    return {"threshold": (below + above) / 2}
