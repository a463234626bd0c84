"""Votes count as people would count them, and choice is kept apart from scoring."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polyculture.core.views import Predictions
from polyculture.stats.groups.panel import Panel
from polyculture.stats.groups.votes import (
    SPLIT_SEED,
    SPLITS,
    best_on_other_half,
    best_on_other_half_of_rounds,
    halves,
    plurality,
)
from polyculture.stats.inference.resample import counts

answers = st.integers(1, 6).flatmap(
    lambda items: st.lists(
        st.lists(st.integers(-1, 3), min_size=items, max_size=items), min_size=1, max_size=5
    )
)


@given(answers)
def test_the_vote_is_the_commonest_answer_and_a_tie_goes_to_the_lowest(
    rows: list[list[int]],
) -> None:
    """Counting by hand, item by item, gives the same vote and the same ties."""
    vote, tied = plurality(np.array(rows))

    for item, given_answers in enumerate(zip(*rows, strict=True)):
        tally = Counter(answer for answer in given_answers if answer >= 0)
        most = max(tally.values(), default=0)
        winners = sorted(answer for answer, count in tally.items() if count == most)
        assert vote[item] == (winners[0] if winners else -1)
        assert tied[item] == (len(winners) > 1)


def test_halves_are_halves_and_differ() -> None:
    """Each split holds half of the items, and no two of twenty are the same."""
    splits = halves(10, 20, np.random.default_rng(1))

    assert (splits.sum(axis=1) == 5).all()
    assert len({tuple(row) for row in splits}) > 15


def test_the_luck_of_the_best_of_many_does_not_survive_the_other_half() -> None:
    """Of fifty guessers, the best looks good on its own items and is a guesser on others."""
    right = np.random.default_rng(3).random((50, 400)) < 0.5

    assert right.mean(axis=1).max() > 0.54
    assert abs(best_on_other_half(right) - 0.5) < 0.03


def test_under_weights_each_half_is_scored_by_its_weights() -> None:
    """Written out model by model and split by split, the same values."""
    rng = np.random.default_rng(7)
    right = rng.random((3, 30)) < [[0.6], [0.6], [0.5]]
    rounds = counts(30, 4, rng)
    models = tuple(
        Predictions(labels=1 - row.astype(np.int64), gold=np.zeros(30, dtype=int)) for row in right
    )
    panel = Panel(models=models, counts=rounds)

    fast = best_on_other_half_of_rounds(right, rounds, panel.means)

    splits = halves(30, SPLITS, np.random.default_rng(SPLIT_SEED))
    for weights, value in zip(rounds.astype(float), fast, strict=True):
        scores = []
        for first in (*splits, *~splits):
            chosen = right @ (weights * first)
            best = np.isclose(chosen, chosen.max())
            scores.append((right[best] @ (weights * ~first)).mean() / (weights * ~first).sum())
        assert np.isclose(value, np.mean(scores))
    assert np.isclose(fast[0], best_on_other_half(right))


def test_a_document_is_in_one_half_as_a_whole() -> None:
    """Written out split by split; documents of different sizes make rounds of different sums."""
    rng = np.random.default_rng(8)
    clusters = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 15])
    right = rng.random((3, 30)) < [[0.6], [0.6], [0.5]]
    rounds = counts(30, 20, rng, clusters)
    models = tuple(
        Predictions(labels=1 - row.astype(np.int64), gold=np.zeros(30, dtype=int)) for row in right
    )
    panel = Panel(models=models, counts=rounds, clusters=clusters)

    fast = best_on_other_half_of_rounds(right, rounds, panel.means, clusters)

    splits = halves(6, SPLITS, np.random.default_rng(SPLIT_SEED))[:, clusters]
    for weights, value in zip(rounds.astype(float), fast, strict=True):
        scores = []
        for first in (*splits, *~splits):
            chosen = right @ (weights * first)
            best = np.isclose(chosen, chosen.max())
            with np.errstate(invalid="ignore", divide="ignore"):
                held_out = (right[best] @ (weights * ~first)).mean() / (weights * ~first).sum()
            scores.append(held_out)
        assert np.isclose(value, np.mean(scores), equal_nan=True)
    assert not np.isnan(fast[0])


def test_a_truly_better_model_is_found_on_one_half_and_confirmed_on_the_other() -> None:
    """No price is paid where the choice is clear."""
    right = np.array([[True] * 90 + [False] * 10, [False] * 90 + [True] * 10])

    assert best_on_other_half(right) == 0.9
