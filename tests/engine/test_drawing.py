"""What a task draws depends on the training's seed, the step and the example, on nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from polyculture.core.task import Context, Encoded, Example, Task
from polyculture.engine.answering.shown_rows import shown_rows
from polyculture.engine.batches import collated
from polyculture.engine.opened import Opened, open_base
from polyculture.engine.prepare import notes_on, prepare_training
from polyculture.engine.training import Training
from polyculture.nets.batch import Batch

Begin = Callable[..., Training]


def without_a_token(example: Example, _: Context, rng: np.random.Generator) -> Example:
    """Drops any token."""
    tokens = example.inputs["input_ids"]
    left = np.delete(tokens, rng.integers(len(tokens)))
    return replace(example, inputs={"input_ids": left}, size=len(left))


@pytest.fixture
def training(begin: Begin) -> Training:
    return begin()


@pytest.fixture
def opened(training: Training) -> Opened:
    return open_base(training)


@pytest.fixture
def task(training: Training) -> Task:
    return replace(training.task, draw=without_a_token)


@pytest.fixture
def encoded(training: Training, opened: Opened) -> Encoded:
    return training.task.encode(training.rows["train"], opened.context)


def read(
    encoded: Encoded, numbers: list[int], task: Task, context: Context, *chance: int
) -> dict[int, list[int]]:
    """The tokens of some examples, as a batch of them holds them."""
    batch = collated(encoded, np.array(numbers), task, context, chance=chance)
    found = batch.inputs["input_ids"].tolist()
    there = batch.inputs["attention_mask"].sum(dim=1).tolist()
    return {n: row[:length] for n, row, length in zip(numbers, found, there, strict=True)}


def test_threads_that_share_a_batch_draw_what_one_thread_draws(
    encoded: Encoded, task: Task, opened: Opened
) -> None:
    """An example is drawn the same in whichever part of the batch it lies."""
    whole = read(encoded, [*range(12)], task, opened.context, 3, 7)

    parts = [read(encoded, [*range(k, 12, 3)], task, opened.context, 3, 7) for k in range(3)]

    assert {n: tokens for part in parts for n, tokens in part.items()} == whole


def test_another_step_and_another_seed_draw_anew(
    encoded: Encoded, task: Task, opened: Opened
) -> None:
    """Else a training would see the same masks again and again."""
    drawn = [
        read(encoded, [*range(12)], task, opened.context, *chance)
        for chance in ((3, 7), (3, 8), (4, 7))
    ]

    assert drawn[0] != drawn[1] != drawn[2] != drawn[0]


def test_a_row_that_is_only_read_is_drawn_the_same_among_any_rows(
    training: Training, task: Task, opened: Opened
) -> None:
    """So an answer to a text does not depend on the file that it stands in."""
    rows = training.rows["train"].head(12)
    turned = task.encode(rows.reverse(), opened.context)

    there = read(task.encode(rows, opened.context), [*range(12)], task, opened.context)
    back = read(turned, [*range(12)], task, opened.context)

    assert there == {11 - n: tokens for n, tokens in back.items()}


def test_a_row_is_shown_as_it_may_be_drawn(training: Training, task: Task, opened: Opened) -> None:
    """What the model will see, and not what it is made from."""
    rows = training.rows["train"].head(3)

    plain = shown_rows(rows, training.task, opened.context)
    shown = shown_rows(rows, task, opened.context)

    assert [len(row.tokens) for row in shown] == [len(row.tokens) - 1 for row in plain]


def test_a_head_that_is_kept_moves_at_the_rate_of_its_base(begin: Begin) -> None:
    """The faster rate is for heads that start from nothing."""
    new = prepare_training(begin(fit={"threads": 1, "precision": "float32"}), None)
    assert new.chosen.head_learning_rate
    assert new.chosen.head_learning_rate > new.chosen.learning_rate


def test_a_frozen_base_whose_outputs_are_not_kept_is_told(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen base is expected to be quick, so it is said where it is not."""
    training = begin(adaptation="head_only")
    opened = open_base(training)
    encoded = {"train": opened.encode(training, "train")}
    assert not any("outputs cannot be kept" in note for note in notes_on(training, opened, encoded))

    drawing = replace(training.task, draw=without_a_token)
    monkeypatch.setattr(Training, "task", property(lambda _: drawing))

    assert (
        "The frozen base runs at every step: what is read is drawn anew each time, so that its "
        "outputs cannot be kept."
    ) in notes_on(training, opened, encoded)


def test_a_frozen_base_that_sees_several_rows_of_each_example_is_read_at_every_step(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row of features for each example could not hold them."""
    training = begin(adaptation="head_only")
    opened = open_base(training)
    encoded = {"train": opened.encode(training, "train")}
    usual = training.task.collate

    def twice(examples: Sequence[Example], context: Context) -> Batch:
        return usual([one for one in examples for _ in range(2)], context)

    several = replace(training.task, collate=twice)
    monkeypatch.setattr(Training, "task", property(lambda _: several))

    assert (
        "The frozen base runs at every step: an example is several rows of the network, so that "
        "its outputs cannot be kept."
    ) in notes_on(training, opened, encoded)
