"""Classification reads rows, decodes logits and scores answers."""

from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError
from scipy.special import expit
from sklearn.metrics import f1_score

from polyculture.checks.tasks import (
    Case,
    learns_its_toy_data_and_predicts_the_same_after_reloading,
)
from polyculture.checks.tiny import word_pieces
from polyculture.core.errors import DataError, ModelError
from polyculture.core.task import Context, Inventory
from polyculture.nets.batch import Batch
from polyculture.stats.labels.several_labels import joined
from polyculture.tasks.classification import PLUGIN as TASK
from polyculture.tasks.classification import Classification, codes

ONE = Classification()
SEVERAL = Classification(multi_label=True)


def rows(labels: list[Any], name: str = "label", **columns: Any) -> pl.DataFrame:
    numbers = range(len(labels))
    texts = [f"text {number}" for number in numbers]
    return pl.DataFrame(
        {"id": [f"i{n}" for n in numbers], "text": texts, name: labels, **columns}, strict=False
    )


def told(*labels: str, settings: Classification = ONE) -> Context:
    """What is known where these labels were learnt."""
    return Context(settings=settings, inventory=Inventory(labels=labels))


def loss(logits: torch.Tensor, targets: torch.Tensor, settings: Classification = ONE) -> float:
    """The summed loss of some logits."""
    batch = Batch(inputs={}, targets={"labels": targets})
    return TASK.loss({"logits": logits}, batch, told(settings=settings)).item()


def test_the_inventory_is_in_code_point_order_whatever_the_order_of_rows() -> None:
    """Labels depend on the training rows as a set."""
    splits = {"train": rows(["b", "人", "B", "b"]), "valid": rows(["b"])}

    assert TASK.learn(splits, ONE) == Inventory(labels=("B", "b", "人"))


def test_a_label_that_only_another_split_has_has_no_target_and_is_told() -> None:
    """It enters no inventory, adds nothing to the loss, and the note says how many rows have it."""
    splits = {"train": rows(["neutral", "good"]), "valid": rows(["good", "Neutral", "?", "?"])}

    inventory = TASK.learn(splits, ONE)

    assert inventory.labels == ("good", "neutral")
    targets = [int(code) for code in codes(splits["valid"], told(*inventory.labels))]
    (note,) = TASK.remarks(splits, inventory, ONE)
    assert targets == [0, -100, -100, -100]
    assert note == (
        "2 labels do not occur in train: '?' (valid 2 rows), 'Neutral' (valid 1 row). The model "
        "cannot answer them, so they count as wrong. Did you mean 'neutral' by 'Neutral'?"
    )


def test_labels_that_only_other_splits_have_are_refused_where_the_recipe_says_so() -> None:
    """All at once, at the first row that has one."""
    splits = {
        "train": rows(["neutral", "good"]),
        "valid": rows(["good", "neutrall"]),
        "test": rows(["bad", "bad"]),
    }

    with pytest.raises(
        DataError,
        match=r"valid, item 'i1': 2 labels do not occur in train: 'bad' \(test 2 rows\), "
        r"'neutrall' \(valid 1 row\)\. Did you mean 'neutral' by 'neutrall'\?",
    ):
        TASK.learn(splits, Classification(unseen="refuse"))


def test_no_word_is_suggested_that_is_not_close() -> None:
    """'CODE' is no misspelling of 'COLOR'."""
    splits = {"train": rows(["COLOR", "HUM"]), "test": rows(["CODE"])}

    (note,) = TASK.remarks(splits, TASK.learn(splits, ONE), ONE)

    assert "mean" not in note


def test_unseen_gold_counts_as_wrong_as_scikit_learn_counts_it() -> None:
    """Macro F1 is over the labels of gold and answers; a label that is never answered has F1 0."""
    data = rows(["a", "b", "new", "a", "new", "b"])
    answers = pl.DataFrame({"id": data["id"], "answer": ["a", "b", "a", "a", "b", "c"]})

    scores = TASK.score(data, answers, told("a", "b", "c"), split="test")

    given, gold = answers["answer"].to_list(), data["label"].to_list()
    values = {score.name: getattr(score.value, "number", None) for score in scores.scores}
    assert values["accuracy"] == 3 / 6
    for name, average in (("macro_f1", "macro"), ("weighted_f1", "weighted")):
        expected = f1_score(gold, given, average=average, zero_division=0)
        assert values[name] == pytest.approx(expected)
    row = next(row for row in scores.tables[0].rows if row["label"] == "new")
    assert (row["precision"], row["recall"], row["support"]) == (None, 0.0, 2)
    assert (scores.protocol["unseen_labels"], scores.protocol["unseen_rows"]) == (1, 2)


