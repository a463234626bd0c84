"""Temperatures, thresholds and weights of labels against independent numbers."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_class_weight

from polyculture.core.errors import RecipeError
from polyculture.stats.labels.class_weights import label_weights
from polyculture.stats.labels.settled import (
    fitted_temperature,
    label_thresholds,
    note_on_settled,
    note_on_thresholds,
)
from polyculture.stats.scores import calibration_gaps

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 4, 400)
LOGITS = 6 * RNG.normal(size=(400, 4)) + 6 * np.eye(4)[LABELS]
"""Surer than they are right."""


def test_the_temperature_has_the_least_loss() -> None:
    """As torch's own optimiser finds it."""
    heat = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([heat], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(torch.tensor(LOGITS) / heat, torch.tensor(LABELS))
        loss.backward()
        return loss

    optimiser.step(closure)

    assert fitted_temperature(LOGITS, LABELS) == pytest.approx(float(heat.detach()), rel=1e-3)


def test_a_model_that_is_too_sure_becomes_calibrated_and_answers_the_same() -> None:
    """Its calibration error falls; rows whose label is not known change nothing."""

    def ece(heat: float) -> float:
        table = softmax(LOGITS / heat, axis=1)
        gaps = calibration_gaps(table.max(axis=1), table.argmax(axis=1) == LABELS)
        return float(np.abs(gaps.sum(axis=0)).sum() / len(LABELS))

    heat = fitted_temperature(LOGITS, LABELS)

    assert heat > 1.5
    assert ece(heat) < ece(1.0) / 2
    some = np.concatenate([LABELS, [-100] * 5])
    padded = np.concatenate([LOGITS, RNG.normal(size=(5, 4))])
    assert fitted_temperature(padded, some) == heat


@pytest.mark.parametrize(
    "targets", [np.zeros(4, dtype=int), np.full(4, -100)], ids=["all right", "none known"]
)
def test_where_no_temperature_is_best_it_stays_at_1(targets: np.ndarray) -> None:
    """All right: the colder the better, without end. A note says so."""
    logits = np.tile([90.0, 0.0], (4, 1))  # so sure that colder ones are no better in float64

    heat = fitted_temperature(logits, targets)

    assert heat == 1.0
    many = np.tile([3.0, -3.0], (4, 1))
    assert fitted_temperature(many, (many > 0).astype(float)) == 1.0
    (note,) = note_on_settled({"temperature": heat})
    assert note.startswith("No temperature from 0.1 to 10 fits the validation rows best")
    assert note_on_settled({"temperature": 1.3}) == note_on_settled({}) == ()


def test_the_temperature_of_several_labels_is_of_each_label() -> None:
    """Of a hundred labels answered at 0.95 eighty are right."""
    logits = np.full((50, 2), np.log(19))
    marks = np.ones((50, 2))
    marks[:10] = 0

    heat = fitted_temperature(logits, marks)

    assert 1 / (1 + np.exp(-np.log(19) / heat)) == pytest.approx(0.8, abs=1e-4)


def test_the_threshold_of_a_label_has_the_best_f1_of_all() -> None:
    """No other threshold has a better one, by scikit-learn's F1."""
    marks = RNG.random((80, 2)) < 0.3
    table = np.round(np.clip(0.3 * marks + 0.5 * RNG.random((80, 2)), 0, 1), 2).astype(np.float64)

    chosen = label_thresholds(table, marks, ["a", "b"])

    for place, label in enumerate("ab"):
        best = max(
            f1_score(marks[:, place], table[:, place] >= least, zero_division=0)
            for least in np.linspace(0, 1, 201)
        )
        found = f1_score(marks[:, place], table[:, place] >= chosen[f"threshold:{label}"])
        assert found == pytest.approx(best)


def test_a_label_without_a_row_keeps_the_usual_threshold() -> None:
    """There is nothing to choose by; the note names it."""
    chosen = label_thresholds(np.array([[0.2, 0.4]]), np.array([[1, 0]]), ["a", "b"])

    assert chosen.keys() == {"threshold:a"}
    assert "'b', 'c': their thresholds stay 0.5" in note_on_thresholds(["b", "c"])[0]


def test_automatic_weights_are_scikit_learns_balanced_ones() -> None:
    """Rows over labels times rows of the label."""
    gold = ["x"] * 7 + ["y"] * 2 + ["z"]

    weights = label_weights("auto", ["x", "y", "z"], [[name] for name in gold])

    expected = compute_class_weight("balanced", classes=np.array(["x", "y", "z"]), y=gold)
    assert list(weights.values()) == pytest.approx(list(expected))


def test_automatic_weights_of_several_labels_balance_each_against_the_rest() -> None:
    """Three rows without 'a' for one with it; a label of every row counts 1."""
    weights = label_weights(
        "auto", ["a", "all"], [["a", "all"], ["all"], ["all"], ["all"]], several=True
    )

    assert weights == {"weight:a": 3.0, "weight:all": 1.0}


def test_a_weight_for_an_unknown_label_is_refused_with_the_nearest_one() -> None:
    """A misspelt label would silently count 1."""
    with pytest.raises(RecipeError, match=r"for 'god', a label that no .*Did you mean 'good'\?"):
        label_weights({"god": 2.0}, ["bad", "good"], [])
    assert label_weights({"bad": 2.0}, ["bad", "good"], []) == {
        "weight:bad": 2.0,
        "weight:good": 1.0,
    }
