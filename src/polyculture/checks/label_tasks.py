"""What every task that chooses among labels promises, beside the promises of ``checks.tasks``.

Example: ``for check in CHECKS: check(Case(task=load("tasks", "classification")))``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.checks.tasks import Case, without_answers
from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import DataError
from polyculture.core.run import Scores
from polyculture.core.task import Context, Inventory, Task
from polyculture.core.values import Known
from polyculture.engine.answering.read import read_rows
from polyculture.engine.opened import open_base
from polyculture.nets.batch import IGNORED
from polyculture.nets.build import open_network, open_tokenizer

SURE = 9.0
"""A logit that leaves no doubt."""
SHORT = 6
"""An input length that the toy data does not fit in."""


def with_labels(context: Context, labels: tuple[str, ...]) -> Context:
    """The same with another inventory."""
    return replace(context, inventory=Inventory(labels=labels))


def right(task: Task, rows: pl.DataFrame, context: Context) -> list[NDArray[Any]]:
    """What ``read`` gives if the model is right, and sure of it."""
    match task.output:
        case "labels":
            code = {label: number for number, label in enumerate(context.labels)}
            sure = np.eye(len(code)) * SURE
            return [sure[code[answer]] for answer in task.gold(rows, context.settings)]
        case "word_labels":
            code = {label: number for number, label in enumerate(context.labels)}
            return [np.array([code[tag] for tag in tags]) for tags in rows["tags"].to_list()]
        case other:
            msg = f"nothing is known of what is right where a task wants {other!r}"
            raise AssertionError(msg)


def nothing(task: Task, rows: pl.DataFrame) -> list[NDArray[Any]]:
    """What ``read`` gives if the model always says the first label."""
    if task.output == "labels":
        return [np.zeros(1)] * len(rows)
    return [np.zeros(len(words), dtype=np.int64) for words in rows["tokens"].to_list()]


def headline(scores: Scores) -> float:
    """The headline's number; it must be known."""
    value = scores.headline().value
    assert isinstance(value, Known), f"the headline is undefined: {value.reason}"
    return value.number


def decode_undoes_encode(case: Case) -> None:
    """What is read of a sure model comes back as the very gold, row by row."""
    task, splits, context = case.task, case.splits, case.context

    for rows in splits.values():
        answers = task.decode(rows, right(task, rows, context), context)

        assert answers["id"].equals(rows["id"])
        assert answers["answer"].to_list() == task.gold(rows, context.settings)
        assert task.grade(rows, answers, context) == [1.0] * len(rows)


def inventories_come_from_train_alone(case: Case) -> None:
    """A label that only another split has enters no inventory; one answer only is refused."""
    task, splits, settings = case.task, case.splits, case.chosen
    gold = pl.Series(task.gold(splits["train"], settings))
    narrow = splits["train"].filter(gold == gold[0])

    try:
        inventory = task.learn({**splits, "train": narrow}, settings)
    except DataError:
        return
    assert inventory == task.learn({"train": narrow}, settings)


def gold_that_training_has_not_seen_counts_as_wrong(case: Case) -> None:
    """It has no target, stays in the score with its rows, and is told in a note."""
    task, splits, context = case.task, case.splits, case.context
    rows = splits["test"]
    narrow = with_labels(context, context.labels[:1])
    whole, known = targets_of(case, rows, context.inventory, narrow.inventory)

    answers = task.decode(rows, nothing(task, rows), narrow)
    scores = task.score(rows, answers, narrow, split="test")

    for all_labels, one_label in zip(whole, known, strict=True):
        assert np.array_equal(np.where(all_labels == 0, 0, IGNORED), one_label)
    assert headline(scores) < 1
    best_answers = task.decode(rows, right(task, rows, context), context)
    best = task.score(rows, best_answers, context, split="test")
    assert support_of(case, scores) == support_of(case, best)
    assert task.remarks(splits, narrow.inventory, context.settings)
    assert not task.remarks(splits, context.inventory, context.settings)


def support_of(case: Case, scores: Scores) -> dict[str, int]:
    """How often each label is gold, by the table that has a row for each, if there is one."""
    rows = scores.rows_of(case.task.named(case.context.inventory))
    return {str(row["label"]): int(row["support"] or 0) for row in rows}


