"""Resampling draws what it should, and intervals are as wide as they promise."""

import numpy as np
import pytest

from polyculture.stats.inference.resample import (
    clusters_of,
    counts,
    exact_interval,
    percentile_interval,
    percentile_intervals,
)


def test_every_round_draws_as_many_items_as_there_are() -> None:
    """The first row is the items as they are; items are drawn about once a round."""
    drawn = counts(50, 2000, np.random.default_rng(1))

    assert (drawn[0] == 1).all()
    assert (drawn.sum(axis=1) == 50).all()
    np.testing.assert_allclose(drawn[1:].mean(axis=0), 1, atol=0.12)


def test_items_of_one_cluster_are_drawn_together() -> None:
    """A document is in a round with all its sentences or with none."""
    clusters = clusters_of(["a", "b", "b", "c", "c", "c"])

    drawn = counts(6, 2000, np.random.default_rng(1), clusters)

    assert (drawn[0] == 1).all()
    assert (drawn[:, 1] == drawn[:, 2]).all()
    assert (drawn[:, 3] == drawn[:, 5]).all()
    assert (drawn[:, [0, 1, 3]].sum(axis=1) == 3).all()
    np.testing.assert_allclose(drawn[1:].mean(axis=0), 1, atol=0.12)


def test_many_intervals_at_once_equal_one_at_a_time() -> None:
    """Also where some rounds are undefined, and where too many are."""
    values = np.random.default_rng(1).normal(size=(4, 200))
    values[1, :5] = np.nan
    values[2, :50] = np.nan

    together = percentile_intervals(values, 0.9)

    for row, (low, high) in zip(values, together, strict=True):
        alone = percentile_interval(row, 0.9)
        assert (alone is None and np.isnan(low)) or alone == pytest.approx((low, high))
    assert np.isnan(together[2]).all()
    assert not np.isnan(together[1]).any()


def test_the_exact_interval_is_that_of_scipy() -> None:
    """Clopper and Pearson by another road."""
    from scipy.stats import binomtest

    for successes, items in ((0, 10), (3, 10), (10, 10), (70, 991)):
        expected = binomtest(successes, items).proportion_ci(0.95, method="exact")

        assert exact_interval(successes, items, 0.95) == pytest.approx(
            (expected.low, expected.high)
        )
