"""Errors of forecasts against other people's code and sums by hand."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, root_mean_squared_error

from polyculture.core.run import Scores
from polyculture.core.values import Known, Undefined
from polyculture.stats.series.forecast_scores import (
    SCALED,
    SCALED_STEPS,
    Forecasts,
    naive_error,
    pinball,
    score_forecasts,
)
from polyculture.stats.series.simple_forecasts import last_season, last_value, ridge_on_lags
from polyculture.stats.series.windows import Windows

LEVELS = (0.1, 0.5, 0.9)
RNG = np.random.default_rng(7)


def forecasts(scales: Any = 2.0, rows: int = 12, steps: int = 5) -> Forecasts:
    quantiles = np.sort(RNG.normal(size=(rows, steps, 3)), axis=2)
    future = RNG.normal(size=(rows, steps))
    spread = np.broadcast_to(np.asarray(scales, float), (rows,)).copy()
    return Forecasts(future=future, quantiles=quantiles, levels=LEVELS, scales=spread)


def scored(made: Forecasts, **columns: Any) -> Scores:
    rows = pl.DataFrame({"id": [str(row) for row in range(len(made.future))], **columns})
    return score_forecasts(rows, made, split="test", protocol={})


def numbers(scores: Scores) -> dict[str, float | None]:
    return {score.name: getattr(score.value, "number", None) for score in scores.scores}


def test_errors_are_those_of_scikit_learn() -> None:
    """MAE, RMSE and the pinball loss in the mean over the quantiles."""
    made = forecasts()
    flat = made.future.ravel()

    found = numbers(scored(made))

    assert found["mae"] == pytest.approx(mean_absolute_error(flat, made.median.ravel()))
    assert found["rmse"] == pytest.approx(root_mean_squared_error(flat, made.median.ravel()))
    losses = [
        mean_pinball_loss(flat, made.quantiles[:, :, place].ravel(), alpha=level)
        for place, level in enumerate(LEVELS)
    ]
    assert found["pinball"] == pytest.approx(np.mean(losses))
    inside = (made.quantiles[:, :, 0] <= made.future) & (made.future <= made.quantiles[:, :, 2])
    assert found["coverage"] == pytest.approx(inside.mean())


def test_mase_by_hand() -> None:
    """In-sample errors |5-1|, |2-5|, |4-2| scale by 3; out of sample |6-4| and |3-4| are left."""
    scale = naive_error([np.array([1.0, 5.0, 2.0, 4.0])], 1)
    assert scale == 3
    last = np.full((1, 2, 3), 4.0)
    made = Forecasts(
        future=np.array([[6.0, 3.0]]), quantiles=last, levels=LEVELS, scales=np.array([scale])
    )

    assert numbers(scored(made))["mase"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert made.grades() == [pytest.approx(1 / 1.5)]


@given(st.lists(st.integers(-50, 50), min_size=6, max_size=40), st.integers(1, 5))
def test_the_last_season_has_a_mase_of_one_in_sample(values: list[int], season: int) -> None:
    """Which is what the scale is made for."""
    series = np.array(values, dtype=float)
    scale = naive_error([series], season)
    if not scale:
        return
    future, past = series[season:, None], series[:-season, None]
    made = Forecasts(
        future=future,
        quantiles=past[:, :, None].repeat(3, axis=2),
        levels=LEVELS,
        scales=np.full(len(future), scale),
    )

    sums = made.features().sum(axis=0)
    assert sums[SCALED] / sums[SCALED_STEPS] == pytest.approx(1)


def test_unknown_values_are_left_out_of_the_scale() -> None:
    """Neither 0 nor a line between neighbours."""
    gap = np.array([1.0, np.nan, 4.0, 6.0])

    assert naive_error([gap], 1) == 2
    assert naive_error([gap], 2) == 3
    assert naive_error([gap], 4) is None


def test_a_series_without_a_scale_has_no_mase_but_every_other_score() -> None:
    """Constant, or shorter than a season; with others beside it, it is counted and left out."""
    alone, beside = forecasts(scales=0.0), forecasts(scales=[0.0] * 4 + [np.nan] * 4 + [2.0] * 4)

    mase = scored(alone).headline().value
    assert isinstance(mase, Undefined)
    assert "constant" in mase.reason
    assert numbers(scored(alone))["mae"] is not None
    assert isinstance(scored(beside).headline().value, Known)
    assert scored(beside).protocol["rows_without_scale"] == 8
    assert alone.grades() == [0.0] * 12


def test_a_row_without_a_forecast_leaves_no_error_defined() -> None:
    """An error has no upper limit, so none can be put in its place; it lies in no interval."""
    made = forecasts()
    made.quantiles[3] = np.nan

    scores = scored(made)

    assert scores.protocol["missing_answers"] == 1
    values = {score.name: score.value for score in scores.scores}
    for name in ("mase", "mae", "rmse", "pinball"):
        value = values[name]
        assert isinstance(value, Undefined), name
        assert "1 of 12 rows have no forecast" in value.reason
    assert isinstance(values["coverage"], Known)
    assert made.grades()[3] == 0


def test_each_series_has_a_row_of_its_own() -> None:
    """And intervals draw documents where rows have them."""
    groups = ["Fluß"] * 6 + ["潮"] * 6
    made = forecasts()

    scores = scored(made, group=groups, document=[str(row // 3) for row in range(12)])

    assert [(row["label"], row["support"]) for row in scores.tables[0].rows] == [
        ("Fluß", 6),
        ("潮", 6),
    ]
    off = np.abs(made.future - made.median)
    assert scores.tables[0].rows[1]["mae"] == pytest.approx(off[6:].mean())
    assert scores.protocol["resampled"] == "documents"


def test_one_row_is_scored() -> None:
    """Its intervals have no spread to show."""
    mase = scored(forecasts(rows=1)).headline().value

    assert isinstance(mase, Known)
    assert mase.low is None


def test_simple_forecasts_by_hand() -> None:
    """The last value, the last season again and again, and a ridge regression like another's."""
    windows = Windows.of([[1.0, 2.0, 3.0, 4.0]], 4)
    assert last_value(windows, 2).tolist() == [[4, 4]]
    assert last_season(windows, 5, season=3).tolist() == [[2, 3, 4, 2, 3]]

    histories, future = RNG.normal(size=(40, 6)), RNG.normal(size=(40, 2))
    train, others = Windows.of(histories.tolist(), 6), Windows.of(histories[:5].tolist(), 6)
    fitted = Ridge(alpha=1.0).fit(train.scaled, train.to_scale(future))
    wanted = others.from_scale(fitted.predict(others.scaled))
    np.testing.assert_allclose(ridge_on_lags(train, future, others), wanted)


def test_a_window_brings_back_what_it_scaled() -> None:
    """Also one that never changes, and one that is almost empty."""
    windows = Windows.of([[5.0, 5.0, 5.0], [None, 7.0, None], [1e9, 2e9, 3e9]], 3)

    np.testing.assert_allclose(windows.from_scale(windows.scaled), windows.values)
    assert windows.spread[:2].tolist() == [1, 1]
    assert windows.values[1].tolist() == [7, 7, 7]


def test_a_window_without_any_known_value_begins_with_the_last_one() -> None:
    """Rather than with nothing at all."""
    windows = Windows.of([[1.0, 7.0, None, None]], 2)

    assert windows.values.tolist() == [[7, 7]]
    assert windows.known.tolist() == [[True, False]]


def test_the_pinball_loss_is_least_at_the_quantile() -> None:
    """Of many draws, the empirical quantile has the least loss."""
    draws = RNG.normal(size=(2_000, 1))
    right = np.quantile(draws, 0.9)

    def loss(value: float) -> float:
        said = np.full((len(draws), 1, 1), value)
        return float(pinball(draws, said, (0.9,)).mean())

    assert loss(right) < min(loss(right - 0.1), loss(right + 0.1))
