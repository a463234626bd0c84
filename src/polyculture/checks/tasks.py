"""What every task promises. Run these on your own; our tests run them on ours.

Each check takes the task, and works on its toy data with its default settings.

Example: ``for check in CHECKS: check(load("tasks", "classification"))``.
"""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import DataError
from polyculture.core.plugins import Task
from polyculture.core.recipe import Recipe
from polyculture.core.run import Scores
from polyculture.core.values import Known
from polyculture.engine.encode import encode
from polyculture.engine.ingredients import Ingredients
from polyculture.engine.predict import open_run, read_rows, word_counts
from polyculture.engine.train import train
from polyculture.nets.build import open_network, open_tokenizer
from polyculture.sources.bases.new import New, open_base

SURE = 9.0
"""A logit that leaves no doubt."""
UNSEEN = -100
"""The target of a label that is not in the inventory."""
SHORT = 6
"""An input length that the toy data does not fit in."""


def splits_of(task: Task) -> dict[str, pl.DataFrame]:
    """The toy data, prepared."""
    data = task.toy()
    return {name: task.prepare(rows, name, task.settings()) for name, rows in data.splits.items()}


def right_logits(task: Task, rows: pl.DataFrame, labels: tuple[str, ...]) -> list[NDArray[Any]]:
    """Logits of a model that is right and sure of it."""
    targets = task.targets(rows, labels, task.settings())
    return [
        target * 2 * SURE - SURE
        if target.dtype == np.float32
        else np.eye(len(labels))[target] * SURE
        for target in targets
    ]


def headline(scores: Scores) -> float:
    """The headline's number; it must be known."""
    value = scores.headline().value
    assert isinstance(value, Known), f"the headline is undefined: {value.reason}"
    return value.number


def decode_undoes_encode(task: Task) -> None:
    """Targets as logits come back as the very gold, row by row."""
    splits, settings = splits_of(task), task.settings()
    labels = task.labels(splits, settings)

    for rows in splits.values():
        answers = task.decode(rows, right_logits(task, rows, labels), labels, settings)

        assert answers["id"].equals(rows["id"])
        assert answers["answer"].to_list() == task.gold(rows, settings)


def labels_depend_on_the_rows_as_a_set(task: Task) -> None:
    """The order of rows changes nothing, and preparing twice neither."""
    splits, settings = splits_of(task), task.settings()
    turned = {name: rows.reverse() for name, rows in splits.items()}

    labels = task.labels(splits, settings)

    assert labels == task.labels(turned, settings)
    again = {name: task.prepare(rows, name, settings) for name, rows in splits.items()}
    assert labels == task.labels(again, settings)


def labels_come_from_train_alone(task: Task) -> None:
    """A label that only another split has enters no inventory; one answer only is refused."""
    splits, settings = splits_of(task), task.settings()
    gold = pl.Series(task.gold(splits["train"], settings))
    narrow = splits["train"].filter(gold == gold[0])

    try:
        inventory = task.labels({**splits, "train": narrow}, settings)
    except DataError:
        return
    assert inventory == task.labels({"train": narrow}, settings)


def gold_that_training_has_not_seen_counts_as_wrong(task: Task) -> None:
    """It has no target, stays in the score with its rows, and is told in a note."""
    splits, settings = splits_of(task), task.settings()
    everything = task.labels(splits, settings)
    labels, rows = everything[:1], splits["test"]
    whole = task.targets(rows, everything, settings)

    known = task.targets(rows, labels, settings)
    answers = task.decode(
        rows, [np.zeros((*target.shape, 1)) for target in known], labels, settings
    )
    scores = task.score(rows, answers, labels, settings, split="test")

    for all_labels, one_label in zip(whole, known, strict=True):
        assert np.array_equal(np.where(all_labels == 0, 0, UNSEEN), one_label)
    assert headline(scores) < 1
    right = task.decode(rows, right_logits(task, rows, everything), everything, settings)
    best = task.score(rows, right, everything, settings, split="test")
    supports = [{row["label"]: row["support"] for row in s.table} for s in (scores, best)]
    assert supports[0] == supports[1]
    assert task.unseen(splits, labels, settings)
    assert not task.unseen(splits, everything, settings)


def right_answers_have_the_best_score(task: Task) -> None:
    """Gold as answers gives 1, with every label's figures."""
    splits, settings = splits_of(task), task.settings()
    labels = task.labels(splits, settings)
    rows = splits["test"]
    answers = task.decode(rows, right_logits(task, rows, labels), labels, settings)

    scores = task.score(rows, answers, labels, settings, split="test", notes={"told": 1})

    assert headline(scores) == 1
    assert scores.items == len(rows)
    assert {"scorer", "averaging", "seed", "rounds"} <= set(scores.protocol)
    assert scores.protocol["told"] == 1


