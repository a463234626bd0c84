"""The two-sample test, against plain loops and all ways of dealing the labels."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.core.errors import UndefinedError
from polyculture.stats.inference.two_sample import (
    in_a,
    in_b,
    mmd,
    mmd_of_labels,
    permutation_p,
    pooled,
    shuffled,
)
from polyculture.stats.scores import Numbers


def likeness(cards: int, seed: int = 1) -> Numbers:
    points = np.random.default_rng(seed).normal(size=(cards, 3))
    return np.asarray(np.exp(-((points[:, None] - points) ** 2).sum(axis=-1)))


def by_loops(kernel: Numbers, a: list[int], b: list[int]) -> float:
    def mean(first: list[int], second: list[int]) -> float:
        return float(np.mean([kernel[i, j] for i in first for j in second if i != j]))

    return mean(a, a) + mean(b, b) - 2 * mean(a, b)


@given(st.sets(st.integers(0, 9), min_size=2), st.sets(st.integers(0, 9), min_size=2))
def test_it_is_what_three_loops_give(a: set[int], b: set[int]) -> None:
    """Also where the sets share members: no card is paired with itself."""
    kernel = likeness(10)

    found = mmd(kernel, np.array(sorted(a)), np.array(sorted(b)))

    assert found == pytest.approx(by_loops(kernel, sorted(a), sorted(b)))


def test_a_set_is_no_distance_from_itself() -> None:
    """Equal sets give 0, and two unlike, even sets the most there is."""
    same = np.arange(5)
    blocks: Numbers = np.kron(np.eye(2), np.ones((3, 3))).astype(np.float64)

    assert mmd(likeness(5), same, same) == pytest.approx(0)
    assert mmd(blocks, np.arange(3), np.arange(3, 6)) == 2


def test_it_is_unbiased() -> None:
    """The mean over all ways to deal out eight cards is 0."""
    kernel = likeness(8)
    deals = np.array(sorted(set(permutations([1] * 3 + [2] * 5))), dtype=np.int8)

    found = mmd_of_labels(kernel, deals)

    assert len(deals) == 56
    assert found.mean() == pytest.approx(0)


def test_shuffling_keeps_sizes_and_what_is_shared() -> None:
    """Labels are dealt out anew; as many cards as before are in both."""
    cards, labels = pooled(np.array([5, 1, 2]), np.array([2, 9]))

    drawn = shuffled(labels, 200, np.random.default_rng(1))

    assert cards.tolist() == [1, 2, 5, 9]
    assert (in_a(drawn).sum(axis=1) == 3).all()
    assert (in_b(drawn).sum(axis=1) == 2).all()
    assert ((in_a(drawn) * in_b(drawn)).sum(axis=1) == 1).all()
    assert len(np.unique(drawn, axis=0)) == 12


def test_rows_of_labels_are_each_computed_alone() -> None:
    """Many deals in one product are what each deal is alone."""
    kernel = likeness(6)
    drawn = shuffled(np.array([1, 1, 3, 3, 2, 2], dtype=np.int8), 20, np.random.default_rng(1))

    found = mmd_of_labels(kernel, drawn)

    for row, labels in zip(found, drawn, strict=True):
        a, b = np.flatnonzero(in_a(labels)), np.flatnonzero(in_b(labels))
        assert row == pytest.approx(by_loops(kernel, a.tolist(), b.tolist()))


def test_sets_of_one_population_are_seldom_told_apart() -> None:
    """The p values of two hundred pairs from one population spread evenly."""
    p_values = []
    for seed in range(200):
        rng = np.random.default_rng([2, seed])
        kernel, labels = likeness(16, seed), np.repeat(np.array([1, 2], dtype=np.int8), 8)
        null = mmd_of_labels(kernel, shuffled(labels, 99, rng))
        p_values.append(permutation_p(float(mmd_of_labels(kernel, labels)), null))

    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.05, abs=0.05)
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.08)


def test_one_card_makes_no_pair() -> None:
    """A set of one has no mean over pairs."""
    with pytest.raises(UndefinedError, match="fewer than 2 members"):
        mmd(likeness(4), np.array([0]), np.array([1, 2, 3]))


def test_p_counts_the_observation_and_ties() -> None:
    """As large counts, rounding aside, and p is never 0."""
    assert permutation_p(0.3, np.array([0.1 + 0.2, 0.1, 0.2])) == 0.5
    assert permutation_p(9.0, np.zeros(99)) == 0.01
    assert permutation_p(0.0, np.zeros(0)) == 1
