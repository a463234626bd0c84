"""Products over blocks of items are the plain weighted means."""

import numpy as np
import pytest

from polyculture.core.errors import ProbeMismatchError
from polyculture.core.views import Predictions
from polyculture.stats.groups import panel as module
from polyculture.stats.groups.independence import poisson_binomial, within
from polyculture.stats.groups.panel import Panel, in_one_coding
from polyculture.stats.inference.resample import counts


def made_up(models: int, items: int) -> tuple[Predictions, ...]:
    rng = np.random.default_rng(1)
    gold = rng.integers(3, size=items)
    return tuple(
        Predictions(
            labels=rng.integers(-1, 3, size=items),
            gold=gold,
            probabilities=rng.dirichlet(np.ones(3), size=items),
        )
        for _ in range(models)
    )


@pytest.mark.parametrize("block", [7, 10_000])
def test_blocks_of_any_size_give_the_same_means(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded by the block; the numbers are not touched by it."""
    models, rounds = made_up(4, 50), counts(50, 6, np.random.default_rng(2))
    monkeypatch.setattr(module, "BLOCK", block)
    panel = Panel(models=models, counts=rounds)

    for pair, (left, right) in enumerate(zip(*panel.pairs, strict=True)):
        a, b = models[left], models[right]
        same = (a.labels == b.labels) & (a.labels >= 0)
        np.testing.assert_allclose(panel.agreement[pair], rounds @ same / 50)
        np.testing.assert_allclose(panel.both_wrong[pair], rounds @ (a.wrong & b.wrong) / 50)
        np.testing.assert_allclose(panel.same_wrong[pair], rounds @ (same & a.wrong) / 50)
        assert a.probabilities is not None
        assert b.probabilities is not None
        overlap = (a.probabilities * b.probabilities).sum(axis=1)
        np.testing.assert_allclose(panel.overlap[pair], rounds @ overlap / 50)
        shares = [[rounds @ (one.labels == label) / 50 for label in range(3)] for one in (a, b)]
        chance = sum(x * y for x, y in zip(*shares, strict=True))
        np.testing.assert_allclose(panel.chance_agreement[pair], chance)


def test_models_without_probabilities_leave_the_others_alone() -> None:
    """Pairs with such a model are undefined, all others have their value."""
    first, second, third = made_up(3, 20)
    bare = Predictions(labels=second.labels, gold=second.gold)
    rounds = np.ones((1, 20), dtype=np.uint8)

    mixed = Panel(models=(first, bare, third), counts=rounds)
    whole = Panel(models=(first, second, third), counts=rounds)

    assert np.isnan(mixed.overlap[:, 0]).tolist() == [True, False, True]
    assert mixed.overlap[1, 0] == pytest.approx(whole.overlap[1, 0])
    assert np.isnan(mixed.gold_probability[:, 0]).tolist() == [False, True, False]


def test_one_coding_keeps_every_answer_what_it_was() -> None:
    """Classes are put in code-point order, probabilities and missing answers go along."""
    a = Predictions(
        labels=np.array([0, 1, -1]),
        gold=np.array([0, 0, 1]),
        probabilities=np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]),
        classes=("坏", "NA"),
    )
    b = Predictions(labels=np.array([0, 0, 0]), gold=np.array([1, 1, 2]), classes=("x", "坏", "NA"))

    first, second = in_one_coding([a, b])

    assert first.classes == second.classes == ("NA", "x", "坏")
    assert first.labels.tolist() == [2, 0, -1]
    assert first.gold is not None
    assert first.gold.tolist() == [2, 2, 0]
    assert first.probabilities is not None
    assert first.probabilities.tolist() == [[0.1, 0.0, 0.9], [0.8, 0.0, 0.2], [0.5, 0.0, 0.5]]
    assert second.labels.tolist() == [1, 1, 1]


def test_models_that_do_not_name_their_classes_cannot_join_those_that_do() -> None:
    """A bare code among names would be read as some name."""
    named = Predictions(labels=np.array([0]), classes=("a",))

    with pytest.raises(ProbeMismatchError, match="name their classes"):
        in_one_coding([named, Predictions(labels=np.array([0]))])


def test_independence_in_counts_is_the_poisson_binomial() -> None:
    """The chances of (.1, .2, .3), by hand."""
    chances = poisson_binomial(np.array([0.1, 0.2, 0.3]))

    np.testing.assert_allclose(chances, [0.504, 0.398, 0.092, 0.006], atol=1e-12)


def test_one_stratum_is_plain_independence_and_single_items_expect_what_they_saw() -> None:
    """The two ends between which every stratification lies."""
    fails = np.random.default_rng(1).random((3, 40)) < 0.4
    rounds = counts(40, 5, np.random.default_rng(2))
    rates = rounds @ fails.T / 40

    one = within(fails, np.zeros(40, dtype=np.int64), rounds)
    each = within(fails, np.arange(40), rounds)

    np.testing.assert_allclose(one, rates.prod(axis=1))
    np.testing.assert_allclose(each, rounds @ fails.all(axis=0) / 40)
