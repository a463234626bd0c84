"""What every task promises. Run these on your own; our tests run them on ours.

Each check takes a ``Case``: the task, and a small base that learns its toy data in seconds. Tasks
that choose among labels promise more: see ``checks.label_tasks``.

Example: ``for check in CHECKS: check(Case(load("tasks", "classification")))``.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import torch

from polyculture.api.shared import open_base
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.recipe import Recipe
from polyculture.core.run import Run, Scores
from polyculture.core.task import Context, Inventory, Task, pool_of
from polyculture.core.values import Known
from polyculture.engine.answering.model import Predictor, open_run
from polyculture.engine.answering.shown_rows import shown_rows
from polyculture.engine.batches import collated
from polyculture.engine.opened import open_base as open_network_of
from polyculture.engine.train import train
from polyculture.engine.training import Training
from polyculture.stats.inference.paired import better
from polyculture.store.home import home

SURE = 0.01
"""The p value below which a model counts as better than a simple method."""
CLOSE = 1e-4
"""Relative difference between a loss and the sum of its parts."""
PARTS = 3
"""Shares that a batch is cut into."""
SHOWN = 4
"""Rows that are shown."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A task, and how a small model learns its toy data in seconds."""

    task: Task
    base: Mapping[str, Any] = field(
        default_factory=lambda: {"source": "new", "kind": "transformer", "width": 64}
    )
    """The base, as a recipe has it; it is made from nothing."""
    fit: Mapping[str, Any] = field(default_factory=lambda: {"learning_rate": 2e-3, "epochs": 6})
    """Settings of ``[fit]`` beside float32 and one thread."""
    head: Mapping[str, Any] = field(default_factory=dict)
    """The head, as a recipe has it; where left out, the usual one for the task."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the task other than its own defaults."""
    adaptation: Mapping[str, Any] = field(default_factory=lambda: {"kind": "full"})
    """The adaptation, as a recipe has it."""

    @cached_property
    def chosen(self) -> Any:
        """The task's settings."""
        kind = self.task.settings.model_fields["kind"].default
        return self.task.settings.model_validate({"kind": kind, **self.settings})

    @property
    def dataset(self) -> Dataset:
        """The toy data."""
        return _made(self.task.toy, home())

    @cached_property
    def splits(self) -> dict[str, pl.DataFrame]:
        """The toy data, prepared."""
        return {
            name: self.task.prepare(rows, name, self.chosen)
            for name, rows in self.dataset.splits.items()
        }

    @cached_property
    def inventory(self) -> Inventory:
        """What the toy data teach before there is a network."""
        return self.task.learn(self.splits, self.chosen)

    @property
    def context(self) -> Context:
        """What the task may look at where there is no network."""
        pool = pool_of(self.chosen, self.splits)
        return Context(settings=self.chosen, inventory=self.inventory, pool=pool)

    def baselines(self, split: str = "test") -> dict[str, pl.DataFrame]:
        """What each simple method answers."""
        return {
            name: simple(self.splits["train"], self.splits[split], self.context)
            for name, simple in self.task.baselines.items()
        }

    def score(self, answers: pl.DataFrame, **notes: int) -> Scores:
        """The scores of some answers to the test rows."""
        rows = self.splits["test"]
        return self.task.score(rows, answers, self.context, split="test", notes=notes)

    def grades(self, answers: pl.DataFrame) -> list[float]:
        """The grades of some answers to the test rows."""
        return self.task.grade(self.splits["test"], answers, self.context)

    def training(self, place: Path) -> Training:
        """All that a training on the toy data starts from; the base is made in the folder."""
        data: Any = {"source": "table", "train": "toy.csv"}
        fit = {"precision": "float32", "threads": 1, **self.fit}
        chosen = {"task": self.chosen, "base": dict(self.base)}
        chosen |= {"adaptation": dict(self.adaptation)}
        chosen |= {"head": dict(self.head)} if self.head else {}
        recipe = Recipe.model_validate({**chosen, "data": data, "fit": fit})
        return Training(
            recipe=recipe,
            name="toy",
            fingerprint="toy",
            dataset=self.dataset,
            rows=self.splits,
            inventory=self.inventory,
            base=open_base(recipe, self.splits["train"], place / "base"),
        )


@cache
def _made(toy: Callable[[], Dataset], _: Path) -> Dataset:
    """The toy data of a task, whose clips and pictures are files below a folder; made once."""
    return toy()


def inventories_depend_on_the_rows_as_a_set(case: Case) -> None:
    """The order of rows changes nothing, and preparing twice neither."""
    turned = {name: rows.reverse() for name, rows in case.splits.items()}
    again = {name: case.task.prepare(rows, name, case.chosen) for name, rows in case.splits.items()}

    message = "learn() depends on the order of the rows"
    assert case.inventory == case.task.learn(turned, case.chosen), message
    message = "preparing prepared rows changes them"
    assert case.inventory == case.task.learn(again, case.chosen), message
    assert all(rows.equals(again[name]) for name, rows in case.splits.items()), message


