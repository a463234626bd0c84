"""Numbers and ordered labels: read, decoded and scored as scikit-learn and SciPy do."""

from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import Ridge
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from polyculture.checks.tasks import (
    Case,
    learns_its_toy_data_and_predicts_the_same_after_reloading,
)
from polyculture.checks.tiny import word_pieces
from polyculture.core.errors import DataError, ModelError, RecipeError
from polyculture.core.run import Scores
from polyculture.core.task import Context, Inventory
from polyculture.core.values import Known, Undefined
from polyculture.nets.batch import Batch
from polyculture.tasks.ordinal import PLUGIN as ORDINAL
from polyculture.tasks.ordinal import Ordinal
from polyculture.tasks.regression import PLUGIN as REGRESSION
from polyculture.tasks.regression import Regression

ORDER = ("bad", "fair", "good", "superb")
GRADES = Ordinal(order=ORDER)
NUMBERS = Regression()


def rows(name: str, values: list[Any]) -> pl.DataFrame:
    ids = [f"i{n}" for n in range(len(values))]
    return pl.DataFrame({"id": ids, "text": ids, name: values}, strict=False)


def graded(settled: dict[str, float] | None = None, settings: Ordinal = GRADES) -> Context:
    return Context(settings=settings, inventory=Inventory(labels=ORDER, settled=settled or {}))


def numbered(values: list[float], settings: Regression = NUMBERS) -> Context:
    inventory = REGRESSION.learn({"train": rows("number", values)}, settings)
    return Context(settings=settings, inventory=inventory)


def known(scores: Scores) -> dict[str, float]:
    return {s.name: s.value.number for s in scores.scores if isinstance(s.value, Known)}


# --- numbers


@pytest.mark.parametrize(("level", "spread"), [(1e4, 1.0), (5e-5, 1e-5), (0.0, 1e9)])
def test_errors_and_correlations_are_those_of_scikit_learn_and_scipy(
    level: float, spread: float
) -> None:
    """On numbers far from 0 whose spread is small, where squares lose digits, and on any scale."""
    rng = np.random.default_rng(1)
    right = level + spread * rng.normal(size=80)
    answered = right + spread * rng.normal(size=80)
    data = rows("number", right.tolist())
    context = numbered(right.tolist())
    answers = REGRESSION.decode(data, list(answered[:, None]), context)

    scores = REGRESSION.score(data, answers, context, split="test")

    found = known(scores)
    assert scores.headline().name == "mae"
    assert not scores.headline().higher_is_better
    assert found["mae"] == pytest.approx(mean_absolute_error(right, answered))
    assert found["rmse"] == pytest.approx(root_mean_squared_error(right, answered))
    assert found["r2"] == pytest.approx(r2_score(right, answered))
    assert found["spearman"] == pytest.approx(spearmanr(right, answered).statistic)
    assert found["pearson"] == pytest.approx(pearsonr(right, answered).statistic)
    assert all(s.value.low is not None for s in scores.scores if isinstance(s.value, Known))


def test_a_missing_number_is_as_far_off_as_the_range_is_wide() -> None:
    """From 0 to 10: errors of 1 and 10; the grades are .9 and 0."""
    data = rows("number", [4.0, 6.0])
    context = numbered([0.0, 10.0])
    answers = pl.DataFrame({"id": ["i0", "i1"], "answer": ["5.0", None]})

    scores = REGRESSION.score(data, answers, context, split="test")

    assert known(scores)["mae"] == 5.5
    assert scores.protocol["missing_answers"] == 1
    assert REGRESSION.grade(data, answers, context) == [0.9, 0.0]


def test_r2_of_equal_numbers_has_no_value() -> None:
    """There is no spread to explain; the mean error is known all the same."""
    data = rows("number", [3.0, 3.0])
    answers = pl.DataFrame({"id": ["i0", "i1"], "answer": ["3.5", "2.5"]})

    scores = REGRESSION.score(data, answers, numbered([0.0, 4.0]), split="test")

    values = {s.name: s.value for s in scores.scores}
    assert values["r2"] == Undefined(reason="all right numbers are the same")
    assert known(scores)["mae"] == 0.5


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["4.5", "many"], r"item 'i1': expected a finite number in 'number', got 'many'"),
        ([1.0, float("nan")], "expected a finite number in 'number', got nan"),
        ([1.0, float("inf")], "expected a finite number in 'number', got inf"),
        ([1.0, None], "the cell 'number' is empty"),
    ],
)
def test_what_is_not_a_number_is_named(values: list[Any], message: str) -> None:
    """With its row; numbers as text are numbers."""
    with pytest.raises(DataError, match=message):
        REGRESSION.prepare(rows("number", values), "train", NUMBERS)
    prepared = REGRESSION.prepare(rows("number", ["4.5", "2"]), "train", NUMBERS)
    assert prepared["number"].to_list() == [4.5, 2.0]


