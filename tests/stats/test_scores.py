"""Precision, recall, F1, averages, calibration and intervals against independent numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.metrics import precision_recall_fscore_support

from polyculture.core.errors import DataError, ProbeMismatchError
from polyculture.core.run import Scores
from polyculture.core.values import Known, Undefined
from polyculture.stats.answers import aligned_answers
from polyculture.stats.inference.bootstrap import Resampled
from polyculture.stats.labels.labelled import score_one, score_several
from polyculture.stats.labels.several_labels import joined

LABELS = ["a", "b", "c"]
answers = st.lists(st.tuples(*[st.sampled_from(LABELS)] * 2), min_size=1, max_size=30)


def frames(
    gold: Sequence[str], found: Sequence[str | None], **columns: Any
) -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = [str(number) for number in range(len(gold))]
    return (
        pl.DataFrame({"id": ids, **columns}),
        pl.DataFrame({"id": ids, "answer": pl.Series(found, dtype=pl.String)}),
    )


def numbers(scores: Scores) -> dict[str, float | None]:
    return {score.name: getattr(score.value, "number", None) for score in scores.scores}


@given(answers)
@pytest.mark.slow
def test_scores_equal_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    """Accuracy, each label's figures, macro and weighted F1 are the same numbers."""
    gold, found = [a for a, _ in pairs], [b for _, b in pairs]
    rows, given_ = frames(gold, list(found))

    scores = score_one(rows, gold, given_, LABELS, split="test", notes={})

    ours = numbers(scores)
    assert ours["accuracy"] == pytest.approx(np.mean([a == b for a, b in pairs]))
    for average in ("macro", "weighted"):
        theirs = precision_recall_fscore_support(gold, found, average=average, zero_division=0)
        assert ours[f"{average}_f1"] == pytest.approx(theirs[2])
    theirs = precision_recall_fscore_support(
        gold, found, labels=LABELS, average=None, zero_division=np.nan
    )
    for place, row in enumerate(scores.tables[0].rows):
        for name, values in zip(("precision", "recall", "f1"), theirs, strict=False):
            expected = None if np.isnan(values[place]) else pytest.approx(values[place])
            assert row[name] == expected


@given(st.lists(st.tuples(*[st.sets(st.sampled_from(LABELS))] * 2), min_size=1, max_size=20))
@pytest.mark.slow
def test_scores_of_several_labels_equal_those_of_scikit_learn(
    pairs: list[tuple[set[str], set[str]]],
) -> None:
    """Micro F1 and subset accuracy are the same numbers; nothing at all is undefined."""
    marks = [[[x in names for x in LABELS] for names in side] for side in zip(*pairs, strict=True)]
    gold, found = ([joined([*names]) for names in side] for side in zip(*pairs, strict=True))
    rows, given_ = frames(gold, found)

    scores = score_several(rows, gold, given_, LABELS, split="test", notes={})

    ours = numbers(scores)
    assert ours["subset_accuracy"] == pytest.approx(np.mean([a == b for a, b in pairs]))
    if np.any(marks):
        theirs = precision_recall_fscore_support(*marks, average="micro", zero_division=0)
        assert ours["micro_f1"] == pytest.approx(theirs[2])
    else:
        assert ours["micro_f1"] is None
        assert isinstance(scores.headline().value, Undefined)


def test_a_missing_answer_is_wrong_and_counted() -> None:
    """It is no answer to any label, yet stays among the items."""
    rows, found = frames(["a", "b"], ["a", None])

    scores = score_one(rows, ["a", "b"], found, LABELS, split="test", notes={"max_length": 8})

    assert numbers(scores)["accuracy"] == 0.5
    assert scores.protocol["missing_answers"] == 1
    assert scores.protocol["max_length"] == 8
    assert [row["answered"] for row in scores.tables[0].rows] == [1, 0, 0]


def test_a_label_that_the_model_has_not_is_counted_against_it() -> None:
    """Gold outside the inventory gets a row of its own and is never dropped."""
    rows, found = frames(["a", "zzz"], ["a", "b"])

    scores = score_one(rows, ["a", "zzz"], found, ["a", "b"], split="test", notes={})

    assert [row["label"] for row in scores.tables[0].rows] == ["a", "b", "zzz"]
    assert scores.tables[0].rows[2]["recall"] == 0


