"""Tests over pairs respect that each model is in many pairs."""

import numpy as np
import pytest

from polyculture.core.errors import UndefinedError
from polyculture.stats.inference.mantel import correlation, mantel, ranks


def square(upper: list[float], models: int) -> np.ndarray:
    table = np.zeros((models, models))
    table[np.triu_indices(models, 1)] = upper
    return table + table.T


def test_mantel_goes_through_all_permutations_of_a_few_models() -> None:
    """A published kind of example: two of 120 orders are as far from 0, so p is 1/60."""
    distance = np.abs(np.subtract.outer(np.arange(5), np.arange(5))).astype(float)
    other = square([2, 3, 5, 6, 2, 3, 5, 1, 4, 2], 5)
    pairs = np.triu_indices(5, 1)

    assert correlation(distance[pairs], other[pairs]) == pytest.approx(0.9662349396)
    assert mantel(distance, other, np.random.default_rng(1)) == pytest.approx(1 / 60)


def test_below_five_models_there_is_no_p() -> None:
    """24 orders cannot say 5 per cent with a straight face."""
    with pytest.raises(UndefinedError, match="at least 5 models, but there are 4"):
        mantel(np.ones((4, 4)), np.ones((4, 4)), np.random.default_rng(1))


@pytest.mark.parametrize("models", [6, pytest.param(9, marks=pytest.mark.slow)])
def test_p_is_even_where_there_is_nothing(models: int) -> None:
    """Of unrelated matrices, about a tenth has a p below a tenth; none has 0."""
    rng = np.random.default_rng(5)
    pairs = models * (models - 1) // 2

    found = np.array(
        [
            mantel(
                square(list(rng.normal(size=pairs)), models),
                square(list(rng.normal(size=pairs)), models),
                rng,
            )
            for _ in range(200)
        ]
    )

    assert found.min() > 0
    assert 0.04 < (found <= 0.1).mean() < 0.17


def test_equal_values_share_their_rank() -> None:
    """As SciPy ranks."""
    from scipy.stats import rankdata

    values = np.random.default_rng(1).integers(5, size=30).astype(float)

    np.testing.assert_array_equal(ranks(values), rankdata(values))


def test_a_side_without_variation_has_no_correlation() -> None:
    """All recipes equal: nothing to correlate with."""
    with pytest.raises(UndefinedError, match="the same for all pairs"):
        correlation(np.full(6, 0.1), np.arange(6.0))
