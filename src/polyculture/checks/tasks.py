"""What every task promises. Run these on your own; our tests run them on ours.

Each check takes the task, and works on its toy data with its default settings.

Example: ``for check in CHECKS: check(load("tasks", "classification"))``.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import DataError
from polyculture.core.recipe import Recipe
from polyculture.core.run import Scores
from polyculture.core.task import Context, Inventory, Task
from polyculture.core.values import Known
from polyculture.engine.ingredients import Ingredients
from polyculture.engine.model import open_run
from polyculture.engine.read import read_rows
from polyculture.engine.train import train
from polyculture.nets.batch import IGNORED
from polyculture.nets.build import open_network, open_tokenizer
from polyculture.sources.bases.new import New, open_base

SURE = 9.0
"""A logit that leaves no doubt."""
SHORT = 6
"""An input length that the toy data does not fit in."""
LONG = 64
"""An input length that all of it fits in."""


def splits_of(task: Task) -> dict[str, pl.DataFrame]:
    """The toy data, prepared."""
    data = task.toy()
    return {name: task.prepare(rows, name, task.settings()) for name, rows in data.splits.items()}


def context_of(task: Task, splits: Mapping[str, pl.DataFrame]) -> Context:
    """Default settings, and what is learnt of the toy data."""
    settings = task.settings()
    return Context(settings=settings, inventory=task.learn(splits, settings))


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


def decode_undoes_encode(task: Task) -> None:
    """What is read of a sure model comes back as the very gold, row by row."""
    splits = splits_of(task)
    context = context_of(task, splits)

    for rows in splits.values():
        answers = task.decode(rows, right(task, rows, context), context)

        assert answers["id"].equals(rows["id"])
        assert answers["answer"].to_list() == task.gold(rows, context.settings)
        assert task.grade(rows, answers, context) == [1.0] * len(rows)


def inventories_depend_on_the_rows_as_a_set(task: Task) -> None:
    """The order of rows changes nothing, and preparing twice neither."""
    splits, settings = splits_of(task), task.settings()
    turned = {name: rows.reverse() for name, rows in splits.items()}

    inventory = task.learn(splits, settings)

    assert inventory == task.learn(turned, settings)
    again = {name: task.prepare(rows, name, settings) for name, rows in splits.items()}
    assert inventory == task.learn(again, settings)


def inventories_come_from_train_alone(task: Task) -> None:
    """A label that only another split has enters no inventory; one answer only is refused."""
    splits, settings = splits_of(task), task.settings()
    gold = pl.Series(task.gold(splits["train"], settings))
    narrow = splits["train"].filter(gold == gold[0])

    try:
        inventory = task.learn({**splits, "train": narrow}, settings)
    except DataError:
        return
    assert inventory == task.learn({"train": narrow}, settings)


def gold_that_training_has_not_seen_counts_as_wrong(task: Task) -> None:
    """It has no target, stays in the score with its rows, and is told in a note."""
    splits = splits_of(task)
    context, rows = context_of(task, splits), splits["test"]
    narrow = with_labels(context, context.labels[:1])
    whole, known = (targets_of(task, rows, one) for one in (context, narrow))

    answers = task.decode(rows, nothing(task, rows), narrow)
    scores = task.score(rows, answers, narrow, split="test")

    for all_labels, one_label in zip(whole, known, strict=True):
        assert np.array_equal(np.where(all_labels == 0, 0, IGNORED), one_label)
    assert headline(scores) < 1
    best_answers = task.decode(rows, right(task, rows, context), context)
    best = task.score(rows, best_answers, context, split="test")
    supports = [{row["label"]: row["support"] for row in s.table} for s in (scores, best)]
    assert supports[0] == supports[1]
    assert task.remarks(splits, narrow.inventory, context.settings)
    assert not task.remarks(splits, context.inventory, context.settings)


def targets_of(task: Task, rows: pl.DataFrame, context: Context) -> list[NDArray[Any]]:
    """The targets of all examples, as a small base reads them."""
    with TemporaryDirectory() as place:
        base = tiny_base(Path(place), "bert", rows["text"].to_list())
        read = replace(context, reader=open_tokenizer(base), longest=LONG)
        return [example.targets["labels"] for example in task.encode(rows, read).examples]


def right_answers_have_the_best_score(task: Task) -> None:
    """Gold as answers gives 1, with every label's figures."""
    splits = splits_of(task)
    context, rows = context_of(task, splits), splits["test"]
    answers = task.decode(rows, right(task, rows, context), context)

    scores = task.score(rows, answers, context, split="test", notes={"told": 1})

    assert headline(scores) == 1
    assert scores.items == len(rows)
    assert {"scorer", "averaging", "seed", "rounds"} <= set(scores.protocol)
    assert scores.protocol["told"] == 1


