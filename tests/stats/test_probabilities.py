"""MCC, log loss, Brier score, AUROC and calibration against scikit-learn and by hand."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import brier_score_loss, log_loss, matthews_corrcoef, roc_auc_score

from polyculture.core.run import Scores
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.labels.labelled import score_one, score_several
from polyculture.stats.labels.probabilities import mean_auroc, uncalibrated
from polyculture.stats.labels.several_labels import joined

LABELS = ["a", "b", "c"]


def made(items: int = 200, labels: int = 3, seed: int = 1) -> tuple[Any, Any]:
    """Gold codes and probabilities that know something of them; many are equal."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, labels, items)
    logits = np.round(rng.normal(size=(items, labels)) + 1.5 * np.eye(labels)[gold], 1)
    table = np.exp(logits)
    table /= table.sum(axis=1, keepdims=True)
    if labels == 2:  # so that equal ones are equal to the last digit
        table = np.column_stack([1 - table[:, 1].round(3), table[:, 1].round(3)])
    return gold, table


def scored(gold: Any, table: Any, **changes: Any) -> Scores:
    names = [LABELS[code] for code in gold]
    ids = [str(n) for n in range(len(names))]
    answers = {"id": ids, "answer": [LABELS[code] for code in table.argmax(axis=1)]}
    frame = pl.DataFrame(answers).with_columns(probabilities=pl.Series(table.tolist()))
    labels = LABELS[: table.shape[1]]
    rows = pl.DataFrame({"id": ids})
    return score_one(rows, names, frame, labels, split="test", notes={}, **changes)


def value(scores: Scores, name: str) -> Value:
    return next(score.value for score in scores.scores if score.name == name)


def number(scores: Scores, name: str) -> float:
    found = value(scores, name)
    assert isinstance(found, Known), found
    return found.number


@pytest.mark.parametrize("labels", [2, 3])
def test_scores_of_probabilities_are_those_of_scikit_learn(labels: int) -> None:
    """With two labels AUROC is that of either; ties count one half."""
    gold, table = made(labels=labels)

    scores = scored(gold, table)

    assert number(scores, "mcc") == pytest.approx(matthews_corrcoef(gold, table.argmax(axis=1)))
    assert number(scores, "log_loss") == pytest.approx(log_loss(gold, table))
    brier = brier_score_loss(gold, table, scale_by_half=False)
    assert number(scores, "brier") == pytest.approx(brier)
    area = (
        roc_auc_score(gold, table[:, 1])
        if labels == 2
        else roc_auc_score(gold, table, multi_class="ovr", average="macro")
    )
    assert number(scores, "auroc") == pytest.approx(area)


def test_scores_have_intervals_or_say_why_not() -> None:
    """Sums over rows are resampled; ranks are not."""
    scores = scored(*made())

    for name in ("mcc", "log_loss", "brier", "ece"):
        found = value(scores, name)
        assert isinstance(found, Known)
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.number < found.high
    area = value(scores, "auroc")
    assert isinstance(area, Known)
    assert (
        area.no_interval == "AUROC depends on ranks, not on sums over rows, so it is not resampled"
    )


def test_what_has_no_value_says_why() -> None:
    """One label in the gold: no AUROC and no MCC; a label of no model: no log loss."""
    table = np.array([[0.9, 0.1], [0.6, 0.4]])

    same, strange = scored([0, 0], table), scored([0, 2], table)

    assert value(same, "mcc") == Undefined(reason="all answers, or all gold, are one label")
    assert value(same, "auroc") == Undefined(
        reason="every row has the label 'a', so AUROC has no value"
    )
    assert value(strange, "auroc") == Undefined(
        reason="no row has the label 'b', so AUROC has no value"
    )
    assert value(strange, "log_loss") == Undefined(
        reason="gold holds labels that the model cannot answer, whose probability is 0"
    )


def test_gold_that_a_model_cannot_answer_stays_in_the_brier_score() -> None:
    """Its probability is 0: .1² + .9², and .6² + .4² + 1."""
    scores = scored([0, 2], np.array([[0.9, 0.1], [0.6, 0.4]]))

    assert number(scores, "brier") == pytest.approx((0.02 + 1.52) / 2)


def test_a_missing_answer_counts_as_a_class_of_its_own() -> None:
    """As scikit-learn has it if "" is answered; there are no scores of probabilities then."""
    gold, answered = ["a", "b", "a", "b", "a"], ["a", "b", None, "a", "a"]
    ids = [str(n) for n in range(5)]
    frame = pl.DataFrame({"id": ids, "answer": answered, "probabilities": [[0.5, 0.5]] * 5})

    scores = score_one(pl.DataFrame({"id": ids}), gold, frame, ["a", "b"], split="test", notes={})

    expected = matthews_corrcoef(gold, [answer or "" for answer in answered])
    assert number(scores, "mcc") == pytest.approx(expected)
    assert {score.name for score in scores.scores}.isdisjoint({"ece", "brier", "auroc"})


def test_calibration_is_told_before_and_after_the_temperature() -> None:
    """Saved answers hold calibrated probabilities, from which the others follow exactly."""
    gold, table = made()
    logits = np.log(table)
    cool = np.exp(logits / 2) / np.exp(logits / 2).sum(axis=1, keepdims=True)

    plain, calibrated = scored(gold, table), scored(gold, cool, temperature=2.0)

    np.testing.assert_allclose(uncalibrated(cool, 2.0), table, atol=1e-12)
    assert number(calibrated, "ece_uncalibrated") == pytest.approx(number(plain, "ece"))
    assert number(calibrated, "accuracy") == number(plain, "accuracy")
    assert calibrated.protocol["temperature"] == 2.0
    assert calibrated.protocol["binning"] == "equal width, of the most probable label"
    assert "ece_uncalibrated" not in {score.name for score in plain.scores}


def test_of_an_area_without_labels_there_is_none() -> None:
    """An empty table is not an average of 0."""
    assert isinstance(mean_auroc(np.zeros((3, 0)), np.zeros((3, 0), bool), []), Undefined)


def test_probabilities_of_several_labels_have_their_scores() -> None:
    """AUROC of each label and the mean squared error, as scikit-learn and NumPy compute them."""
    rng = np.random.default_rng(3)
    marks = rng.random((60, 3)) < 0.4
    table = np.clip(0.5 * marks + 0.6 * rng.random((60, 3)), 0, 1)
    names = [joined([x for x, on in zip(LABELS, row, strict=True) if on]) for row in marks]
    ids = [str(n) for n in range(60)]
    answers = pl.DataFrame({"id": ids, "answer": names, "label_probabilities": table.tolist()})
    rows = pl.DataFrame({"id": ids})

    scores = score_several(
        rows, names, answers, LABELS, split="test", notes={}, settled={"threshold:b": 0.25}
    )

    assert number(scores, "auroc") == pytest.approx(roc_auc_score(marks, table, average="macro"))
    assert number(scores, "brier") == pytest.approx(((table - marks) ** 2).mean())
    assert scores.protocol["threshold"] == "of each label, from 0.25 to 0.5"
