"""Texts out of scope: scores by three rules, the threshold, and two numbers instead of one."""

from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from polyculture.core.run import Scores
from polyculture.core.task import Context, Inventory
from polyculture.stats.labels.out_of_scope import chosen_threshold, note_on_scope, scope_scores
from polyculture.tasks.classification import PLUGIN as TASK
from polyculture.tasks.classification import Classification

RULES: tuple[Any, ...] = ("max_probability", "margin", "energy")


def rows_of(gold: list[str]) -> pl.DataFrame:
    ids = [str(n) for n in range(len(gold))]
    return pl.DataFrame({"id": ids, "text": ids, "label": gold})


def numbers(scores: Scores) -> dict[str, float | None]:
    return {score.name: getattr(score.value, "number", None) for score in scores.scores}


def test_energy_is_torchs_logsumexp_of_the_labels_in_scope() -> None:
    """Without the label out of scope, and without the temperature."""
    logits = np.array([[1.0, 2.0, 9.0], [0.0, -1.0, 0.5]])

    scores = scope_scores(logits, ["a", "b", "oos"], "oos", "energy", temperature=3.0)

    expected = torch.logsumexp(torch.tensor(logits[:, :2]), dim=1)
    np.testing.assert_allclose(scores, expected)


def test_the_margin_is_negative_where_the_label_out_of_scope_is_the_best() -> None:
    """The distance is to any other label."""
    logits = np.log([[0.2, 0.1, 0.7], [0.6, 0.3, 0.1]])

    scores = scope_scores(logits, ["a", "b", "oos"], "oos", "margin")

    np.testing.assert_allclose(scores, [-0.5, 0.3])


@pytest.mark.parametrize("goal", ["balance", "accuracy"])
def test_no_other_threshold_is_better(goal: Any) -> None:
    """By trying them all."""
    rng = np.random.default_rng(2)
    outside = rng.random(300) < 0.2
    right = ~outside & (rng.random(300) < 0.9)
    scores = np.where(outside, rng.beta(2, 3, 300), rng.beta(5, 2, 300))

    def reached(least: float) -> float:
        kept = right & (scores >= least)
        rejected = outside & (scores < least)
        if goal == "accuracy":
            return float((kept | rejected).mean())
        return float(kept.sum() / (~outside).sum() + rejected.sum() / outside.sum())

    chosen = chosen_threshold(scores, right, outside, goal)

    assert chosen is not None
    assert reached(chosen) == pytest.approx(max(reached(x) for x in np.linspace(-1, 2, 3001)))


def test_without_rows_on_both_sides_there_is_no_threshold() -> None:
    """Nothing is weighed against nothing; the note says what is missing."""
    scores, no, yes = np.array([0.5, 0.6]), np.zeros(2, bool), np.ones(2, bool)

    assert chosen_threshold(scores, yes, no, "balance") is None
    assert chosen_threshold(scores, no, yes, "balance") is None
    assert "which no split has" in note_on_scope({"train": ["a"], "valid": ["a"]}, "oss")[0]
    assert note_on_scope({"train": ["a"], "valid": ["oos"]}, "oos") == ()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("learns", [True, False], ids=["train has oos", "train has none"])