def test_unseen_labels_among_several_are_missed_as_scikit_learn_counts_them() -> None:
    """They are false negatives of the micro average, and their rows are not right as wholes."""
    data = rows([["a", "new"], ["b"], ["new"]], "labels")
    answers = pl.DataFrame({"id": data["id"], "answer": ["a", "b", "(none)"]})
    splits = {"train": rows([["a"], ["b"]], "labels"), "test": data}
    context = Context(settings=SEVERAL, inventory=TASK.learn(splits, SEVERAL))

    scores = TASK.score(data, answers, context, split="test")

    gold = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    given = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]])
    values = {score.name: getattr(score.value, "number", None) for score in scores.scores}
    assert context.labels == ("a", "b")
    assert [list(code) for code in codes(data, context)] == [[1, 0], [0, 1], [0, 0]]
    assert values["micro_f1"] == pytest.approx(f1_score(gold, given, average="micro"))
    assert values["macro_f1"] == pytest.approx(
        f1_score(gold, given, average="macro", zero_division=0)
    )
    assert values["subset_accuracy"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("splits", "settings"),
    [({"train": rows(["a", "a"])}, ONE), ({"train": rows([["a"], ["a"]], "labels")}, SEVERAL)],
)
def test_one_answer_only_is_refused(splits: dict[str, pl.DataFrame], settings: Any) -> None:
    """There is nothing to learn where every answer is the same."""
    with pytest.raises(DataError, match="train: every answer is 'a'"):
        TASK.learn(splits, settings)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (rows(["a"]).drop("text"), "train: there is no column 'text'"),
        (rows(["a"]).drop("text").rename({"label": "texts"}), "Did you mean 'texts'"),
        (rows(["a", None]), "train, item 'i1': the cell 'label' is empty"),
        (rows(["a"], text_b=[None]), "train, item 'i0': the cell 'text_b' is empty"),
        (rows(["a", "b"]).with_columns(id=pl.lit("x")), "two rows have the id 'x'"),
        (rows(["a"]).clear(), "train: there are no rows"),
    ],
)
def test_a_broken_row_is_named(broken: pl.DataFrame, message: str) -> None:
    """Each gets one sentence with the place and what to do."""
    with pytest.raises(DataError, match=message):
        TASK.prepare(broken, "train", ONE)


@pytest.mark.parametrize("labels", [["a", "a"], ["a|b"], ["(none)"], [""], [None]])
def test_labels_that_an_answer_could_not_tell_apart_are_refused(labels: list[Any]) -> None:
    """An answer joins labels by a sign that no label may hold."""
    broken = rows([labels], "labels").with_columns(pl.col("labels").cast(pl.List(pl.String)))

    with pytest.raises(DataError, match="train, item 'i0': labels must be different texts"):
        TASK.prepare(broken, "train", SEVERAL)


def test_rows_without_gold_can_be_prepared_but_not_trained_on() -> None:
    """Prediction needs texts alone."""
    unlabelled = TASK.prepare(rows(["a"]).drop("label"), "new.csv", ONE)

    with pytest.raises(DataError, match="train: there is no column 'label'"):
        TASK.learn({"train": unlabelled}, ONE)


def test_numbers_as_labels_become_text() -> None:
    """A label is what its cell says."""
    prepared = TASK.prepare(rows([1, 0]), "train", ONE)

    assert TASK.learn({"train": prepared}, ONE).labels == ("0", "1")


def test_decoding_right_logits_gives_the_gold() -> None:
    """Targets as logits come back as the right answers, with probabilities that sum to 1."""
    data = rows(["b", "a", "人"])
    context = told(*TASK.learn({"train": data}, ONE).labels)
    logits = [np.eye(3)[code] * 9 for code in codes(data, context)]

    answers = TASK.decode(data, logits, context)

    assert answers["answer"].to_list() == TASK.gold(data, ONE) == ["b", "a", "人"]
    probabilities = np.array(answers["probabilities"].to_list())
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-15)
    assert probabilities.max() > 0.999