def test_calibration_error_is_the_gap_between_confidence_and_rightness() -> None:
    """Ten answers at 0.9 of which six are right are off by 0.3."""
    gold = ["a"] * 6 + ["b"] * 4
    rows, found = frames(gold, ["a"] * 10)
    found = found.with_columns(probabilities=pl.Series([[0.9, 0.1]] * 10))

    scores = score_one(rows, gold, found, ["a", "b"], split="test", notes={})

    assert numbers(scores)["ece"] == pytest.approx(0.3)


def test_there_is_no_calibration_error_without_probabilities() -> None:
    """A score that cannot be had is left out, not made up."""
    rows, found = frames(["a", "b"], ["a", "b"])

    scores = score_one(rows, ["a", "b"], found, ["a", "b"], split="test", notes={})

    assert "ece" not in numbers(scores)


def test_the_interval_has_the_width_that_theory_gives() -> None:
    """For 400 items at 0.8 the normal interval is 0.8 ± 0.0392."""
    gold = ["a"] * 400
    rows, found = frames(gold, ["a"] * 320 + ["b"] * 80)

    value = score_one(rows, gold, found, ["a", "b"], split="test", notes={}).headline().value

    assert isinstance(value, Known)
    assert (value.low, value.high) == pytest.approx((0.7608, 0.8392), abs=0.006)


def test_items_of_one_document_are_drawn_together() -> None:
    """Ten documents of forty equal answers are as sure as ten items, not as four hundred."""
    gold = ["a"] * 400
    rows, found = frames(
        gold, ["a"] * 320 + ["b"] * 80, document=[str(n // 40) for n in range(400)]
    )

    scores = score_one(rows, gold, found, ["a", "b"], split="test", notes={})

    value = scores.headline().value
    assert isinstance(value, Known)
    assert value.low is not None
    assert value.low < 0.65
    assert scores.protocol["resampled"] == "documents"


def test_a_perfect_score_has_the_exact_bound_below_it() -> None:
    """Fifty right answers of fifty leave 0.9289 possible (Clopper and Pearson)."""
    rows, found = frames(["a"] * 50, ["a"] * 50)

    value = score_one(rows, ["a"] * 50, found, ["a", "b"], split="test", notes={}).headline().value

    assert isinstance(value, Known)
    assert (value.low, value.high) == pytest.approx((0.9289, 1.0), abs=1e-4)


def test_an_interval_that_cannot_be_had_says_why() -> None:
    """Where every round gives one value there is a reason and no false certainty."""
    drawn = Resampled(csr_array(np.ones((20, 1))))

    value = drawn.score("f1", lambda sums: sums[..., 0] / 20, reason="nothing").value

    assert isinstance(value, Known)
    assert value.low is None
    assert value.no_interval is not None


def test_a_share_of_some_items_is_as_sure_as_these_are_many() -> None:
    """Three of three leave 0.2924 possible, whatever else there is (Clopper and Pearson)."""
    asked = np.arange(50) < 3
    drawn = Resampled(csr_array(np.stack([asked, asked, ~asked], axis=1).astype(float)))

    value = drawn.score(
        "share", lambda s: s[..., 0] / s[..., 1], reason="nothing", is_share=True, among=1
    ).value

    assert isinstance(value, Known)
    assert (value.low, value.high) == pytest.approx((0.2924, 1.0), abs=1e-4)


def test_the_same_answers_give_the_same_interval() -> None:
    """The seed is fixed and on record."""
    gold = ["a", "b"] * 30
    rows, found = frames(gold, ["a"] * 60)

    twice = [score_one(rows, gold, found, LABELS, split="test", notes={}) for _ in range(2)]

    assert twice[0] == twice[1]
    assert {"seed", "rounds", "confidence"} <= set(twice[0].protocol)


def test_answers_to_other_items_are_refused() -> None:
    """The sentence names an item that differs."""
    rows, found = frames(["a", "b"], ["a", "b"])

    with pytest.raises(ProbeMismatchError, match="for example at item '1'"):
        aligned_answers(rows, found.with_columns(id=pl.Series(["0", "2"])).reverse())
    with pytest.raises(ProbeMismatchError, match="for example at item '0'"):
        aligned_answers(rows, found.with_columns(id=pl.Series(["0", "0"])))
    with pytest.raises(DataError, match="no rows to score"):
        aligned_answers(rows.clear(), found.clear())
