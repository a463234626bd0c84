"""Trends: Kendall's tau and its test, against SciPy and by counting orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from polyculture.core.errors import UndefinedError
from polyculture.stats.inference.trend import kendall, mann_kendall

YEARS = np.arange(2018, 2026)

figures_of = st.lists(st.integers(0, 6), min_size=4, max_size=8)


@given(figures_of)
def test_tau_is_scipys(figures: list[int]) -> None:
    """Ties in the figures are handled alike."""
    assume(len(set(figures)) > 1)
    years = YEARS[: len(figures)]

    tau = kendall(years, np.array(figures, dtype=float))

    assert tau == pytest.approx(kendalltau(years, figures).statistic)


@given(st.permutations(range(7)), st.integers(4, 7))
def test_p_without_ties_is_the_exact_one(order: list[int], years: int) -> None:
    """SciPy counts the orders in another way."""
    figures = np.array(order[:years], dtype=float)

    p = mann_kendall(YEARS[:years], figures)

    assert p == pytest.approx(kendalltau(YEARS[:years], figures, method="exact").pvalue)


def test_p_with_ties_counts_all_orders() -> None:
    """Of the orders of 1, 1, 2, 3, those as far from 0, counted one by one."""
    figures = [1.0, 1.0, 2.0, 3.0]
    own = abs(kendalltau(range(4), figures).statistic)
    found = [abs(kendalltau(range(4), order).statistic) for order in permutations(figures)]

    p = mann_kendall(YEARS[:4], np.array(figures))

    assert p == pytest.approx(np.mean(np.array(found) >= own - 1e-12))


def test_many_years_are_tested_by_drawn_orders() -> None:
    """Ten years: near the exact p, and the same whenever it is asked again."""
    years = np.arange(2016, 2026)
    figures = np.array([1.0, 3, 2, 5, 4, 6, 8, 7, 0, 9])

    p = mann_kendall(years, figures)

    exact = kendalltau(years, figures, method="exact").pvalue
    assert p == mann_kendall(years, figures)
    assert p == pytest.approx(exact, abs=3 * np.sqrt(exact / 9_999))


def test_a_steady_rise_over_long_is_never_impossible() -> None:
    """No drawn order rises throughout, and still p is not 0."""
    years = np.arange(1990, 2026)
    rising = np.linspace(0.0, 1.0, len(years))

    assert kendall(years, rising) == 1
    assert kendall(years, -rising) == -1
    assert mann_kendall(years, rising) == 1 / 10_000


def test_the_order_of_the_rows_does_not_matter() -> None:
    """A figure belongs to its year, wherever it stands."""
    figures = np.array([0.1, 0.3, 0.2, 0.5, 0.4, 0.6, 0.8, 0.7])
    rows = np.random.default_rng(1).permutation(8)

    assert kendall(YEARS[rows], figures[rows]) == pytest.approx(kendall(YEARS, figures))


def test_rounding_is_no_variation() -> None:
    """0.1 + 0.2 is 0.3."""
    with pytest.raises(UndefinedError, match="same in all years"):
        kendall(YEARS[:4], np.array([0.3, 0.1 + 0.2, 0.3, 0.3]))


@pytest.mark.parametrize(
    ("years", "figures", "reason"),
    [
        ([2020, 2021, 2022], [1, 2, 3], "at least 4 years, but there are 3"),
        ([2020, 2020, 2021, 2022], [1, 2, 3, 4], "at least 4 years, but there are 3"),
        ([], [], "at least 4 years, but there are 0"),
        ([2020, 2021, 2022, 2023], [1, 1, 1, 1], "same in all years"),
        ([2020, 2021, 2022, 2023], [1, np.nan, 1, 2], "a year has no figure"),
    ],
)
def test_where_there_is_no_trend_to_speak_of(
    years: list[int], figures: list[float], reason: str
) -> None:
    """Too few years, or nothing that moves."""
    for function in (kendall, mann_kendall):
        with pytest.raises(UndefinedError, match=reason):
            function(np.array(years, dtype=np.int64), np.array(figures, dtype=float))
