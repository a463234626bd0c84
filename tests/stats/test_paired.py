"""Paired tests against exact and enumerated probabilities."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from polyculture.core.errors import ProbeMismatchError
from polyculture.core.values import Known, Undefined
from polyculture.stats.inference.paired import better, mcnemar, randomised_f1, sign_flips


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_p_is_the_two_sided_binomial_test_of_the_items_that_differ(
    right: list[tuple[bool, bool]],
) -> None:
    """SciPy's exact binomial test gives the same p."""
    a, b = ([float(ok) for ok in side] for side in zip(*right, strict=True))

    value, a_only, b_only = better(a, b)

    expected = binomtest(a_only, a_only + b_only).pvalue if a_only + b_only else 1.0
    assert isinstance(value, Known)
    assert value.number == pytest.approx(expected)
    assert a_only == sum(x and not y for x, y in right)
    assert b_only == sum(y and not x for x, y in right)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=9))
def test_partial_grades_are_held_against_every_choice_of_signs(
    grades: list[tuple[int, int]],
) -> None:
    """All 2^n choices, counted; an item on which both are as good decides nothing."""
    a, b = ([number / 20 for number in side] for side in zip(*grades, strict=True))
    differences = [5 * (one - other) for one, other in grades]
    sums = [
        abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]

    value, a_only, b_only = better([*a, 0.5], [*b, 0.5])

    assert isinstance(value, Known)
    assert value.number == pytest.approx(np.mean([one >= abs(sum(differences)) for one in sums]))
    assert a_only == sum(one > 0 for one in differences)
    assert b_only == sum(one < 0 for one in differences)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_one_partial_grade_that_decides_nothing_changes_no_p(
    right: list[tuple[bool, bool]],
) -> None:
    """Where every other answer is right or wrong the test of signs is McNemar's."""
    a, b = ([float(ok) for ok in side] for side in zip(*right, strict=True))

    whole, partial = better(a, b), better([*a, 0.5], [*b, 0.5])

    assert isinstance(whole[0], Known)
    assert isinstance(partial[0], Known)
    assert partial[0].number == pytest.approx(whole[0].number)
    assert partial[1:] == whole[1:]


def test_what_rounding_leaves_is_no_difference() -> None:
    """Noise of the last digits is no evidence, and nobody's answer is the better one."""
    value, a_only, b_only = better([0.1 + 0.2, 0.7, 0.3], [0.3, 0.7, 0.3])

    assert value == Known(number=1.0, no_interval="a p value has no interval")
    assert (a_only, b_only) == (0, 0)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-6])
def test_small_differences_on_every_item_are_evidence(scale: float) -> None:
    """Whatever the unit of the grades: all 1,000 items of one sign."""
    rng = np.random.default_rng(1)
    a = 0.5 + scale * rng.random(1_000)

    value, a_only, _ = better(a.tolist(), [0.5 - scale] * 1_000)

    assert isinstance(value, Known)
    assert value.number == 1e-12
    assert a_only == 1_000


@given(st.lists(st.floats(-1, 1).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=1, max_size=9))
def test_any_differences_are_held_against_every_choice_of_signs(differences: list[float]) -> None:
    """All 2^n choices, counted, but for sums that are equal to the grid."""
    sums = np.array(
        [
            abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
            for signs in product((1, -1), repeat=len(differences))
        ]
    )
    near = 2e-4 * sum(map(abs, differences)) + 1e-12
    observed = abs(sum(differences))

    value, *_ = better(differences, [0.0] * len(differences))

    assert isinstance(value, Known)
    assert np.mean(sums >= observed) <= value.number + 1e-9
    assert value.number <= np.mean(sums >= observed - near) + 1e-9


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-4, 4)), min_size=1, max_size=12))
def test_documents_are_swapped_as_wholes(items: list[tuple[int, int]]) -> None:
    """As their sums would be, given as grades of single items."""
    documents = [f"d{document}" for document, _ in items]
    differences = [difference / 4 for _, difference in items]
    sums = dict.fromkeys(documents, 0.0)
    for document, difference in zip(documents, differences, strict=True):
        sums[document] += difference
    none, nothing = [0.0] * len(items), [0.0] * len(sums)

    by_item, by_sum = better(differences, none, documents), better([*sums.values()], nothing)

    assert isinstance(by_item[0], Known)
    assert isinstance(by_sum[0], Known)
    if not set(sums.values()) <= {0.0, 1.0}:  # then McNemar's form, equal but for its last digits
        assert by_item[0].number == by_sum[0].number
    assert by_item[0].number == pytest.approx(by_sum[0].number)


def test_many_sizes_are_tested_in_little_memory() -> None:
    """A normal approximation has nearly the same p."""
    rng = np.random.default_rng(2)
    differences = rng.lognormal(sigma=2, size=5_000) * rng.choice(
        [-1, 1], size=5_000, p=[0.48, 0.52]
    )
    z = differences.sum() / np.sqrt((differences**2).sum())

    value, *_ = better((differences / 1e4).tolist(), [0.0] * 5_000)

    assert isinstance(value, Known)
    assert value.number == pytest.approx(2 * norm.sf(abs(z)), rel=0.1)


@pytest.mark.slow
def test_no_difference_is_seldom_called_one() -> None:
    """Of 200 pairs of equally good models at most some 5 % have p below .05, in documents too."""
    rng = np.random.default_rng(3)
    documents = [str(row // 5) for row in range(60)]
    found = []
    for _ in range(200):
        shared = np.repeat(rng.normal(size=12), 5)  # rows of a document move together
        value, *_ = better((shared + rng.normal(size=60)).tolist(), [0.0] * 60, documents)
        assert isinstance(value, Known)
        found.append(value.number < 0.05)

    assert np.mean(found) < 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5


def test_a_thousand_differences_are_counted_exactly() -> None:
    """The exact sum is also right where a factorial would overflow."""
    a, b = [1.0] * 1100 + [0.0] * 900, [0.0] * 1100 + [1.0] * 900

    value, *_ = better(a, b)

    assert isinstance(value, Known)
    assert value.number == pytest.approx(binomtest(900, 2000).pvalue)


def test_lists_of_other_lengths_are_refused() -> None:
    """Only answers to the same items can be compared."""
    with pytest.raises(ProbeMismatchError, match="got 2 of one model and 1 of the other"):
        better([1.0, 1.0], [1.0])


def test_no_items_give_no_p() -> None:
    """Nothing was compared, and the value says so."""
    assert isinstance(better([], [])[0], Undefined)


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


def test_a_p_that_cannot_be_told_from_nothing_is_no_smaller_one() -> None:
    """730 of 1,000 differences of two sizes are of one sign: p is small, but far from 2^-999."""
    differences = np.repeat([3, 2, -3, -2], [365, 365, 135, 135])

    assert sign_flips(differences) == 1e-12
    assert sign_flips(np.sign(differences)) == pytest.approx(binomtest(270, 1_000).pvalue, rel=1e-6)
