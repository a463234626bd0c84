"""Classification reads rows, decodes logits and scores answers."""

from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from scipy.special import expit
from sklearn.metrics import f1_score

from polyculture.core.errors import DataError, ModelError
from polyculture.tasks.classification import PLUGIN as TASK
from polyculture.tasks.classification import Classification, joined

ONE = Classification()
SEVERAL = Classification(multi_label=True)


def rows(labels: list[Any], name: str = "label", **columns: Any) -> pl.DataFrame:
    numbers = range(len(labels))
    texts = [f"text {number}" for number in numbers]
    return pl.DataFrame(
        {"id": [f"i{n}" for n in numbers], "text": texts, name: labels, **columns}, strict=False
    )


def test_the_inventory_is_in_code_point_order_whatever_the_order_of_rows() -> None:
    """Labels depend on the training rows as a set."""
    splits = {"train": rows(["b", "人", "B", "b"]), "valid": rows(["b"])}

    assert TASK.labels(splits, ONE) == ("B", "b", "人")


def test_a_label_that_only_another_split_has_has_no_target_and_is_told() -> None:
    """It enters no inventory, adds nothing to the loss, and the note says how many rows have it."""
    splits = {"train": rows(["neutral", "good"]), "valid": rows(["good", "Neutral", "?", "?"])}

    labels = TASK.labels(splits, ONE)

    assert labels == ("good", "neutral")
    targets = [int(target) for target in TASK.targets(splits["valid"], labels, ONE)]
    (note,) = TASK.unseen(splits, labels, ONE)
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
        TASK.labels(splits, Classification(unseen="refuse"))


def test_no_word_is_suggested_that_is_not_close() -> None:
    """'CODE' is no misspelling of 'COLOR'."""
    splits = {"train": rows(["COLOR", "HUM"]), "test": rows(["CODE"])}

    (note,) = TASK.unseen(splits, TASK.labels(splits, ONE), ONE)

    assert "mean" not in note


def test_unseen_gold_counts_as_wrong_as_scikit_learn_counts_it() -> None:
    """Macro F1 is over the labels of gold and answers; a label that is never answered has F1 0."""
    data = rows(["a", "b", "new", "a", "new", "b"])
    answers = pl.DataFrame({"id": data["id"], "answer": ["a", "b", "a", "a", "b", "c"]})

    scores = TASK.score(data, answers, ("a", "b", "c"), ONE, split="test")

    given, gold = answers["answer"].to_list(), data["label"].to_list()
    values = {score.name: getattr(score.value, "number", None) for score in scores.scores}
    assert values["accuracy"] == 3 / 6
    for name, average in (("macro_f1", "macro"), ("weighted_f1", "weighted")):
        expected = f1_score(gold, given, average=average, zero_division=0)
        assert values[name] == pytest.approx(expected)
    row = next(row for row in scores.table if row["label"] == "new")
    assert (row["precision"], row["recall"], row["support"]) == (None, 0.0, 2)
    assert (scores.protocol["unseen_labels"], scores.protocol["unseen_rows"]) == (1, 2)


def test_unseen_labels_among_several_are_missed_as_scikit_learn_counts_them() -> None:
    """They are false negatives of the micro average, and their rows are not right as wholes."""
    data = rows([["a", "new"], ["b"], ["new"]], "labels")
    answers = pl.DataFrame({"id": data["id"], "answer": ["a", "b", "(none)"]})
    labels = TASK.labels({"train": rows([["a"], ["b"]], "labels"), "test": data}, SEVERAL)

    scores = TASK.score(data, answers, labels, SEVERAL, split="test")

    gold = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    given = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]])
    values = {score.name: getattr(score.value, "number", None) for score in scores.scores}
    assert labels == ("a", "b")
    assert [list(target) for target in TASK.targets(data, labels, SEVERAL)] == [
        [1, 0],
        [0, 1],
        [0, 0],
    ]
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
        TASK.labels(splits, settings)


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
        TASK.labels({"train": unlabelled}, ONE)


def test_numbers_as_labels_become_text() -> None:
    """A label is what its cell says."""
    prepared = TASK.prepare(rows([1, 0]), "train", ONE)

    assert TASK.labels({"train": prepared}, ONE) == ("0", "1")


def test_decoding_right_logits_gives_the_gold() -> None:
    """Targets as logits come back as the right answers, with probabilities that sum to 1."""
    data = rows(["b", "a", "人"])
    labels = TASK.labels({"train": data}, ONE)
    logits = [np.eye(3)[code] * 9 for code in TASK.targets(data, labels, ONE)]

    answers = TASK.decode(data, logits, labels, ONE)

    assert answers["answer"].to_list() == TASK.gold(data, ONE) == ["b", "a", "人"]
    probabilities = np.array(answers["probabilities"].to_list())
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-15)
    assert probabilities.max() > 0.999


