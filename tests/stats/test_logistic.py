"""Logistic regression beside models of pictures and sounds."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from polyculture.stats.labels.logistic import log_probabilities


@pytest.mark.parametrize("labels", [2, 3])
def test_probabilities_are_those_of_scikit_learn_and_finite_far_away(labels: int) -> None:
    """A silent clip lies far from all others: its logs are low, but numbers."""
    rng = np.random.default_rng(1)
    known = np.arange(60) % labels
    train = (rng.normal(size=(60, 4)) + known[:, None]).astype(np.float32)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000)).fit(train, known)

    near = log_probabilities(train, list(known), train, purpose="a test")
    far = log_probabilities(train, list(known), 1e4 * train, purpose="a test")

    np.testing.assert_allclose(near, model.predict_log_proba(train), atol=1e-4)
    assert np.isfinite(far).all()
    assert np.min(far) < -1_000