def test_decoding_right_logits_gives_the_gold_of_several_labels() -> None:
    """No label at all is an answer of its own, which no reader takes for an empty cell."""
    data = rows([["b", "a"], [], ["人"]], "labels")
    context = told(*TASK.learn({"train": data}, SEVERAL).labels, settings=SEVERAL)
    logits = [code * 18 - 9 for code in codes(data, context)]

    answers = TASK.decode(data, logits, context)

    assert answers["answer"].to_list() == TASK.gold(data, SEVERAL) == ["a|b", "(none)", "人"]
    assert "probabilities" not in answers.columns
    np.testing.assert_allclose(answers["label_probabilities"].to_list()[0], expit([9, 9, -9]))


def test_large_logits_do_not_overflow() -> None:
    """Probabilities are computed in double precision from differences."""
    answers = TASK.decode(rows(["a"]), [np.array([1e4, -1e4], np.float32)], told("a", "b"))

    assert answers["probabilities"].to_list() == [[1.0, 0.0]]


def test_outputs_that_are_nan_are_refused() -> None:
    """A training that diverged is reported, with the item."""
    with pytest.raises(ModelError, match=r"item 'i1' is NaN or infinite.*lower learning rate"):
        TASK.decode(rows(["a", "b"]), [np.zeros(2), np.array([np.nan, 0])], told("a", "b"))


def test_loss_is_the_sum_over_what_counts() -> None:
    """Rows of -100 change nothing, and a batch of only such rows gives 0 and not NaN."""
    logits = torch.randn(4, 3, generator=torch.manual_seed(1))
    targets = torch.tensor([0, 2, -100, 1])

    known = loss(logits[[0, 1, 3]], targets[[0, 1, 3]])

    assert loss(logits, targets) == pytest.approx(known)
    assert known / 3 == pytest.approx(
        torch.nn.functional.cross_entropy(logits[[0, 1, 3]], targets[[0, 1, 3]]).item()
    )
    assert loss(logits[2:3], targets[2:3]) == 0


def test_loss_of_several_labels_is_the_sum_of_each() -> None:
    """As torch's own binary cross-entropy with logits, which is the mean of twelve."""
    logits = torch.randn(4, 3, generator=torch.manual_seed(1))
    targets = (torch.randn(4, 3) > 0).float()

    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)

    assert loss(logits, targets, SEVERAL) / 12 == pytest.approx(expected.item())


def test_weights_and_focus_leave_out_what_is_frequent_or_easy() -> None:
    """By hand: the weight of the right label, and (1 - p)² of its probability."""
    logits = torch.randn(5, 3, generator=torch.manual_seed(2))
    targets = torch.tensor([0, 2, 1, -100, 2])
    settings = Classification(class_weights={"a": 3.0}, focal_gamma=2.0)
    learnt = TASK.learn({"train": rows(["a", "b", "c"])}, settings)
    batch = Batch(inputs={}, targets={"labels": targets})

    found = TASK.loss({"logits": logits}, batch, Context(settings=settings, inventory=learnt))

    known = [0, 1, 2, 4]
    p = logits.softmax(dim=1)[known, targets[known]]
    weights = torch.tensor([3.0, 1.0, 1.0, 1.0])
    assert found.item() == pytest.approx((-weights * (1 - p) ** 2 * p.log()).sum().item())


def test_smoothing_is_torchs_own() -> None:
    """A share of the target is spread over all labels; without smoothing nothing changes."""
    logits = torch.randn(4, 3, generator=torch.manual_seed(3))
    targets = torch.tensor([0, 2, -100, 1])

    found = loss(logits, targets, Classification(label_smoothing=0.1))

    expected = torch.nn.functional.cross_entropy(
        logits, targets, label_smoothing=0.1, reduction="sum"
    )
    assert found == pytest.approx(expected.item())