def declared_columns_are_those_that_are_read(case: Case) -> None:
    """The toy data hold declared columns alone, and rows to predict go without the gold."""
    everyone = {"id", "document", "group"}
    gold = {name for name, column in case.task.columns.items() if column.is_gold}
    splits = case.task.toy().splits
    for rows in splits.values():
        undeclared = {*rows.columns} - {*case.task.columns} - everyone
        assert not undeclared, f"columns that the task does not declare: {undeclared}"
    rows = splits["test"]
    bare = rows.drop([name for name in rows.columns if name in gold])

    prepared = case.task.prepare(bare, "the input", case.chosen)

    assert prepared["id"].equals(rows["id"]), "prepare() gives other rows than it got"


def baselines_answer_every_row(case: Case) -> None:
    """In the order of the rows, and all in one form."""
    rows = case.splits["test"]
    answered = case.baselines()
    assert answered, "the task has no baseline to be held against"
    (form,) = {tuple(answers.schema.items()) for answers in answered.values()}

    for name, answers in answered.items():
        assert answers["id"].equals(rows["id"]), f"baseline {name!r} answers other rows"
        kind = answers.schema["answer"]
        assert kind == pl.String, f"answers of {name!r} are {kind}, not text"
        table = case.task.table(rows, answers, case.context)
        assert len(table) == len(rows), "table() gives other rows than it got"
    assert dict(form)["id"] == pl.String


def grades_lie_between_wrong_and_right(case: Case) -> None:
    """One a row, from 0 to 1, for the answers of every baseline; 0 where there is none."""
    rows = case.splits["test"]
    for answers in case.baselines().values():
        grades = case.grades(answers)

        assert len(grades) == len(rows), "grade() gives one number a row"
        assert all(0 <= grade <= 1 for grade in grades), f"grades lie between 0 and 1: {grades}"
        none = case.grades(without_answers(answers))
        assert none == [0.0] * len(rows), f"an answer that was not given has the grade 0: {none}"


def without_answers(answers: pl.DataFrame) -> pl.DataFrame:
    """The same rows, none of them answered."""
    return answers.select(
        "id",
        *(pl.lit(None, kind).alias(name) for name, kind in answers.schema.items() if name != "id"),
    )


def missing_answers_are_counted(case: Case) -> None:
    """An answer that was not given leaves its row in the score, and helps no score."""
    answers = max(case.baselines().values(), key=lambda candidate: sum(case.grades(candidate)))

    scores, whole = case.score(without_answers(answers)), case.score(answers)

    assert scores.items == whole.items == len(case.splits["test"])
    assert scores.protocol["missing_answers"] == len(case.splits["test"])
    headline = scores.headline()
    if isinstance(headline.value, Known):
        assert not is_better(scores, whole), "giving no answer scores better than answering"


def is_better(scores: Scores, others: Scores) -> bool:
    """Whether the headline of some scores is better than that of others; both must be known."""
    score, other = scores.headline(), others.headline()
    assert isinstance(score.value, Known), f"the headline is undefined: {score.value.reason}"
    assert isinstance(other.value, Known), f"the headline is undefined: {other.value.reason}"
    if score.higher_is_better:
        return score.value.number > other.value.number
    return score.value.number < other.value.number


def scores_can_be_computed_again_from_saved_answers(case: Case) -> None:
    """Answers from a Parquet file, in any order, give the very same record."""
    answers = next(iter(case.baselines().values()))
    file = io.BytesIO()
    answers.reverse().write_parquet(file)
    file.seek(0)

    scores = case.score(answers, told=1)

    assert case.score(pl.read_parquet(file), told=1) == scores
    assert {"scorer", "seed", "rounds"} <= set(scores.protocol)
    assert scores.protocol["told"] == 1
    assert sum(score.headline for score in scores.scores) == 1


def a_loss_is_a_sum_over_its_count(case: Case) -> None:
    """The losses of the parts of a batch add up to the loss of the whole, and so do the counts.

    More padding than a batch needs changes neither.
    """
    with TemporaryDirectory() as place:
        training = case.training(Path(place))
        opened = open_network_of(training)
        encoded = opened.encode(training, "train")
        network = opened.network.eval()

        def loss_and_count(
            numbers: np.ndarray[Any, Any], context: Context = opened.context
        ) -> tuple[float, int]:
            batch = collated(encoded, numbers, case.task, context)
            with torch.no_grad():
                loss = case.task.loss(network(batch), batch, context)
            return float(loss), batch.count

        every = np.arange(min(4 * PARTS, len(encoded.examples)))
        whole, count = loss_and_count(every)
        shares = [loss_and_count(every[start::PARTS]) for start in range(PARTS)]
        padded = loss_and_count(every, replace(opened.context, even_widths=True))

    assert count > 0, "no batch has a target: collate() has to set the count"
    message = "padding changes the loss: is what stands at tokens padded as wide as the tokens?"
    np.testing.assert_allclose(padded, (whole, count), rtol=CLOSE, err_msg=message)
    counted = sum(part for _, part in shares)
    assert counted == count, (
        f"the parts of a batch count {counted} targets, the whole {count}: does collate() count "
        "something else than targets, or does a loss join examples of one row?"
    )
    if not case.task.couples_rows:
        message = "the losses of parts do not add up: loss() is a sum over batch.count, not a mean"
        total = sum(loss for loss, _ in shares)
        np.testing.assert_allclose(total, whole, rtol=CLOSE, err_msg=message)


