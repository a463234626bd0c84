"""Replies are ranked among the same rivals in any order of the rows, and scored by hand."""

import math
from typing import Any

import polars as pl
import pytest

from polyculture.core.errors import ModelError
from polyculture.core.values import Known, Undefined
from polyculture.stats.texts.replies import score_replies, table_of_replies
from polyculture.stats.texts.rivals import draw_rivals, rank_of

CONTEXTS = [f"question {n}" for n in range(40)]
REPLIES = [f"reply {n % 30}" for n in range(40)]
ROWS = pl.DataFrame({"id": ["a", "b", "c", "d"]})
GOLD = ["ja 👋", "nein", "好", "so"]
COVERS = [len(text.encode()) for text in GOLD]


def drawn_texts(contexts: list[str], replies: list[str], count: int) -> dict[str, list[str]]:
    drawn = draw_rivals(contexts, replies, count)
    return {
        context: [replies[row] for row in one.rows]
        for context, one in zip(contexts, drawn, strict=True)
    }


def test_rivals_follow_the_row_and_not_the_order_of_rows() -> None:
    """Each row keeps its rivals and their order, among them its own reply once."""
    first = drawn_texts(CONTEXTS, REPLIES, 10)

    assert drawn_texts(CONTEXTS[::-1], REPLIES[::-1], 10) == first
    for context, reply in zip(CONTEXTS, REPLIES, strict=True):
        assert len(set(first[context])) == 10
        assert first[context].count(reply) == 1
    places = [texts.index(r) for texts, r in zip(first.values(), REPLIES, strict=True)]
    assert len(set(places)) > 5  # it stands anywhere, so a tie is decided by chance


def test_there_are_no_more_rivals_than_replies_that_differ() -> None:
    """Two rows that reply alike are not each other's rivals, and one row has none."""
    (one,) = draw_rivals(["hi"], ["ho"], 10)
    two = draw_rivals(["hi", "hm", "ha"], ["ho", "ho", "hu"], 10)

    assert (one.rows, one.right) == ((0,), 0)
    assert [len(drawn.rows) for drawn in two] == [2, 2, 2]


def test_ties_go_to_what_was_drawn_first() -> None:
    """The best is the first; a method that cannot tell replies apart ranks them as drawn."""
    assert [rank_of([1.0, 1.0, 1.0], place) for place in range(3)] == [1, 2, 3]
    assert rank_of([0.0, 2.0, 2.0, 1.0], 3) == 3


def scored(read: list[Any], candidates: int = 10) -> tuple[dict[str, Any], dict[str, Any]]:
    answers = table_of_replies(ROWS, read)
    found = score_replies(
        ROWS, GOLD, COVERS, answers, candidates=candidates, split="test", notes={"told": 1}
    )
    return {score.name: score.value for score in found.scores}, dict(found.protocol)


def test_scores_are_sums_over_rows() -> None:
    """By hand: ranks 1, 2 and 6 and a row without an answer, whose bytes are guessed blindly."""
    read = [
        (2.0, 4, COVERS[0], 1, 10, "ja 👋"),
        (3.0, 2, COVERS[1], 2, 10, "ja"),
        (4.0, 3, 2, 6, 9, "坏"),  # of 3 bytes one was not read
        None,
    ]

    found, protocol = scored(read)

    unread = 1 + COVERS[3]
    nats = 9.0 + unread * 8 * math.log(2)
    assert found["recall_at_1"].number == 1 / 4
    assert found["recall_at_2"].number == 2 / 4
    assert found["recall_at_5"].number == 2 / 4
    assert found["mean_reciprocal_rank"].number == pytest.approx((1 + 1 / 2 + 1 / 6) / 4)
    assert found["bits_per_byte"].number == pytest.approx(nats / math.log(2) / sum(COVERS))
    assert found["token_perplexity"].number == pytest.approx(math.exp(nats / (9 + unread)))
    assert protocol["unread_bytes"] == unread
    assert (protocol["tokens"], protocol["missing_answers"], protocol["told"]) == (9, 1, 1)
    assert protocol["fewest_candidates"] == 9


def test_what_cannot_be_said_is_undefined_with_a_reason() -> None:
    """A method without probabilities, and rows without another reply."""
    found, _ = scored([(None, 0, 0, 1, 1, text) for text in GOLD])

    assert isinstance(found["bits_per_byte"], Undefined)
    assert "no probabilities" in found["bits_per_byte"].reason
    assert isinstance(found["recall_at_1"], Undefined)
    assert isinstance(found["chrf2"], Known)
    assert found["chrf2"].number == 100


def test_few_candidates_have_no_recall_at_many() -> None:
    """Recall at as many as there are candidates would always be 1."""
    found, _ = scored([(1.0, 1, 1, 1, 2, "x")] * 4, candidates=2)

    assert [name for name in found if name.startswith("recall")] == ["recall_at_1"]


def test_a_loss_that_is_no_number_is_refused() -> None:
    """A model that diverged."""
    with pytest.raises(ModelError, match="item 'b' is NaN or infinite"):
        table_of_replies(ROWS, [None, (math.nan, 1, 1, 1, 2, "x"), None, None])
