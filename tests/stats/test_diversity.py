"""Vendi scores equal those of its authors' package, where that is right; so do others'."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.core.errors import UndefinedError
from polyculture.stats.groups.concentration import hill
from polyculture.stats.groups.diversity import leinster_cobbold, vendi

KERNEL = np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]])


def test_the_example_of_its_authors() -> None:
    """Three pairs of equal samples count as three."""
    samples = np.array([0, 0, 10, 10, 20, 20])
    kernel = np.exp(-np.abs(np.subtract.outer(samples, samples)))

    assert vendi(kernel) == pytest.approx(2.999999995877701)


@pytest.mark.parametrize(
    ("order", "score"),
    [
        (0, 3),
        (0.5, 2.420348357053285),
        (1, 2.1573004833739833),
        (2, 1.948051948051948),
        (np.inf, 1.5789473684210527),
    ],
)
def test_every_order_of_one_matrix(order: float, score: float) -> None:
    """From counting all members alike to counting the largest part alone."""
    assert vendi(KERNEL, order) == pytest.approx(score)


@pytest.mark.parametrize("order", [0, 0.5, 1, 2, np.inf])
def test_copies_count_as_one(order: float) -> None:
    """Rounding in the eigenvalues makes no second member."""
    assert vendi(np.ones((3, 3)), order) == pytest.approx(1)


def test_a_matrix_that_is_no_kernel_is_refused() -> None:
    """Likeness of a to b and b to c, but none of a to c, is no matrix of inner products."""
    with pytest.raises(UndefinedError, match="positive semidefinite"):
        vendi(np.array([[1, 0.9, 0], [0.9, 1, 0.9], [0, 0.9, 1]]))


@pytest.mark.parametrize(
    ("order", "number"),
    [(0, 2.0526315789), (1, 1.9556247310), (2, 1.875), (np.inf, 1.5789473684)],
)
def test_similarity_sensitive_diversity_of_the_same_matrix(order: float, number: float) -> None:
    """Leinster and Cobbold's number is another than Vendi's."""
    assert float(leinster_cobbold(np.ones(3), KERNEL, order)) == pytest.approx(number)


@pytest.mark.parametrize(
    ("order", "number"),
    [(0, 1.6028708134), (1, 1.5502248077), (2, 1.5060240964), (np.inf, 1.3157894737)],
)
def test_the_example_of_a_package(order: float, number: float) -> None:
    """Seven tenths and three tenths that are a fifth alike, from the README of sentropy."""
    alike = np.array([[1, 0.2], [0.2, 1]])

    assert float(leinster_cobbold(np.array([7.0, 3.0]), alike, order)) == pytest.approx(number)


def test_sequences_of_a_package() -> None:
    """One common sequence and two rare ones, from the same README."""
    alike = 0.3 ** np.array([[0, 1, 1], [1, 0, 2], [1, 2, 0]])

    found = leinster_cobbold(np.array([20.0, 1.0, 1.0]), alike)

    assert float(found) == pytest.approx(1.1767019119)


@pytest.mark.slow
@given(st.lists(st.integers(0, 9), min_size=1).filter(any), st.sampled_from([0, 0.5, 1, 2, np.inf]))
def test_with_nothing_alike_it_is_the_hill_number(counts: list[int], order: float) -> None:
    """Similarity that is nowhere changes nothing."""
    shares = np.array(counts, dtype=float)

    found = leinster_cobbold(shares, np.eye(len(counts)), order)

    assert float(found) == pytest.approx(float(hill(shares, order)))


@pytest.mark.parametrize("order", [0, 0.5, 1, 2, np.inf])
def test_renamed_copies_count_as_one(order: float) -> None:
    """Forty copies and two strangers, equally many of each kind, are three."""
    kinds = np.array([0] * 40 + [1] * 40 + [2] * 40)
    alike = (kinds[:, None] == kinds).astype(float)

    assert float(leinster_cobbold(np.ones(120), alike, order)) == pytest.approx(3)


def test_drawn_sets_are_computed_at_once() -> None:
    """Each row of weights is a set of its own; members of weight 0 are not in it."""
    rows = np.array([[1.0, 1, 0], [0, 1, 1], [3, 0, 0]])

    found = leinster_cobbold(rows, KERNEL)

    alone = [float(leinster_cobbold(np.ones(2), KERNEL[np.ix_(r, r)])) for r in ([0, 1], [1, 2])]
    assert found.tolist() == pytest.approx([*alone, 1])


@pytest.mark.parametrize(
    ("shares", "kernel", "reason"),
    [
        ([1, 1], [[1, 0.5], [0.5, 0.9]], "not wholly like itself"),
        ([1, 1], [[1, -0.5], [-0.5, 1]], "negative"),
        ([0, 0], [[1, 0], [0, 1]], "no members"),
        ([], np.zeros((0, 0)), "no members"),
    ],
)
def test_what_has_no_diversity_says_why(
    shares: list[float], kernel: list[list[float]], reason: str
) -> None:
    """A matrix that is not of similarities, or a set without members."""
    with pytest.raises(UndefinedError, match=reason):
        leinster_cobbold(np.array(shares, dtype=float), np.array(kernel))