def test_equal_numbers_teach_nothing() -> None:
    """Refused, as equal labels are; rows to predict need none."""
    with pytest.raises(DataError, match="train: every number is 3, so there is nothing to learn"):
        numbered([3.0, 3.0])
    bare = REGRESSION.prepare(rows("number", [1.0]).drop("number"), "new.csv", NUMBERS)
    with pytest.raises(DataError, match=r"new\.csv: there is no column 'number'"):
        REGRESSION.learn({"new.csv": bare, "train": bare}, NUMBERS)


@pytest.mark.parametrize("loss", ["squared", "absolute"])
def test_numbers_are_learnt_in_deviations_from_the_mean(loss: Any) -> None:
    """The right outputs cost nothing; an output of 0 is the mean."""
    settings = Regression(loss=loss)
    context = numbered([1.0, 5.0, 9.0], settings)
    context = Context(
        settings=settings, inventory=context.inventory, reader=word_pieces(["i 0 1 2"]), longest=9
    )
    encoded = REGRESSION.encode(rows("number", [1.0, 9.0]), context)
    batch = REGRESSION.collate(encoded.examples, context)
    scaled = np.array([-4.0, 4.0]) / np.std([1.0, 5.0, 9.0])

    def cost(outputs: list[float]) -> float:
        logits = torch.tensor(outputs)[:, None]
        return REGRESSION.loss({"logits": logits}, batch, context).item()

    assert batch.count == 2
    assert cost(scaled.tolist()) == pytest.approx(0, abs=1e-6)
    expected = (scaled**2 if loss == "squared" else np.abs(scaled)).sum()
    assert cost([0.0, 0.0]) == pytest.approx(expected)


def test_an_output_that_is_nan_is_refused() -> None:
    """A training that diverged is reported, with the item."""
    with pytest.raises(ModelError, match=r"item 'i1' is NaN or infinite.*lower learning rate"):
        REGRESSION.decode(
            rows("number", [1, 2]), [np.ones(1), np.array([np.nan])], numbered([0, 1])
        )


def test_baselines_are_the_median_and_a_ridge_regression() -> None:
    """The median has the least mean error of all constants."""
    texts, values = ["cheap pen", "dear lamp"] * 6, [1.0, 9.0] * 5 + [1.0, 50.0]
    train = rows("number", values).with_columns(text=pl.Series(texts))
    context = numbered(values)

    median = REGRESSION.baselines["median"](train, train, context)
    counted = REGRESSION.baselines["tfidf"](train, train, context)

    assert set(median["answer"]) == {str(float(np.median(values)))}
    words = np.array([[1.0, 0], [0, 1.0]] * 6)
    ridge = Ridge(alpha=1.0).fit(words, values).predict(words)
    numbers = counted["answer"].cast(pl.Float64).to_numpy()
    np.testing.assert_allclose(numbers, ridge, rtol=0.1)
    assert median.schema == counted.schema


# --- ordered labels


def test_kappa_and_distance_are_those_of_scikit_learn() -> None:
    """On random answers; the distance is the mean absolute error of ranks."""
    rng = np.random.default_rng(2)
    right = rng.integers(0, 4, 90)
    answered = np.clip(right + rng.integers(-1, 2, 90), 0, 3)
    data = rows("label", [ORDER[code] for code in right])
    answers = data.select("id", answer=pl.Series([ORDER[code] for code in answered]))

    scores = ORDINAL.score(data, answers, graded(), split="test")

    found = known(scores)
    kappa = cohen_kappa_score(right, answered, weights="quadratic", labels=range(4))
    assert scores.headline().name == "quadratic_kappa"
    assert found["quadratic_kappa"] == pytest.approx(kappa)
    assert found["rank_mae"] == pytest.approx(mean_absolute_error(right, answered))
    assert found["accuracy"] == pytest.approx(accuracy_score(right, answered))
    assert scores.protocol["order"] == "bad < fair < good < superb"
    assert [row["label"] for row in scores.tables[0].rows] == [*ORDER]


def test_a_missing_grade_is_worth_nothing_and_farthest_off() -> None:
    """No answer at all: a kappa of 0, and 3 and 2 ranks off."""
    data = rows("label", ["bad", "good"])
    none = data.select("id", answer=pl.lit(None, pl.String))

    found = known(ORDINAL.score(data, none, graded(), split="test"))

    assert found["quadratic_kappa"] == 0
    assert found["rank_mae"] == 2.5
    assert found["accuracy"] == 0


