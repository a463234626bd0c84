"""Where the right answers to a question stand in its context."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from polyculture.core.errors import RowError
from polyculture.core.shown import shown

COUNTS = ("moved", "guessed", "elsewhere")
"""Columns of counts that ``with_places`` adds: answers that were found at another place than the
data say; that stand in the context several times, and of which the data do not say where; and that
are right, but do not stand in the context."""
ANSWERS = pl.List(pl.Struct({"text": pl.String, "start": pl.Int64}))


class _Placed(NamedTuple):
    start: int | None
    what: str
    """Which of ``COUNTS`` it is, or empty."""


def with_places(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """Check that answers stand in their context, and find those whose place is wrong or missing.

    An answer stands where the data say. If it does not, it is found where it occurs once. If the
    data say nothing, its first occurrence is taken, and counted where there are several. Of a row
    with several answers, some may be worded in another way than the context; one has to be in it.

    Args:
        rows: With ``id``, ``context``, and perhaps ``answers`` and ``answer_start``.
        where: Name of the split or file, for messages.

    Returns:
        The rows with all starts in ``answers`` (null for an answer that is not in the context) and
        with ``COUNTS``, and without ``answer_start``. Rows that have been here are as they were.

    Raises:
        RowError: No answer of a row stands in its context, or it cannot be told where.

    Example:
        >>> rows = pl.DataFrame({"id": ["1"], "context": ["in Rome"], "answers": [["Rome"]]})
        >>> answers = pl.Series([[{"text": "Rome", "start": 0}]], dtype=ANSWERS)
        >>> placed = with_places(rows.with_columns(answers=answers), "train")
        >>> placed["answers"].to_list(), placed["moved"].to_list()
        ([[{'text': 'Rome', 'start': 3}]], [1])
    """
    if "answers" not in rows.columns or set(COUNTS) <= set(rows.columns):
        return rows
    if "answer_start" in rows.columns:
        rows = _joined(rows, where)
    found, counts = [], []
    for item, text, answers in rows.select("id", "context", "answers").iter_rows():
        places = [_place(text, answer, where, item) for answer in answers]
        if answers and all(place.start is None for place in places):
            reason = (
                f"the answer {shown(answers[0]['text'])!r:.80} is not in its context. Correct it "
                "to a piece of the context, letter by letter, or drop the row."
            )
            raise RowError(reason, where=where, item=item)
        found.append(
            [
                {"text": answer["text"], "start": place.start}
                for answer, place in zip(answers, places, strict=True)
            ]
        )
        counts.append([sum(place.what == name for place in places) for name in COUNTS])
    added = [
        pl.Series(name, [row[column] for row in counts], pl.Int64)
        for column, name in enumerate(COUNTS)
    ]
    return rows.with_columns(pl.Series("answers", found, ANSWERS), *added)


def _joined(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """The starts of a column of their own beside their texts."""
    joined = []
    for item, answers, starts in rows.select("id", "answers", "answer_start").iter_rows():
        if len(answers) != len(starts):
            reason = (
                f"{len(answers)} answers have {len(starts)} starts in 'answer_start', but each "
                "needs one."
            )
            raise RowError(reason, where=where, item=item)
        joined.append(
            [
                {"text": answer["text"], "start": start}
                for answer, start in zip(answers, starts, strict=True)
            ]
        )
    return rows.drop("answer_start").with_columns(pl.Series("answers", joined, ANSWERS))


def _place(context: str, answer: dict[str, Any], where: str, item: str) -> _Placed:
    text, start = answer["text"], answer["start"]
    if start is not None and start >= 0 and context.startswith(text, start):
        return _Placed(start, "")
    first = context.find(text)
    if first < 0:
        return _Placed(None, "elsewhere")
    is_alone = context.find(text, first + 1) < 0
    if is_alone:
        return _Placed(first, "" if start is None else "moved")
    if start is None:
        return _Placed(first, "guessed")
    reason = (
        f"the answer {shown(text)!r:.80} does not start at character {start} of its context, and "
        "stands in it several times. Correct the start; characters are counted from 0."
    )
    raise RowError(reason, where=where, item=item)


def first_spans(rows: pl.DataFrame) -> list[tuple[int, int] | None]:
    """Where the first answer of each row with a known place stands; None for no answer.

    Spaces at its ends are left out, since no token holds them.

    Example:
        >>> answers = [[{"text": "in", "start": None}, {"text": "Rome ", "start": 3}], []]
        >>> first_spans(pl.DataFrame({"answers": pl.Series(answers, dtype=ANSWERS)}))
        [(3, 7), None]
    """
    found: list[tuple[int, int] | None] = []
    for answers in rows["answers"].to_list():
        placed = [answer for answer in answers if answer["start"] is not None]
        if not placed:
            found.append(None)
            continue
        text, start = placed[0]["text"], placed[0]["start"]
        found.append((start + len(text) - len(text.lstrip()), start + len(text.rstrip())))
    return found


def notes_on_places(splits: Mapping[str, pl.DataFrame]) -> tuple[str, ...]:
    """What was found out about the places of answers, a sentence a split and kind."""
    said = {
        "moved": "do not start where the data say; each was found at its only place in the context",
        "guessed": "stand in their context several times, and the data do not say where: the first "
        "is taken",
        "elsewhere": "are worded otherwise than their context: they count as right, but are not "
        "learnt from",
    }
    notes = []
    for split, rows in splits.items():
        for name in COUNTS if "answers" in rows.columns else ():
            count = int(rows[name].sum())
            if count:
                of_all = int(rows["answers"].list.len().sum())
                notes.append(f"{split}: {count:,} of {of_all:,} answers {said[name]}.")
    return tuple(notes)
