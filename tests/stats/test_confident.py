"""Planted label errors are found, and clean labels are left alone."""

import numpy as np
import pytest

from polyculture.core.errors import UndefinedError
from polyculture.stats.labels.confident import folds_of, suspects


def test_the_confident_joint_is_that_of_the_papers_definition() -> None:
    """Thresholds are means over the rows of a label; who reaches none is not counted."""
    p = np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7], [0.4, 0.6], [0.1, 0.9], [0.5, 0.5]])
    labels = np.array([0, 0, 0, 1, 1, 1])

    found = suspects(p, labels)

    assert found.thresholds == pytest.approx([(0.8 + 0.6 + 0.3) / 3, (0.6 + 0.9 + 0.5) / 3])
    assert found.joint.tolist() == [[2, 1], [0, 1]]
    assert (found.rows.tolist(), found.suggested.tolist()) == ([2], [1])


def test_planted_errors_come_first() -> None:
    """A calibrated model of 2,000 rows with 10% flipped labels: most suspects are flips."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 2_000)
    logits = rng.normal(0, 1, (2_000, 3))
    logits[np.arange(2_000), truth] += 4
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    flipped = rng.random(2_000) < 0.1
    labels = np.where(flipped, (truth + rng.integers(1, 3, 2_000)) % 3, truth)

    found = suspects(p, labels)

    assert flipped[found.rows].mean() > 0.8
    assert flipped[found.rows].sum() / flipped.sum() > 0.8
    assert flipped[found.rows[:50]].mean() > 0.98
    assert (np.diff(found.margins) >= 0).all()


def test_one_label_is_undefined() -> None:
    """There is nothing to confuse it with."""
    with pytest.raises(UndefinedError, match="one label"):
        suspects(np.ones((3, 2)) / 2, np.zeros(3, dtype=np.int64))


def test_folds_spread_labels_and_keep_copies_together() -> None:
    """Each fold has its share of each label, to within one input."""
    labels = np.repeat([0, 1], [60, 15])
    keys = [f"text {n // 2}" if n < 10 else f"text {n}" for n in range(75)]

    folds = folds_of(labels, keys, 5, seed=2)

    assert all(folds[2 * n] == folds[2 * n + 1] for n in range(5))
    assert np.bincount(folds[labels == 1], minlength=5).tolist() == [3] * 5
    inputs = {key: fold for key, fold, label in zip(keys, folds, labels, strict=True) if not label}
    assert np.bincount(list(inputs.values()), minlength=5).tolist() == [11] * 5
