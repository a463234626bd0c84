"""Measures equal other people's code, and each other where theory says so."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef

from polyculture.core.views import Predictions
from polyculture.measures.group.effective_votes import effective_votes
from polyculture.measures.group.vendi_score import vendi_score
from polyculture.measures.predictions.agreement import agreement
from polyculture.measures.predictions.capa import capa
from polyculture.measures.predictions.cohen_kappa import cohen_kappa
from polyculture.measures.predictions.double_fault import double_fault
from polyculture.measures.predictions.error_consistency import error_consistency
from polyculture.measures.predictions.error_correlation import error_correlation

Rows = list[tuple[int, ...]]


def rows(models: int, classes: int = 4) -> st.SearchStrategy[Rows]:
    """Rows of (gold, answer of the first model, answer of the second, ...)."""
    return st.lists(st.tuples(*[st.integers(0, classes - 1)] * (models + 1)), min_size=2)


def models_of(table: Rows, classes: int = 4) -> list[Predictions]:
    gold, *answers = np.array(table).T
    return [Predictions(labels=a, gold=gold, probabilities=np.eye(classes)[a]) for a in answers]


def fails_and_succeeds(model: Predictions) -> bool:
    return bool(model.wrong.any() and not model.wrong.all())


@given(rows(2))
def test_cohens_kappa_is_scikit_learns(table: Rows) -> None:
    """On answers in words, the same number."""
    a, b = models_of(table)
    assume(len({*a.labels, *b.labels}) > 1)

    assert cohen_kappa(a, b) == pytest.approx(cohen_kappa_score(a.labels, b.labels))


@given(rows(2))
def test_error_consistency_is_cohens_kappa_of_right_and_wrong(table: Rows) -> None:
    """scikit-learn's kappa of the two error vectors is the same number."""
    a, b = models_of(table)
    assume(a.wrong.any() or b.wrong.any())
    assume(not (a.wrong.all() and b.wrong.all()))

    assert error_consistency(a, b) == pytest.approx(cohen_kappa_score(a.wrong, b.wrong))


@pytest.mark.slow
@given(rows(2))
def test_error_correlation_is_matthews_coefficient_of_right_and_wrong(table: Rows) -> None:
    """scikit-learn's again."""
    a, b = models_of(table)
    assume(fails_and_succeeds(a))
    assume(fails_and_succeeds(b))

    assert error_correlation(a, b) == pytest.approx(matthews_corrcoef(a.wrong, b.wrong), abs=1e-12)


@pytest.mark.slow
@given(rows(2))
def test_at_equal_accuracy_consistency_and_correlation_are_one(table: Rows) -> None:
    """Kappa and phi differ by the margins only."""
    a, b = models_of(table)
    assume(a.wrong.sum() == b.wrong.sum())
    assume(fails_and_succeeds(a))

    assert error_consistency(a, b) == pytest.approx(error_correlation(a, b))


@given(rows(2, classes=2))
def test_certain_answers_to_yes_or_no_make_capa_error_consistency(table: Rows) -> None:
    """With two answers there is one way to be wrong."""
    a, b = models_of(table, classes=2)
    assume(a.wrong.any() or b.wrong.any())
    assume(not (a.wrong.all() and b.wrong.all()))

    assert capa(a, b) == pytest.approx(error_consistency(a, b))


@given(rows(2))
def test_consistency_is_made_of_double_faults_and_accuracies(table: Rows) -> None:
    """Two items of three numbers give the fourth."""
    a, b = models_of(table)
    assume(a.wrong.any() or b.wrong.any())
    assume(not (a.wrong.all() and b.wrong.all()))
    ea, eb = a.wrong.mean(), b.wrong.mean()

    made = 2 * (double_fault(a, b) - ea * eb) / (ea + eb - 2 * ea * eb)

    assert error_consistency(a, b) == pytest.approx(made)


@pytest.mark.slow
@given(rows(3))
def test_effective_votes_are_made_of_the_mean_correlation(table: Rows) -> None:
    """Kish's formula, written out."""
    models = models_of(table)
    assume(all(fails_and_succeeds(model) for model in models))
    pairs = [(0, 1), (0, 2), (1, 2)]
    mean = np.mean([error_correlation(models[i], models[j]) for i, j in pairs])
    assume(1 + 2 * mean > 1e-6)

    assert effective_votes(models) == pytest.approx(3 / (1 + 2 * mean))


@given(rows(3))
def test_the_vendi_score_lies_between_one_and_the_number_of_models(table: Rows) -> None:
    """One for copies; the kernel of agreement is always positive semidefinite."""
    models = models_of(table)

    assert 1 - 1e-9 <= vendi_score(models) <= 3 + 1e-9
    assert vendi_score([models[0]] * 3) == pytest.approx(1)


@given(rows(2))
def test_a_missing_answer_agrees_with_nothing_and_is_wrong(table: Rows) -> None:
    """Taking an answer away never makes two models more alike or better."""
    a, b = models_of(table)
    poorer = Predictions(labels=np.where(np.arange(len(table)) == 0, -1, a.labels), gold=a.gold)

    assert agreement(poorer, b) <= agreement(a, b)
    assert poorer.wrong[0]
