"""Concentration: closed forms, published figures, and many rows at once."""

import csv
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from polyculture.core.errors import UndefinedError
from polyculture.stats.groups import concentration
from polyculture.stats.groups.concentration import (
    gini,
    hhi,
    hhi_unbiased,
    hill,
    jensen_shannon,
    top_share,
)

ASSETS = Path(__file__).parents[2].parent / "shared/data/ecosystem-graphs/resources/all_assets.csv"
SHARES = np.array([0.5, 0.3, 0.2])
FUNCTIONS = [hill, hhi, hhi_unbiased, gini, top_share]

counts_of = st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(lambda c: sum(c) > 1)


def test_the_shares_of_the_notes() -> None:
    """Half, three tenths, two tenths: HHI, effective numbers and Gini by hand."""
    assert float(hhi(SHARES)) == pytest.approx(0.38)
    assert float(hill(SHARES, 2)) == pytest.approx(2.6315789474)
    assert float(hill(SHARES)) == pytest.approx(2.8000940729)
    assert float(hill(SHARES, 0)) == 3
    assert float(hill(SHARES, np.inf)) == 2
    assert float(gini(SHARES)) == pytest.approx(0.2)
    assert float(top_share(SHARES)) == 0.5
    assert float(hhi_unbiased(np.array([5, 3, 2]))) == pytest.approx(0.3111111111)


@pytest.mark.parametrize("classes", [1, 2, 7, 100])
def test_equal_classes_are_as_many_as_they_are(classes: int) -> None:
    """With equal classes the effective number of every order is their number, and Gini is 0."""
    counts = np.full(classes, 4.0)

    assert [float(hill(counts, q)) for q in (0, 0.5, 1, 2, np.inf)] == pytest.approx([classes] * 5)
    assert float(hhi(counts)) == pytest.approx(1 / classes)
    assert float(hhi_unbiased(counts)) == pytest.approx(3 / (4 * classes - 1))
    assert float(gini(counts)) == pytest.approx(0, abs=1e-12)


def test_one_class_alone_is_full_concentration() -> None:
    """All members in one class: one effective class, HHI 1, nothing unequal among classes."""
    counts = np.array([0, 9, 0])

    assert float(hill(counts)) == float(hhi(counts)) == float(hhi_unbiased(counts)) == 1
    assert float(top_share(counts)) == 1
    assert float(gini(counts)) == 0


def test_members_that_share_nothing_never_meet() -> None:
    """Each its own class: two different members never share one."""
    assert float(hhi_unbiased(np.ones(6))) == 0


@pytest.mark.slow
@given(counts_of)
def test_figures_are_what_a_plain_sum_says(counts: list[int]) -> None:
    """Gini is the mean absolute difference, and the unbiased HHI counts pairs."""
    present = [c for c in counts if c]
    total, classes = sum(present), len(present)
    differences = sum(abs(a - b) for a in present for b in present)
    owners = [place for place, c in enumerate(present) for _ in range(c)]
    pairs = Counter(a == b for i, a in enumerate(owners) for b in owners[:i])

    assert float(gini(np.array(counts))) == pytest.approx(
        differences / (2 * classes * total), abs=1e-12
    )
    assert float(hhi_unbiased(np.array(counts))) == pytest.approx(pairs[True] / pairs.total())


@given(counts_of, st.integers(0, 5))
def test_classes_without_members_change_nothing(counts: list[int], empty: int) -> None:
    """Naming classes that do not occur moves no figure, and neither does their order."""
    padded = np.array([0] * empty + counts[::-1])

    for function in FUNCTIONS:
        assert float(function(padded)) == pytest.approx(float(function(np.array(counts))))


@given(counts_of)
def test_effective_numbers_fall_with_the_order(counts: list[int]) -> None:
    """The more the common classes count, the fewer classes there seem to be."""
    numbers = [float(hill(np.array(counts), q)) for q in (0, 0.5, 1, 1.5, 2, 5, np.inf)]

    assert all(a >= b - 1e-9 for a, b in pairwise(numbers))
    assert numbers[0] == sum(c > 0 for c in counts)
    assert numbers[-1] >= 1 - 1e-12


def test_many_rows_at_once_are_each_row_alone() -> None:
    """Draws of a null are computed as a matrix; every row is what it is alone."""
    rows = np.random.default_rng(1).integers(0, 9, size=(3, 4, 6)) + np.eye(6, dtype=int)[0] * 2

    for function in FUNCTIONS:
        together = function(rows)
        assert together.shape == (3, 4)
        assert together[2, 1] == pytest.approx(float(function(rows[2, 1])))


@pytest.mark.parametrize("name", ["hill", "hhi", "hhi_unbiased", "gini", "top_share"])
@pytest.mark.parametrize("counts", [np.zeros(0), np.zeros(3), np.array([[1, 2], [0, 0]])])
def test_without_members_there_is_no_figure(name: str, counts: np.ndarray) -> None:
    """No member at all is a reason, not a number, also in one row of many."""
    with pytest.raises(UndefinedError, match="no members"):
        getattr(concentration, name)(counts)


def test_one_member_makes_no_pair() -> None:
    """The unbiased index is about two members."""
    with pytest.raises(UndefinedError, match="at least 2 members, but there are 1"):
        hhi_unbiased(np.array([1, 0]))


def test_divergence_of_the_notes() -> None:
    """The same shares in the other order."""
    found = jensen_shannon(np.stack([SHARES, SHARES[::-1]]))

    assert float(found) == pytest.approx(0.0958156020)


def test_groups_with_nothing_in_common_are_one_bit_apart_for_two() -> None:
    """Disjoint groups reach log2 of their number; equal ones 0, whatever their sizes."""
    assert float(jensen_shannon(np.array([[3, 1, 0], [0, 0, 7]]))) == 1
    assert float(jensen_shannon(np.eye(4))) == pytest.approx(2)
    assert float(jensen_shannon(np.array([[1, 2], [10, 20]]))) == pytest.approx(0, abs=1e-15)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8))
def test_divergence_of_two_is_scipys(pairs: list[tuple[int, int]]) -> None:
    """SciPy gives its square root."""
    counts = np.array([(1, 1), *pairs], dtype=float).T

    assert float(jensen_shannon(counts)) == pytest.approx(
        jensenshannon(counts[0], counts[1], base=2) ** 2, abs=1e-12
    )


def test_a_community_without_members_has_no_divergence() -> None:
    """Nobody can say what an empty group is like."""
    with pytest.raises(UndefinedError, match="no members"):
        jensen_shannon(np.array([[1, 2], [0, 0]]))


@pytest.mark.skipif(not ASSETS.exists(), reason="the shared folder of data is not here")
def test_makers_in_ecosystem_graphs() -> None:
    """429 models of 166 makers, as the names stand."""
    with ASSETS.open(encoding="utf-8") as file:
        makers = Counter(r["organization"] for r in csv.DictReader(file) if r["type"] == "model")
    counts = np.array(list(makers.values()))

    assert (counts.sum(), len(counts)) == (429, 166)
    assert float(hhi(counts)) == pytest.approx(0.0258475014, abs=1e-10)
    assert float(hhi_unbiased(counts)) == pytest.approx(0.0235714441, abs=1e-10)
    assert float(hill(counts)) == pytest.approx(84.847374, abs=1e-6)
    assert float(gini(counts)) == pytest.approx(0.518592, abs=1e-6)
