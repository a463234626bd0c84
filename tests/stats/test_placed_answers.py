"""Answers stand in their context, or a sentence says that they do not."""

from typing import Any

import polars as pl
import pytest

from polyculture.core.errors import RowError
from polyculture.stats.texts.placed_answers import ANSWERS, COUNTS, notes_on_places, with_places

CONTEXT = "青石桥 has 7 arches 🌉, and 7 lamps."


def rows_of(*answers: tuple[str, int | None], **more: Any) -> pl.DataFrame:
    cells = [{"text": text, "start": start} for text, start in answers]
    rows = {"id": ["q1"], "context": [CONTEXT], **more}
    return pl.DataFrame(rows).with_columns(pl.Series("answers", [cells], ANSWERS))


@pytest.mark.parametrize(
    ("text", "said", "found", "what"),
    [
        ("7 lamps", 24, 24, ""),
        ("7 lamps", None, 24, ""),
        ("7 lamps", 22, 24, "moved"),
        ("7 lamps", -1, 24, "moved"),
        ("7", 8, 8, ""),
        ("7", None, 8, "guessed"),
        ("🌉", None, 17, ""),
        ("青石桥", 0, 0, ""),
    ],
)
def test_an_answer_is_found(text: str, said: int | None, found: int, what: str) -> None:
    """Where the data say, at its only place, or at its first; the last two are counted."""
    assert CONTEXT.startswith(text, found)

    placed = with_places(rows_of((text, said)), "train")

    assert placed["answers"].to_list() == [[{"text": text, "start": found}]]
    assert [name for name in COUNTS if placed[name].sum()] == ([what] if what else [])


def test_an_answer_that_is_not_in_the_context_is_refused() -> None:
    """With what to do about it."""
    with pytest.raises(RowError, match=r"q1.*'8 lamps' is not in its context\. Correct it") as told:
        with_places(rows_of(("8 lamps", 3)), "train")

    assert (told.value.where, told.value.item) == ("train", "q1")


def test_a_wrong_start_of_what_stands_there_twice_is_refused() -> None:
    """It cannot be told which one is meant."""
    with pytest.raises(RowError, match=r"'7' does not start at character 3 .* several times"):
        with_places(rows_of(("7", 3)), "train")


def test_one_of_several_answers_may_be_worded_otherwise() -> None:
    """It counts as right, and is told; CMRC 2018 has some 200 of these."""
    placed = with_places(rows_of(("seven lamps", -1), ("7 lamps", 24)), "train")

    starts = [answer["start"] for answer in placed["answers"].to_list()[0]]
    assert starts == [None, 24]
    (note,) = notes_on_places({"train": placed})
    assert note.startswith("train: 1 of 2 answers are worded otherwise than their context")


def test_no_answer_and_no_gold_stay_what_they_are() -> None:
    """An empty list is a question without an answer; rows to predict have no column."""
    assert with_places(rows_of(), "train")["answers"].to_list() == [[]]
    bare = rows_of().drop("answers")
    assert with_places(bare, "train").equals(bare)


def test_what_was_prepared_is_prepared() -> None:
    """A second time changes nothing, counts included."""
    placed = with_places(rows_of(("7 lamps", 3), ("seven", None)), "train")

    assert with_places(placed, "train").equals(placed)


def test_starts_may_stand_in_a_column_of_their_own() -> None:
    """One for each answer."""
    starts = pl.Series("answer_start", [[24]])

    placed = with_places(rows_of(("7 lamps", None)).with_columns(starts), "train")

    assert placed["answers"].to_list() == [[{"text": "7 lamps", "start": 24}]]
    assert "answer_start" not in placed.columns
    with pytest.raises(RowError, match="2 answers have 1 starts"):
        with_places(rows_of(("7", None), ("arches", None)).with_columns(starts), "train")