def missing_answers_are_wrong_and_counted(task: Task) -> None:
    """An answer that was not given leaves all gold in the score."""
    splits = splits_of(task)
    context, rows = context_of(task, splits), splits["test"]
    full = task.decode(rows, right(task, rows, context), context)
    none = full.select("id", answer=pl.lit(None, pl.String))

    scores = task.score(rows, none, context, split="test")

    assert headline(scores) == 0
    assert task.grade(rows, none, context) == [0.0] * len(rows)
    assert scores.protocol["missing_answers"] == len(rows)
    whole = task.score(rows, full, context, split="test")
    supports = [[row["support"] for row in s.table] for s in (scores, whole)]
    assert supports[0] == supports[1]


def scores_can_be_computed_again_from_saved_answers(task: Task) -> None:
    """Answers from a Parquet file, in any order, give the very same record."""
    splits = splits_of(task)
    context, rows = context_of(task, splits), splits["test"]
    answers = next(iter(task.baselines.values()))(splits["train"], rows, context)
    file = io.BytesIO()
    answers.reverse().write_parquet(file)
    file.seek(0)

    again = task.score(rows, pl.read_parquet(file), context, split="test")

    assert again == task.score(rows, answers, context, split="test")


def baselines_answer_every_row(task: Task) -> None:
    """In the order of the rows, in the form of ``decode``; something beats the majority."""
    splits = splits_of(task)
    context, rows = context_of(task, splits), splits["test"]
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


def grades_lie_between_wrong_and_right(task: Task) -> None:
    """One a row, from 0 to 1, for the answers of every baseline."""
    splits = splits_of(task)
    context, rows = context_of(task, splits), splits["test"]
    for simple in task.baselines.values():
        grades = task.grade(rows, simple(splits["train"], rows, context), context)

        assert len(grades) == len(rows)
        assert all(0 <= grade <= 1 for grade in grades)


def text_without_spaces_is_read(task: Task) -> None:
    """Rows without a single space have answers like others, and baselines learn from them."""
    bare = {
        name: rows.filter(~pl.col("text").str.contains(r"\s"))
        for name, rows in splits_of(task).items()
    }
    assert all(len(rows) for rows in bare.values()), "the toy data has no text without spaces"
    context, rows = context_of(task, bare), bare["test"]

    answers = task.decode(rows, right(task, rows, context), context)

    assert answers["answer"].to_list() == task.gold(rows, context.settings)
    scores: Mapping[str, float] = {
        name: headline(
            task.score(rows, simple(bare["train"], rows, context), context, split="test")
        )
        for name, simple in task.baselines.items()
    }
    assert max(scores.values()) > scores["majority"]


def truncation_is_counted(task: Task) -> None:
    """What does not fit is counted, and each row is answered against full gold all the same."""
    splits = splits_of(task)
    context, rows = context_of(task, splits), splits["test"]
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
    supports = [sum(int(row["support"] or 0) for row in s.table) for s in (scores, whole)]
    assert supports[0] == supports[1]


def learns_its_toy_data_and_predicts_the_same_after_reloading(task: Task) -> None:
    """A tiny model made from nothing beats the majority for sure, and so it does from disk."""
    splits, settings = splits_of(task), task.settings()
    data: Any = {"source": "table", "train": "toy.csv"}
    recipe = Recipe.model_validate(
        {
            "task": settings,
            "base": {"source": "new", "kind": "transformer", "width": 64},
            "data": data,
            "fit": {"learning_rate": 2e-3, "epochs": 6, "precision": "float32", "threads": 1},
        }
    )
    with TemporaryDirectory() as place:
        base, folder = Path(place) / "base", Path(place) / "run"
        base.mkdir()
        texts = [[text] for text in splits["train"]["text"]]
        given = Ingredients(
            recipe=recipe,
            name="toy",
            fingerprint="toy",
            dataset=task.toy(),
            rows=splits,
            inventory=task.learn(splits, settings),
            base=open_base(New(kind="transformer", width=64), texts, base, 1),
        )

        run = train(given, Path(place))
        again, _ = open_run(folder).answer(splits["test"])
        saved = pl.read_parquet(folder / "predictions" / "test.parquet")

    assert run.test is not None
    majority = next(b for b in run.baselines if b.name == "majority")
    assert headline(run.test) > headline(majority.scores)
    assert isinstance(majority.better, Known)
    assert majority.better.number < 0.01  # noqa: PLR2004  # no accident
    assert again.equals(saved.select(again.columns))


Check = Callable[[Task], None]
QUICK: tuple[Check, ...] = (
    decode_undoes_encode,
    inventories_depend_on_the_rows_as_a_set,
    inventories_come_from_train_alone,
    gold_that_training_has_not_seen_counts_as_wrong,
    right_answers_have_the_best_score,
    missing_answers_are_wrong_and_counted,
    scores_can_be_computed_again_from_saved_answers,
    baselines_answer_every_row,
    grades_lie_between_wrong_and_right,
    text_without_spaces_is_read,
    truncation_is_counted,
)
CHECKS: tuple[Check, ...] = (*QUICK, learns_its_toy_data_and_predicts_the_same_after_reloading)
