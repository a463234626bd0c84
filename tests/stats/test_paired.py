"""Paired tests against exact and enumerated probabilities."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from polyculture.core.errors import ProbeMismatchError
from polyculture.core.values import Known, Undefined
from polyculture.stats.paired import better, mcnemar, randomised_f1, sign_flips


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_p_is_the_two_sided_binomial_test_of_the_items_that_differ(
    right: list[tuple[bool, bool]],
) -> None:
    """SciPy's exact binomial test gives the same p."""
    gold = ["x"] * len(right)
    a, b = (["x" if ok else None for ok in side] for side in zip(*right, strict=True))

    value, a_only, b_only = better(gold, a, b)

    expected = binomtest(a_only, a_only + b_only).pvalue if a_only + b_only else 1.0
    assert isinstance(value, Known)
    assert value.number == pytest.approx(expected)
    assert a_only == sum(x and not y for x, y in right)


def test_a_thousand_differences_are_counted_exactly() -> None:
    """The exact sum is also right where a factorial would overflow."""
    gold = ["x"] * 2000
    a, b = ["x"] * 1100 + ["y"] * 900, ["y"] * 1100 + ["x"] * 900

    value, *_ = better(gold, a, b)

    assert isinstance(value, Known)
    assert value.number == pytest.approx(binomtest(900, 2000).pvalue)


def test_lists_of_other_lengths_are_refused() -> None:
    """Only answers to the same items can be compared."""
    with pytest.raises(ProbeMismatchError, match="1 right answers, 2 and 1 answers"):
        better(["x"], ["x", "x"], ["x"])


def test_no_items_give_no_p() -> None:
    """Nothing was compared, and the value says so."""
    assert isinstance(better([], [], [])[0], Undefined)


def test_random_swaps_near_the_probability_of_all_swaps() -> None:
    """For eight sentences all 256 swaps can be tried."""
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 3, size=(2, 8, 3)).astype(float)
    a[:, 1:] += a[:, :1]
    b[:, 1:] += b[:, :1]
    b[:, 2] = a[:, 2] = np.maximum(a[:, 2], b[:, 2])

    def difference(x: np.ndarray, y: np.ndarray) -> float:
        return float(2 * x[0] / (x[1] + x[2]) - 2 * y[0] / (y[1] + y[2]))

    observed = abs(difference(a.sum(axis=0), b.sum(axis=0)))
    found = []
    for coins in product([0, 1], repeat=8):
        swap = np.array(coins)[:, None]
        one, two = np.where(swap, b, a), np.where(swap, a, b)
        found.append(abs(difference(one.sum(axis=0), two.sum(axis=0))) >= observed - 1e-12)

    value = randomised_f1(a, b)

    assert isinstance(value, Known)
    assert value.number == pytest.approx(np.mean(found), abs=0.02)


def test_a_model_is_never_better_than_itself() -> None:
    """Equal answers give p = 1; no gold and no answer give none."""
    counts = np.array([[1.0, 2, 1], [0, 0, 1]])

    assert randomised_f1(counts, counts) == Known(
        number=1.0, no_interval="a p value has no interval"
    )
    assert isinstance(randomised_f1(np.zeros((2, 3)), np.zeros((2, 3))), Undefined)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_a_sum_is_held_against_every_choice_of_signs(differences: list[int]) -> None:
    """All 2^n choices, counted."""
    observed = abs(sum(differences))
    sums = [
        abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    expected = np.mean([one >= observed for one in sums])

    assert sign_flips(np.array(differences)) == pytest.approx(expected)


@given(st.integers(0, 60), st.integers(0, 60))
def test_documents_of_one_item_are_items(a_only: int, b_only: int) -> None:
    """Then the test is McNemar's."""
    differences = np.array([1] * a_only + [-1] * b_only + [0])

    assert sign_flips(differences) == pytest.approx(mcnemar(a_only, b_only))