def examples_stand_in_the_order_of_the_rows(case: Case) -> None:
    """Every row has its examples together, each with a size; what has no gold has no target."""
    with TemporaryDirectory() as place:
        training = case.training(Path(place))
        opened = open_network_of(training)
        rows = case.splits["test"]
        encoded = case.task.encode(rows, opened.context)
        gold = [name for name in rows.columns if _is_gold(case.task, name)]
        bare = case.task.encode(rows.drop(gold), opened.context)

    numbers = [example.row for example in encoded.examples]
    assert numbers == sorted(numbers), "examples stand in the order of their rows"
    assert set(numbers) <= set(range(len(rows)))
    assert encoded.rows == len(rows)
    assert (encoded.sizes > 0).all(), "every example has a size"
    if gold:
        message = "rows without gold columns have targets"
        assert not any(example.targets for example in bare.examples), message


def _is_gold(task: Task, name: str) -> bool:
    return name in task.columns and task.columns[name].is_gold


def learns_its_toy_data_and_predicts_the_same_after_reloading(case: Case) -> None:
    """A tiny model is surely better than the weakest simple method, and so it is from disk."""
    registered = parts.load("tasks", case.chosen.kind)
    assert case.task is registered, "a training finds its task by the name of its settings"
    with TemporaryDirectory() as place:
        run = train(case.training(Path(place)), Path(place))
        folder = Path(place) / "run"
        opened = open_run(folder)
        again, _ = opened.answer(case.splits["test"])
        settled_numbers_follow_from_the_validation_rows(case, run, opened)
        saved = pl.read_parquet(folder / "predictions" / "test.parquet")

    assert run.test is not None
    message = "a run answers otherwise after it was opened again"
    assert again.equals(saved.select(again.columns)), message
    baselines = case.baselines()
    for name, answers in baselines.items():
        message = f"decode() gives {again.schema}, the baseline {name!r} {answers.schema}"
        assert again.schema == answers.schema, message
    worst = min(baselines.values(), key=lambda answers: sum(case.grades(answers)))
    reached, simple = run.test.headline().value, case.score(worst).headline().value
    message = f"a tiny model reaches {reached}, the weakest baseline {simple}"
    assert is_better(run.test, case.score(worst)), message
    p, won, lost = better(case.grades(again), case.grades(worst))
    assert isinstance(p, Known)
    assert p.number < SURE, f"{message}: p {p.number:.3f}. Give it more epochs or easier toy data"
    assert won > lost, f"{message}, but it loses {lost} rows and wins {won}: do grades fit answers?"


def settled_numbers_follow_from_the_validation_rows(
    case: Case, run: Run, opened: Predictor
) -> None:
    """In any order of the rows, from what the saved model reads; every score's protocol says so."""
    assert opened.context.inventory == run.inventory, "a reopened run knows other numbers"
    if case.task.settle is None:
        assert not run.inventory.settled
        return
    rows = case.splits["valid"]
    values, _ = opened.read(rows, "valid")

    for table, read in ((rows, values), (rows.reverse(), values[::-1])):
        again = dict(case.task.settle(table, read, opened.context))
        assert again.keys() == run.inventory.settled.keys(), f"settle() now gives {again}"
        for name, number in run.inventory.settled.items():
            message = f"settle() gave {number} for {name!r}, now {again[name]}"
            assert np.isclose(again[name], number, rtol=CLOSE, atol=CLOSE), message
    for scores in (run.valid, run.test):
        assert scores is not None
        assert ("chosen_on_valid" in scores.protocol) == bool(run.inventory.settled)


def rows_can_be_shown_as_the_model_reads_them(case: Case) -> None:
    """``train --check --show``: targets have the names, or the numbers, that outputs have."""
    with TemporaryDirectory() as place:
        opened = open_network_of(case.training(Path(place)))
        rows = case.splits["train"].head(SHOWN)
        shown = shown_rows(rows, case.task, opened.context)

    assert {row.id for row in shown} == {*rows["id"]}


Check = Callable[[Case], None]
QUICK: tuple[Check, ...] = (
    inventories_depend_on_the_rows_as_a_set,
    declared_columns_are_those_that_are_read,
    baselines_answer_every_row,
    grades_lie_between_wrong_and_right,
    missing_answers_are_counted,
    scores_can_be_computed_again_from_saved_answers,
)
CHECKS: tuple[Check, ...] = (
    *QUICK,
    a_loss_is_a_sum_over_its_count,
    examples_stand_in_the_order_of_the_rows,
    rows_can_be_shown_as_the_model_reads_them,
    learns_its_toy_data_and_predicts_the_same_after_reloading,
)
