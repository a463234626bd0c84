"""Rankings are scored as trec_eval scores them; numbers by the order that they give."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from polyculture.core.values import Known
from polyculture.stats.vectors.correlations import score_order
from polyculture.stats.vectors.rankings import gain, ranked, recall, reciprocal, score_rankings


def test_equal_scores_stand_in_the_order_of_trec_eval() -> None:
    """The name that is last in code-point order first: "9" before "10"."""
    found = ranked(np.array([[0.5, 0.5, 0.7]]), ["10", "9", "1"])

    assert found.names == [["1", "9", "10"]]
    assert found.best == [0.7]


def test_several_right_names_share_the_gain() -> None:
    """Two of three right names at ranks 1 and 3, as worked out by hand."""
    best = 1 + 1 / np.log2(3) + 1 / np.log2(4)

    assert gain(["a", "x", "b"], ["a", "b", "c"]) == pytest.approx((1 + 0.5) / best)
    assert reciprocal(["x", "y", "b"], ["b", "c"]) == pytest.approx(1 / 3)
    assert recall(["a", "x"], ["a", "b", "c", "d"]) == 0.25


def test_only_ten_ranks_count_for_gain_and_a_hundred_for_recall() -> None:
    """The eleventh is too late for the one, the hundred-and-first for the other."""
    ranking = [f"x{number}" for number in range(10)] + ["a"]
    late = [f"x{number}" for number in range(100)] + ["a"]

    assert (gain(ranking, ["a"]), reciprocal(ranking, ["a"]), recall(ranking, ["a"])) == (0, 0, 1)
    assert recall(late, ["a"]) == 0


def test_a_row_without_a_ranking_counts_as_wrong() -> None:
    """It stays in the mean, and the protocol counts it."""
    rows = pl.DataFrame({"id": ["1", "2"]})
    answers = pl.DataFrame({"id": ["1", "2"], "answer": ["a", None], "ranking": [["a"], None]})

    scores = score_rankings(rows, [["a"], ["a"]], answers, split="test", notes={})

    value = scores.headline().value
    assert isinstance(value, Known)
    assert value.number == 0.5
    assert scores.protocol["missing_answers"] == 1


def test_the_order_of_numbers_is_scored_as_scipy_scores_it() -> None:
    """Ties get their mean rank."""
    rng = np.random.default_rng(1)
    right = rng.integers(0, 6, 40).astype(float).tolist()
    given = np.round(right + rng.normal(0, 2, 40))
    ids = [str(number) for number in range(40)]
    answers = pl.DataFrame({"id": ids, "answer": [str(number) for number in given]})

    scores = score_order(pl.DataFrame({"id": ids}), right, answers, split="test", notes={})

    value = scores.headline().value
    assert isinstance(value, Known)
    assert value.number == pytest.approx(float(spearmanr(right, given).statistic))
    assert value.low is not None
    assert value.low < value.number


def test_numbers_that_are_all_the_same_have_no_order() -> None:
    """A correlation with a constant is undefined, and the score says why."""
    answers = pl.DataFrame({"id": ["1", "2"], "answer": ["0.5", "0.5"]})

    scores = score_order(pl.DataFrame({"id": ["1", "2"]}), [1, 2], answers, split="test", notes={})

    assert scores.headline().value.kind == "undefined"