def test_one_label_everywhere_has_no_kappa() -> None:
    """Undefined, with its reason, and not 0."""
    data = rows("label", ["bad", "bad"])
    answers = data.select("id", answer=pl.col("label"))

    scores = ORDINAL.score(data, answers, graded(), split="test")

    assert scores.headline().value == Undefined(reason="all gold and all answers are one label")


def test_the_expected_rank_lies_between_labels_that_are_equally_probable() -> None:
    """Half bad and half good is fair; the temperature moves ranks, and no most probable label."""
    data = rows("label", ["fair"])
    logits = [np.log([0.48, 0.02, 0.5, 1e-9])]
    mean, most = (Ordinal(order=ORDER, answer=how) for how in ("expected_rank", "most_probable"))

    answers = ORDINAL.decode(data, logits, graded(settings=mean))
    assert answers["answer"].to_list() == ["fair"]
    for heat in (0.2, 1.0, 5.0):
        answers = ORDINAL.decode(data, logits, graded({"temperature": heat}, most))
        assert answers["answer"].to_list() == ["good"]


def test_the_ranked_loss_costs_more_the_farther_off() -> None:
    """By hand, for sure and for mixed outputs; unknown labels add nothing."""
    settings = Ordinal(order=ORDER, loss="ranked")
    logits = torch.tensor([[9e2, 0, 0, 0], [0, 0, 0, 9e2], [0, 0, 0, 0], [1, 2, 3, 4]])
    batch = Batch(inputs={}, targets={"labels": torch.tensor([0, 0, 1, -100])})

    found = ORDINAL.loss({"logits": logits}, batch, graded(settings=settings))

    assert found.item() == pytest.approx(0 + 3 + (0.25**2 + 0.5**2 + 0.25**2))


def test_the_median_rank_is_the_fewest_ranks_off() -> None:
    """No other label has a smaller expected distance; of two equal ones the lower is taken."""
    rng = np.random.default_rng(4)
    table = np.vstack([rng.dirichlet(np.ones(4), 50), [0.5, 0, 0, 0.5]])
    data = rows("label", ["bad"] * 51)
    logits = list(np.log(np.maximum(table, 1e-30)))

    answers = ORDINAL.decode(data, logits, graded())

    ranks = np.arange(4)
    distance = table @ np.abs(ranks[:, None] - ranks)
    codes = [ORDER.index(answer) for answer in answers["answer"]]
    np.testing.assert_allclose(distance[range(51), codes], distance.min(axis=1))
    assert answers["answer"][-1] == "bad"


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (["good"], "expected two or more labels from the lowest to the highest"),
        (["bad", "bad"], "expected two or more labels"),
        (["bad", ""], "expected two or more labels"),
    ],
)
def test_an_order_that_orders_nothing_is_refused(order: list[str], message: str) -> None:
    """Two different labels at least."""
    with pytest.raises(ValidationError, match=message):
        Ordinal.model_validate({"order": order})


def test_an_empty_order_is_answered_with_the_labels_that_there_are() -> None:
    """So that they need only be sorted by hand."""
    with pytest.raises(RecipeError, match=r"task.order is empty.*; train has 'bad', 'good'\."):
        ORDINAL.prepare(rows("label", ["good", "bad"]), "train", Ordinal())


def test_a_label_without_a_place_in_the_order_is_named() -> None:
    """With the nearest one that has a place."""
    with pytest.raises(
        DataError,
        match=r"valid, item 'i1': the label 'god' has no place in task.order. Did you mean 'good'",
    ):
        ORDINAL.prepare(rows("label", ["bad", "god"]), "valid", GRADES)


def test_a_grade_that_training_never_gives_is_told() -> None:
    """It is in the inventory all the same, in its place."""
    splits = {"train": rows("label", ["good", "bad", "superb"])}
    inventory = ORDINAL.learn(splits, GRADES)

    assert inventory.labels == ORDER
    assert ORDINAL.remarks(splits, inventory, GRADES) == (
        "No training row has 'fair', so it is hardly ever answered.",
    )
    with pytest.raises(DataError, match="train: every answer is 'bad'"):
        ORDINAL.learn({"train": rows("label", ["bad", "bad"])}, GRADES)


@pytest.mark.slow
def test_grades_are_learnt_by_the_ranked_loss_from_windows() -> None:
    """Trained, saved, opened again and scored."""
    settings = {
        "order": ["bad", "fair", "good"],
        "loss": "ranked",
        "answer": "most_probable",
        "calibration": "none",
        "long_texts": "windows",
    }
    learns_its_toy_data_and_predicts_the_same_after_reloading(Case(task=ORDINAL, settings=settings))