def targets_of(case: Case, rows: pl.DataFrame, *inventories: Inventory) -> list[list[NDArray[Any]]]:
    """The targets of all examples, as a small base reads them, for each inventory."""
    with TemporaryDirectory() as place:
        read = open_base(case.training(Path(place))).context
    targets = []
    for inventory in inventories:
        encoded = case.task.encode(rows, replace(read, inventory=inventory))
        targets.append([example.targets["labels"] for example in encoded.examples])
    return targets


def right_answers_have_the_best_score(case: Case) -> None:
    """Gold as answers gives 1, with every label's figures."""
    task, splits, context = case.task, case.splits, case.context
    rows = splits["test"]
    answers = task.decode(rows, right(task, rows, context), context)

    scores = task.score(rows, answers, context, split="test", notes={"told": 1})

    assert headline(scores) == 1
    assert scores.items == len(rows)
    assert {"scorer", "averaging", "seed", "rounds"} <= set(scores.protocol)
    assert scores.protocol["told"] == 1


def missing_answers_leave_all_gold_in_the_score(case: Case) -> None:
    """An answer that was not given is wrong: the score is 0, and no label's support changes."""
    task, context, rows = case.task, case.context, case.splits["test"]
    full = task.decode(rows, right(task, rows, context), context)

    scores = case.score(without_answers(full))

    assert headline(scores) == 0
    assert support_of(case, scores) == support_of(case, case.score(full))


def baselines_answer_as_the_model_does(case: Case) -> None:
    """In the order of the rows, in the form of ``decode``; something beats the majority."""
    task, splits, context = case.task, case.splits, case.context
    rows = splits["test"]
    form = task.decode(rows, right(task, rows, context), context).schema
    reached = {}
    for name, simple in task.baselines.items():
        answers = simple(splits["train"], rows, context)

        assert answers.schema == form, f"baseline {name!r}: {answers.schema} is not {form}"
        assert answers["id"].equals(rows["id"])
        if "probabilities" in form:
            sums = np.sum(answers["probabilities"].to_list(), axis=1)
            np.testing.assert_allclose(sums, 1, atol=1e-9)
        reached[name] = headline(task.score(rows, answers, context, split="test"))
    assert max(reached.values()) > reached["majority"]


def text_without_spaces_is_read(case: Case) -> None:
    """Rows without a single space have answers like others, and baselines learn from them."""
    bare = {
        name: rows.filter(~pl.col("text").str.contains(r"\s")) for name, rows in case.splits.items()
    }
    assert all(len(rows) for rows in bare.values()), "the toy data has no text without spaces"
    task, rows = case.task, bare["test"]
    context = replace(case.context, inventory=task.learn(bare, case.chosen))

    answers = task.decode(rows, right(task, rows, context), context)

    assert answers["answer"].to_list() == task.gold(rows, context.settings)
    scores: Mapping[str, float] = {
        name: headline(
            task.score(rows, simple(bare["train"], rows, context), context, split="test")
        )
        for name, simple in task.baselines.items()
    }
    assert max(scores.values()) > scores["majority"]


def truncation_is_counted(case: Case) -> None:
    """What does not fit is counted, and each row is answered against full gold all the same."""
    task, splits, context = case.task, case.splits, case.context
    rows = splits["test"]
    with TemporaryDirectory() as place:
        base = tiny_base(Path(place), "bert", splits["train"]["text"].to_list())
        network = open_network(
            base,
            labels=context.labels,
            output=task.output,
            model_class=task.model_class["encoder"],
        )
        short = replace(context, reader=open_tokenizer(base), longest=SHORT)
        encoded = task.encode(rows, short)
        read = read_rows(network, encoded, task, short)

    answers = task.decode(rows, read.rows, context)
    scores = task.score(rows, answers, context, split="test")

    assert any(f"{SHORT} tokens" in note for note in encoded.notes), "nothing was cut"
    assert answers["id"].equals(rows["id"])
    best = task.decode(rows, right(task, rows, context), context)
    whole = task.score(rows, best, context, split="test")
    assert sum(support_of(case, scores).values()) == sum(support_of(case, whole).values())


Check = Callable[[Case], None]
CHECKS: tuple[Check, ...] = (
    decode_undoes_encode,
    inventories_come_from_train_alone,
    gold_that_training_has_not_seen_counts_as_wrong,
    right_answers_have_the_best_score,
    missing_answers_leave_all_gold_in_the_score,
    baselines_answer_as_the_model_does,
)
TEXT_CHECKS: tuple[Check, ...] = (text_without_spaces_is_read, truncation_is_counted)
"""For labels of texts and of words."""