def test_unsure_texts_are_rejected_from_the_chosen_threshold_on(rule: Any, *, learns: bool) -> None:
    """Whether train has rows out of scope or not; gold out of scope is never dropped."""
    settings = Classification(out_of_scope="oos", out_of_scope_rule=rule, unseen="refuse")
    learnt = ["a", "b", "oos"] if learns else ["a", "b"]
    splits = {"train": rows_of(learnt * 3), "valid": rows_of(["a", "b", "oos"] * 4)}
    inventory = TASK.learn(splits, settings)
    context = Context(settings=settings, inventory=inventory)
    sure = {"a": [4.0, 0.0, -2.0], "b": [0.0, 4.0, -2.0], "oos": [0.2, 0.1, 0.0]}
    logits = [np.array(sure[gold][: len(learnt)]) for gold in splits["valid"]["label"]]

    before = TASK.decode(splits["valid"], logits, context)
    settled = TASK.settle(splits["valid"], logits, context)  # type: ignore[misc]
    chosen = inventory.model_copy(update={"settled": dict(settled)})
    after_context = Context(settings=settings, inventory=chosen)
    after = TASK.decode(splits["valid"], logits, after_context)

    assert inventory.labels == tuple(learnt)
    assert "scope_threshold" in settled
    assert set(before["answer"]) == {"a", "b"}
    assert after["answer"].to_list() == splits["valid"]["label"].to_list()
    scores = TASK.score(splits["valid"], after, after_context, split="valid")
    found = numbers(scores)
    assert found["accuracy"] == found["in_scope_accuracy"] == found["out_of_scope_recall"] == 1
    assert found["out_of_scope_precision"] == found["out_of_scope_auroc"] == 1
    assert scores.protocol["scope_rule"] == rule
    assert scores.protocol["scope_goal"] == "balance"
    assert scores.protocol["unseen_rows"] == 0
    unsettled = numbers(TASK.score(splits["valid"], before, context, split="valid"))
    assert unsettled["accuracy"] == pytest.approx(2 / 3)
    assert unsettled["out_of_scope_recall"] == 0
    assert unsettled["out_of_scope_precision"] is None


def test_in_scope_accuracy_is_told_before_and_after_rejection() -> None:
    """A right answer that is rejected is lost: 3 of 4 before, 2 of 4 after."""
    settings = Classification(out_of_scope="oos", calibration="none")
    inventory = Inventory(labels=("a", "b"), settled={"scope_threshold": 0.6})
    context = Context(settings=settings, inventory=inventory)
    rows = rows_of(["a", "a", "a", "b", "oos"])
    logits = [np.log([p, 1 - p]) for p in (0.9, 0.8, 0.55, 0.9, 0.5)]

    answers = TASK.decode(rows, logits, context)

    assert answers["answer"].to_list() == ["a", "a", "oos", "a", "oos"]
    found = numbers(TASK.score(rows, answers, context, split="test"))
    assert found["in_scope_accuracy_before_rejection"] == 0.75
    assert found["in_scope_accuracy"] == 0.5
    assert found["out_of_scope_recall"] == 1
    assert found["out_of_scope_precision"] == 0.5
    assert found["accuracy"] == 0.6


def test_no_answer_at_all_is_neither_in_scope_nor_out_of_it() -> None:
    """It counts as wrong on both sides."""
    settings = Classification(out_of_scope="oos")
    context = Context(settings=settings, inventory=Inventory(labels=("a", "b")))
    rows = rows_of(["a", "oos"])
    answers = TASK.decode(rows, [np.zeros(2)] * 2, context)
    none = answers.select(
        "id", *(pl.lit(None, k).alias(n) for n, k in answers.schema.items() if n != "id")
    )

    found = numbers(TASK.score(rows, none, context, split="test"))

    assert found["in_scope_accuracy"] == found["out_of_scope_recall"] == found["accuracy"] == 0
    assert found["out_of_scope_auroc"] is None


@pytest.mark.parametrize("name", TASK.baselines)
def test_baselines_answer_in_the_same_form(name: str) -> None:
    """Without a threshold, which is the model's own."""
    settings = Classification(out_of_scope="oos")
    train = rows_of(["a", "b", "a", "oos"] * 3).with_columns(
        text=pl.Series(["x", "y", "x", "z"] * 3)
    )
    inventory = TASK.learn({"train": train}, settings)
    context = Context(settings=settings, inventory=inventory)

    answers = TASK.baselines[name](train, train, context)

    assert answers.schema == TASK.decode(train, [np.zeros(3)] * 12, context).schema