def test_decoding_right_logits_gives_the_gold_of_several_labels() -> None:
    """No label at all is an answer of its own, which no reader takes for an empty cell."""
    data = rows([["b", "a"], [], ["人"]], "labels")
    labels = TASK.labels({"train": data}, SEVERAL)
    logits = [target * 18 - 9 for target in TASK.targets(data, labels, SEVERAL)]

    answers = TASK.decode(data, logits, labels, SEVERAL)

    assert answers["answer"].to_list() == TASK.gold(data, SEVERAL) == ["a|b", "(none)", "人"]
    assert "probabilities" not in answers.columns
    np.testing.assert_allclose(answers["label_probabilities"].to_list()[0], expit([9, 9, -9]))


def test_large_logits_do_not_overflow() -> None:
    """Probabilities are computed in double precision from differences."""
    answers = TASK.decode(rows(["a"]), [np.array([1e4, -1e4], np.float32)], ("a", "b"), ONE)

    assert answers["probabilities"].to_list() == [[1.0, 0.0]]


def test_outputs_that_are_no_numbers_are_refused() -> None:
    """A training that went astray is said to have done so, and for which item."""
    with pytest.raises(ModelError, match=r"item 'i1' is not a number.*lower learning rate"):
        TASK.decode(rows(["a", "b"]), [np.zeros(2), np.array([np.nan, 0])], ("a", "b"), ONE)


def test_loss_is_the_mean_over_what_counts() -> None:
    """Rows of -100 change nothing, and a batch of only such rows gives 0 and not NaN."""
    logits = torch.randn(4, 3, generator=torch.manual_seed(1))
    targets = torch.tensor([0, 2, -100, 1])

    mean = TASK.loss(logits[[0, 1, 3]], targets[[0, 1, 3]], ONE)

    assert TASK.loss(logits, targets, ONE) == pytest.approx(mean.item())
    assert mean == pytest.approx(
        torch.nn.functional.cross_entropy(logits[[0, 1, 3]], targets[[0, 1, 3]]).item()
    )
    assert TASK.loss(logits[2:3], targets[2:3], ONE) == 0


def test_loss_of_several_labels_is_the_mean_of_each() -> None:
    """As torch's own binary cross-entropy with logits."""
    logits = torch.randn(4, 3, generator=torch.manual_seed(1))
    targets = (torch.randn(4, 3) > 0).float()

    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)

    assert TASK.loss(logits, targets, SEVERAL) == pytest.approx(expected.item())


def test_scores_of_several_labels_lead_with_micro_f1() -> None:
    """Three of four labels are found and none is wrong: 2 * 3 / (3 + 4)."""
    data = rows([["b", "a"], [], ["a"], ["a"]], "labels")
    answers = pl.DataFrame({"id": data["id"], "answer": ["a|b", "(none)", "a", "(none)"]})

    scores = TASK.score(data, answers, ("a", "b"), SEVERAL, split="test", notes={"cut": 3})

    values = {score.name: getattr(score.value, "number", None) for score in scores.scores}
    assert scores.headline().name == "micro_f1"
    assert values["micro_f1"] == pytest.approx(6 / 7)
    assert values["subset_accuracy"] == 0.75
    assert scores.protocol["threshold"] == 0.5
    assert scores.protocol["cut"] == 3


def test_majority_answers_with_the_shares_of_training() -> None:
    """A tie goes to the first label in code-point order."""
    data = rows(["b", "a", "b", "a"])

    answers = TASK.baselines["majority"](data, data.head(1), ("a", "b"), ONE)

    assert answers.to_dicts() == [{"id": "i0", "answer": "a", "probabilities": [0.5, 0.5]}]


def test_majority_of_several_labels_is_the_most_frequent_set() -> None:
    """It is the answer given most often, not a mixture that nobody gave."""
    data = rows([["a", "b"], ["b", "a"], ["c"]], "labels")

    answers = TASK.baselines["majority"](data, data, ("a", "b", "c"), SEVERAL)

    assert set(answers["answer"]) == {"a|b"}


@pytest.mark.parametrize(
    ("good", "bad"), [("very good food", "very bad food"), ("这个菜很好吃啊", "这个菜真难吃啊")]
)
def test_counted_words_learn_with_and_without_spaces(good: str, bad: str) -> None:
    """Chinese is cut into characters and pairs of them."""
    texts = [good, bad] * 10
    train = rows(["good", "bad"] * 10).with_columns(text=pl.Series(texts))
    test = rows(["?", "?"]).with_columns(text=pl.Series([f"{bad}!", f"{good}!"]))

    answers = TASK.baselines["tfidf"](train, test, ("bad", "good"), ONE)

    assert answers["answer"].to_list() == ["bad", "good"]
    np.testing.assert_allclose(np.sum(answers["probabilities"].to_list(), axis=1), 1)


def test_counted_words_learn_several_labels_and_pairs() -> None:
    """A label that every training row has is always answered; the second text counts too."""
    names = [["all", "red"], ["all"]] * 10
    train = rows(names, "labels", text_b=["red", "blue"] * 10)

    answers = TASK.baselines["tfidf"](train, train.head(2), ("all", "red"), SEVERAL)

    assert answers["answer"].to_list() == ["all|red", "all"]


def test_joined_labels_do_not_depend_on_their_order() -> None:
    """Equal sets are equal answers."""
    assert joined(["b", "a"]) == joined(["a", "b"]) == "a|b"