def test_weights_smoothing_and_focus_of_several_labels() -> None:
    """By hand, for each label of each text; labels that are not known count nothing."""
    logits = torch.randn(4, 2, generator=torch.manual_seed(4))
    targets = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-100.0, 0.0]])
    settings = Classification(
        multi_label=True, class_weights={"b": 4.0}, focal_gamma=1.0, label_smoothing=0.2
    )
    inventory = TASK.learn({"train": rows([["a"], ["b"]], "labels")}, settings)
    batch = Batch(inputs={}, targets={"labels": targets})

    found = TASK.loss({"logits": logits}, batch, Context(settings=settings, inventory=inventory))

    expected = 0.0
    for row, column in np.argwhere(targets.numpy() >= 0):
        y, z = targets[row, column].item(), logits[row, column].item()
        soft, weight, p = 0.8 * y + 0.1, (1.0, 4.0)[column], expit(z)
        focus = 1 - (p if y else 1 - p)
        expected -= focus * (weight * soft * np.log(p) + (1 - soft) * np.log(1 - p))
    assert found.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"thresholds": "best_f1"}, "for several labels a text: add multi_label = true"),
        ({"multi_label": True, "out_of_scope": "oos"}, "leave out 'out_of_scope'"),
        ({"class_weights": {"a": 0.0}}, r"a table of weights above 0.*got \{'a': 0.0\}"),
        ({"class_weights": {"a": True}}, "a table of weights above 0"),
        ({"class_weights": {}}, "a table of weights above 0"),
        ({"class_weights": "balanced"}, "'none', 'auto' or a table of weights .* got 'balanced'"),
        ({"label_smoothing": 1.0}, "less than 1"),
        ({"out_of_scope": "oos", "out_of_scope_rule": "entropy"}, "'margin' or 'energy'"),
    ],
)
def test_settings_that_say_nothing_are_refused(settings: dict[str, Any], message: str) -> None:
    """An impossible combination cannot be written."""
    with pytest.raises(ValidationError, match=message):
        Classification(**settings)


def test_a_label_out_of_scope_that_train_lacks_is_not_unseen() -> None:
    """It can be answered all the same; another label that train lacks is told as ever."""
    settings = Classification(out_of_scope="oos")
    splits = {"train": rows(["a", "b"]), "valid": rows(["a", "oos"]), "test": rows(["oos", "x"])}

    inventory = TASK.learn(splits, settings)

    assert inventory.labels == ("a", "b")
    (note,) = TASK.remarks(splits, inventory, settings)
    assert note.startswith("1 label does not occur in train: 'x'")


def test_chosen_thresholds_decide_which_labels_are_answered() -> None:
    """A label below 0.5 is answered where its own threshold is lower."""
    data = rows([["b"], [], ["a"]], "labels")
    settings = Classification(multi_label=True, thresholds="best_f1", calibration="none")
    inventory = Inventory(labels=("a", "b"))
    context = Context(settings=settings, inventory=inventory)
    logits = [np.array([-3.0, -0.5]), np.array([-3.0, -3.0]), np.array([2.0, -3.0])]

    settled = TASK.settle(data, logits, context)  # type: ignore[misc]
    chosen = inventory.model_copy(update={"settled": dict(settled)})
    answers = TASK.decode(data, logits, Context(settings=settings, inventory=chosen))

    assert TASK.decode(data, logits, context)["answer"].to_list() == ["(none)", "(none)", "a"]
    assert answers["answer"].to_list() == ["b", "(none)", "a"]
    assert settled["threshold:b"] == pytest.approx((expit(-0.5) + expit(-3)) / 2)


def test_labels_without_a_validation_row_are_named_where_thresholds_are_chosen() -> None:
    """Their threshold stays 0.5, which is said before training and after it."""
    settings = Classification(multi_label=True, thresholds="best_f1")
    splits = {"train": rows([["a"], ["b"]], "labels"), "valid": rows([["a"], []], "labels")}

    notes = TASK.remarks(splits, TASK.learn(splits, settings), settings)

    assert notes == ("No validation row has the label 'b': its threshold stays 0.5.",)


