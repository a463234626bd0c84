"""A model that learned nothing, and answers that are never given, are named."""

from collections.abc import Sequence

import polars as pl
import pytest

from polyculture.core.run import Baseline, Scores
from polyculture.core.values import Known
from polyculture.stats.labels.labelled import score_one
from polyculture.stats.labels.learning_checks import never_answered, nothing_learned, trial
from polyculture.stats.spans.span_scores import score_spans

GOLD = ("a", "a", "b", "a")


def scored(answers: Sequence[str]) -> Scores:
    ids = [f"{number}" for number in range(len(GOLD))]
    table = pl.DataFrame({"id": ids, "answer": list(answers)})
    rows = pl.DataFrame({"id": ids})
    return score_one(rows, GOLD, table, ("a", "b", "c"), split="test", notes={})


def majority(scores: Scores) -> Baseline:
    return Baseline(
        name="majority", scores=scores, better=Known(number=1.0), model_only=0, baseline_only=0
    )


def test_one_answer_everywhere_has_learned_nothing() -> None:
    """The sentence gives both figures, the one answer, and what to try."""
    scores = scored("aaaa")

    (note,) = nothing_learned(scores, [majority(scores)], what_to_try=trial(4, 2e-5))

    assert note.startswith(
        "It has learned nothing beyond the baseline 'majority' (test: accuracy 0.7500 against "
        "0.7500; it answers 'a' to every row). Try more steps (fit.epochs, 4 here)"
    )


@pytest.mark.parametrize(("answers", "notes"), [("aaba", 0), ("aabb", 1), ("bbba", 1)])
def test_only_a_model_above_the_baseline_has_learned_something(answers: str, notes: int) -> None:
    """Equal is not better."""
    assert len(nothing_learned(scored(answers), [majority(scored("aaaa"))])) == notes


@pytest.mark.parametrize(("number", "notes"), [(1.5, 0), (2.5, 1)])
def test_where_lower_is_better_a_lower_score_has_learned_something(
    number: float, notes: int
) -> None:
    """A loss, or the bits of a byte."""

    def scores(value: float) -> Scores:
        (score, *_) = scored("aaaa").scores
        changes = {"value": Known(number=value), "higher_is_better": False}
        return scored("aaaa").model_copy(update={"scores": (score.model_copy(update=changes),)})

    assert len(nothing_learned(scores(number), [majority(scores(2.0))])) == notes


def test_no_span_at_all_has_learned_nothing() -> None:
    """Both have an F1 of 0, and the one answer is named."""
    rows = pl.DataFrame({"id": ["x"], "tags": [["B-PER", "O"]]})
    nothing = pl.DataFrame({"id": ["x"], "answer": ["[]"], "tags": [["O", "O"]]})
    labels = ("O", "B-PER", "I-PER")
    scores = score_spans(rows, ['[["PER",0,1]]'], nothing, labels, split="valid", notes={})

    (note,) = nothing_learned(scores, [majority(scores)])

    assert "(valid: entity_f1 0.0000 against 0.0000; it answers 'O' to every word)" in note


def test_labels_that_are_gold_and_never_answered_are_named() -> None:
    """Not those that nobody asked for, nor those that training does not have."""
    scores = scored("aaaa")

    assert never_answered(scores, ("a", "b", "c")) == ("test: it never answers 'b' (1 in gold).",)
    assert never_answered(scores, ("a", "c")) == ()
