"""Logistic regression on numbers: the simple method beside models of pictures and sounds."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from polyculture.core.errors import need


def log_probabilities(
    train: NDArray[Any], known: Sequence[NDArray[Any]], rows: NDArray[Any], *, purpose: str
) -> list[NDArray[np.float64]]:
    """What logistic regression on standardised numbers says, ``(labels,)`` for each row.

    Args:
        train: Numbers to learn from, ``(rows, features)``.
        known: The code of each of these rows; every label occurs.
        rows: Numbers to answer, of as many features.
        purpose: What it is for, should scikit-learn not be installed.
    """
    need("sklearn", extra="train", purpose=purpose)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # near enough, for a simple method
        model.fit(train, np.array(known))
    margins = np.asarray(model.decision_function(rows), dtype=float)
    logits = np.stack([0 * margins, margins], axis=1) if margins.ndim == 1 else margins
    return list(log_softmax(logits, axis=1))  # scikit-learn's own logs are -inf far from the border