@pytest.mark.parametrize(
    ("settings", "data", "count"),
    [
        (ONE, rows(["a", "?", "b"]), 2),
        (SEVERAL, rows([["a"], [], ["b", "?"]], "labels"), 6),
        (ONE, rows(["a", "b", "a"]).drop("label"), 0),
    ],
    ids=["one", "several", "unknown"],
)
def test_a_batch_counts_what_its_loss_is_the_sum_of(
    settings: Classification, data: pl.DataFrame, count: int
) -> None:
    """A text, or each label of a text; what train lacks does not count, nor what nobody knows."""
    reader = word_pieces(["text 0 1 2"])
    inventory = Inventory(labels=("a", "b"))
    context = Context(settings=settings, inventory=inventory, reader=reader, longest=16)
    encoded = TASK.encode(data, context)

    batch = TASK.collate(encoded.examples, context)

    assert batch.count == count
    assert bool(batch.targets) == bool(count)
    assert batch.rows == (0, 1, 2)
    assert batch.size == int(batch.inputs["attention_mask"].sum()) == encoded.sizes.sum()


def test_scores_of_several_labels_lead_with_micro_f1() -> None:
    """Three of four labels are found and none is wrong: 2 * 3 / (3 + 4)."""
    data = rows([["b", "a"], [], ["a"], ["a"]], "labels")
    answers = pl.DataFrame({"id": data["id"], "answer": ["a|b", "(none)", "a", "(none)"]})

    scores = TASK.score(
        data, answers, told("a", "b", settings=SEVERAL), split="test", notes={"cut": 3}
    )

    values = {score.name: getattr(score.value, "number", None) for score in scores.scores}
    assert scores.headline().name == "micro_f1"
    assert values["micro_f1"] == pytest.approx(6 / 7)
    assert values["subset_accuracy"] == 0.75
    assert scores.protocol["threshold"] == 0.5
    assert scores.protocol["cut"] == 3


def test_majority_answers_with_the_shares_of_training() -> None:
    """A tie goes to the first label in code-point order."""
    data = rows(["b", "a", "b", "a"])

    answers = TASK.baselines["majority"](data, data.head(1), told("a", "b"))

    assert answers.to_dicts() == [{"id": "i0", "answer": "a", "probabilities": [0.5, 0.5]}]


def test_majority_of_several_labels_is_the_most_frequent_set() -> None:
    """It is the answer given most often, not a mixture that nobody gave."""
    data = rows([["a", "b"], ["b", "a"], ["c"]], "labels")

    answers = TASK.baselines["majority"](data, data, told("a", "b", "c", settings=SEVERAL))

    assert set(answers["answer"]) == {"a|b"}


@pytest.mark.parametrize(
    ("good", "bad"), [("very good food", "very bad food"), ("这个菜很好吃啊", "这个菜真难吃啊")]
)
def test_counted_words_learn_with_and_without_spaces(good: str, bad: str) -> None:
    """Chinese is cut into characters and pairs of them."""
    texts = [good, bad] * 10
    train = rows(["good", "bad"] * 10).with_columns(text=pl.Series(texts))
    test = rows(["?", "?"]).with_columns(text=pl.Series([f"{bad}!", f"{good}!"]))

    answers = TASK.baselines["tfidf"](train, test, told("bad", "good"))

    assert answers["answer"].to_list() == ["bad", "good"]
    np.testing.assert_allclose(np.sum(answers["probabilities"].to_list(), axis=1), 1)


def test_counted_words_learn_several_labels_and_pairs() -> None:
    """A label that every training row has is always answered; the second text counts too."""
    names = [["all", "red"], ["all"]] * 10
    train = rows(names, "labels", text_b=["red", "blue"] * 10)

    answers = TASK.baselines["tfidf"](train, train.head(2), told("all", "red", settings=SEVERAL))

    assert answers["answer"].to_list() == ["all|red", "all"]


def test_joined_labels_do_not_depend_on_their_order() -> None:
    """Equal sets are equal answers."""
    assert joined(["b", "a"]) == joined(["a", "b"]) == "a|b"


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"long_texts": "windows", "class_weights": "auto", "focal_gamma": 2.0},
        {"out_of_scope": "bad", "out_of_scope_rule": "margin", "label_smoothing": 0.1},
        {"out_of_scope": "bad", "out_of_scope_rule": "energy", "calibration": "none"},
    ],
    ids=["windows, weights, focus", "margin, smoothing", "energy"],
)
def test_a_run_with_other_settings_learns_and_keeps_what_was_chosen(
    settings: dict[str, Any],
) -> None:
    """Trained, saved, opened again and scored, as with the usual settings."""
    learns_its_toy_data_and_predicts_the_same_after_reloading(Case(task=TASK, settings=settings))