def missing_answers_are_wrong_and_counted(task: Task) -> None:
    """An answer that was not given leaves all gold in the score."""
    splits, settings = splits_of(task), task.settings()
    labels = task.labels(splits, settings)
    rows = splits["test"]
    full = task.decode(rows, right_logits(task, rows, labels), labels, settings)
    none = full.select("id", answer=pl.lit(None, pl.String))

    scores = task.score(rows, none, labels, settings, split="test")

    assert headline(scores) == 0
    assert scores.protocol["missing_answers"] == len(rows)
    whole = task.score(rows, full, labels, settings, split="test")
    supports = [[row["support"] for row in s.table] for s in (scores, whole)]
    assert supports[0] == supports[1]


def scores_can_be_computed_again_from_saved_answers(task: Task) -> None:
    """Answers from a Parquet file, in any order, give the very same record."""
    splits, settings = splits_of(task), task.settings()
    labels = task.labels(splits, settings)
    rows = splits["test"]
    answers = next(iter(task.baselines.values()))(splits["train"], rows, labels, settings)
    file = io.BytesIO()
    answers.reverse().write_parquet(file)
    file.seek(0)

    again = task.score(rows, pl.read_parquet(file), labels, settings, split="test")

    assert again == task.score(rows, answers, labels, settings, split="test")


def baselines_answer_every_row(task: Task) -> None:
    """In the order of the rows, in the form of ``decode``; something beats the majority."""
    splits, settings = splits_of(task), task.settings()
    labels = task.labels(splits, settings)
    rows = splits["test"]
    form = task.decode(rows, right_logits(task, rows, labels), labels, settings).schema
    reached = {}
    for name, simple in task.baselines.items():
        answers = simple(splits["train"], rows, labels, settings)

        assert answers.schema == form, f"baseline {name!r}: {answers.schema} is not {form}"
        assert answers["id"].equals(rows["id"])
        if "probabilities" in form:
            sums = np.sum(answers["probabilities"].to_list(), axis=1)
            np.testing.assert_allclose(sums, 1, atol=1e-9)
        reached[name] = headline(task.score(rows, answers, labels, settings, split="test"))
    assert max(reached.values()) > reached["majority"]


def text_without_spaces_is_read(task: Task) -> None:
    """Rows without a single space have answers like others, and baselines learn from them."""
    settings = task.settings()
    bare = {
        name: rows.filter(~pl.col("text").str.contains(r"\s"))
        for name, rows in splits_of(task).items()
    }
    assert all(len(rows) for rows in bare.values()), "the toy data has no text without spaces"
    labels = task.labels(bare, settings)
    rows = bare["test"]

    answers = task.decode(rows, right_logits(task, rows, labels), labels, settings)

    assert answers["answer"].to_list() == task.gold(rows, settings)
    scores: Mapping[str, float] = {
        name: headline(
            task.score(
                rows, simple(bare["train"], rows, labels, settings), labels, settings, split="test"
            )
        )
        for name, simple in task.baselines.items()
    }
    assert max(scores.values()) > scores["majority"]


def truncation_is_counted(task: Task) -> None:
    """What does not fit is counted, and each row is answered against full gold all the same."""
    splits, settings = splits_of(task), task.settings()
    labels = task.labels(splits, settings)
    rows = splits["test"]
    with TemporaryDirectory() as place:
        base = tiny_base(Path(place), "bert", splits["train"]["text"].to_list())
        tokenizer = open_tokenizer(base)
        network = open_network(base, labels=labels, level=task.level, model_class=task.model_class)
        encoded = encode(rows, tokenizer, level=task.level, max_length=SHORT, spaces="as_in_text")
        outputs = read_rows(
            network,
            encoded,
            words=word_counts(rows, task),
            padding=tokenizer.pad_token_id,
            allowed=task.allowed(labels, settings),
        )

    answers = task.decode(rows, outputs.logits, labels, settings, paths=outputs.paths)
    scores = task.score(rows, answers, labels, settings, split="test")

    assert encoded.cut_texts + encoded.windowed > 0, "nothing was cut, so nothing was checked"
    assert answers["id"].equals(rows["id"])
    right = task.decode(rows, right_logits(task, rows, labels), labels, settings)
    whole = task.score(rows, right, labels, settings, split="test")
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
            labels=task.labels(splits, settings),
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
    labels_depend_on_the_rows_as_a_set,
    labels_come_from_train_alone,
    gold_that_training_has_not_seen_counts_as_wrong,
    right_answers_have_the_best_score,
    missing_answers_are_wrong_and_counted,
    scores_can_be_computed_again_from_saved_answers,
    baselines_answer_every_row,
    text_without_spaces_is_read,
    truncation_is_counted,
)
CHECKS: tuple[Check, ...] = (*QUICK, learns_its_toy_data_and_predicts_the_same_after_reloading)
