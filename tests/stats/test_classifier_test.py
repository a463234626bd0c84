"""Equal samples are told apart as often as the level says; different ones nearly always."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from polyculture.core.errors import UndefinedError
from polyculture.stats.inference.classifier_test import Scorer, area_of, tell_apart


def scorer_of(features: NDArray[np.float64]) -> Scorer:
    """The nearer mean: a classifier that is learnt at once."""

    def scored(
        learnt: NDArray[np.int64], codes: NDArray[np.int64], held: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        b, a = (features[learnt][codes == code].mean(axis=0) for code in (1, 0))
        return np.asarray(features[held] @ (b - a))

    return scored


def p_values(shift: float, draws: int, units: int | None = None) -> NDArray[np.float64]:
    rng = np.random.default_rng(5)
    found = []
    for draw in range(draws):
        is_b = np.repeat([False, True], 60)
        features = rng.normal(0, 1, (120, 4))
        names = [str(n) for n in range(120)]
        if units is not None:  # rows of one unit are copies of one another
            names = [str(n // units) for n in range(120)]
            features = features[np.arange(120) // units * units]
        features[is_b, 0] += shift
        found.append(tell_apart(is_b, names, scorer_of(features), seed=draw)[1])
    return np.array(found)


@pytest.mark.slow
def test_equal_samples_are_called_different_at_the_level() -> None:
    """400 pairs of samples of one distribution: about 5% have p below 0.05, also with units."""
    for units in (None, 2):
        share = (p_values(0.0, 400, units) < 0.05).mean()
        assert 0.02 < share < 0.085


def test_different_samples_are_told_apart() -> None:
    """A shift of one and a half standard deviations in one of four features."""
    assert (p_values(1.5, 10) < 0.01).all()


def test_the_area_is_that_of_scikit_learn() -> None:
    """Ties count half."""
    rng = np.random.default_rng(1)
    b, a = rng.integers(0, 6, 40).astype(float), rng.integers(0, 5, 30).astype(float)
    truth = np.r_[np.ones(40), np.zeros(30)]
    assert area_of(b, a)[0] == pytest.approx(roc_auc_score(truth, np.r_[b, a]))


def test_too_few_units_have_no_test() -> None:
    """It says how many there are."""
    is_b = np.repeat([False, True], [100, 10])
    with pytest.raises(UndefinedError, match="10 units"):
        tell_apart(is_b, [str(n) for n in range(110)], scorer_of(np.zeros((110, 1))))
    with pytest.raises(UndefinedError, match="in both samples"):
        tell_apart(is_b, ["one"] * 110, scorer_of(np.zeros((110, 1))))
