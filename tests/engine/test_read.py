"""Rows are read whole, in batches of like size, and little is kept of them."""

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given as drawn
from hypothesis import strategies as st
from torch import Tensor

from polyculture.core import parts
from polyculture.core.errors import ModelError
from polyculture.core.task import Context, Encoded, Example, Inventory
from polyculture.engine.answering import read as reading
from polyculture.engine.answering.read import decoded, read_rows, whole_rows
from polyculture.engine.batches import cut
from polyculture.engine.devices.cpu import Cpu
from polyculture.engine.opened import open_base
from polyculture.engine.training import Training
from polyculture.nets.batch import Reading
from polyculture.tasks.spans import Spans

Begin = Callable[..., Training]

NEW = {"source": "new", "kind": "transformer", "width": 32, "layers": 2}
SHORT = {"epochs": 1, "threads": 1, "precision": "float32", "max_length": 8}
LONG = ["Ada", "\u200b", "Berg", "lives", "in", "Port", "\u200b", "Ellen"] * 4
SENTENCES = pl.DataFrame({"id": ["long", "short"], "tokens": [LONG, ["Mia", "rains"]]})


def encoded_as(rows: list[list[int]]) -> Encoded:
    """Examples of these sizes, for each row those of its windows."""
    examples = [
        Example(row=row, inputs={}, size=size) for row, sizes in enumerate(rows) for size in sizes
    ]
    return Encoded(examples=examples, rows=len(rows))


@drawn(
    st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=5), min_size=1, max_size=30),
    st.integers(1, 200),
)
def test_no_row_is_split_and_no_example_is_left_out(rows: list[list[int]], budget: int) -> None:
    """Also where one row alone is above the budget: then it is a batch of its own."""
    encoded = encoded_as(rows)

    batches = [batch.tolist() for batch in whole_rows(encoded, budget)]

    assert sorted(number for batch in batches for number in batch) == list(
        range(len(encoded.examples))
    )
    owners = [[encoded.examples[number].row for number in batch] for batch in batches]
    for batch, owner in zip(batches, owners, strict=True):
        once = list(dict.fromkeys(owner))
        assert owner == [row for row in once for _ in rows[row]], "windows stand together"
        padded = len(batch) * max(encoded.examples[number].size for number in batch)
        assert padded <= budget or len(once) == 1
    assert sum(len(set(owner)) for owner in owners) == len(rows)


@drawn(st.lists(st.integers(1, 60), max_size=60), st.integers(1, 200))
def test_rows_of_one_example_are_packed_as_sorted_examples_are(
    sizes: list[int], budget: int
) -> None:
    """The longest first, equal ones in their order: batches are those of a cut of the sorted."""
    encoded = encoded_as([[size] for size in sizes])
    order = np.argsort(-encoded.sizes, kind="stable")

    found = whole_rows(encoded, budget)

    expected = cut(order, encoded.sizes, budget)
    assert [batch.tolist() for batch in found] == [batch.tolist() for batch in expected]


@drawn(
    st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=5), min_size=1, max_size=30),
    st.integers(1, 60),
)
def test_a_batch_asks_about_no_more_tokens_than_memory_has_logits_for(
    rows: list[list[int]], most: int
) -> None:
    """Unless a single row is asked about more; no example is left out."""
    encoded = encoded_as(rows)
    asked = -(-encoded.sizes // 3)

    batches = whole_rows(encoded, 200, asked, most)

    assert sorted(number for batch in batches for number in batch) == [*range(len(asked))]
    for batch in batches:
        owners = {encoded.examples[number].row for number in batch}
        assert len(owners) == 1 or len(batch) * asked[batch].max() <= most


@pytest.mark.parametrize("task", ["classification", "spans"])
def test_what_is_kept_of_a_row_is_small(task: str, begin: Begin) -> None:
    """A text keeps a number for each label, a word its label's code; nothing is left out."""
    training = begin(task)
    opened = open_base(training)
    encoded = opened.encode(training, "valid")

    found = read_rows(opened.network, encoded, training.task, opened.context, device=Cpu(1))

    assert found.loss is None
    assert len(found.rows) == len(training.rows["valid"])
    if task == "classification":
        assert {row.shape for row in found.rows} == {(len(training.inventory.labels),)}
        return
    words = training.rows["valid"]["tokens"].list.len().to_list()
    assert [row.shape for row in found.rows] == [(count,) for count in words]
    assert {row.dtype for row in found.rows} == {np.dtype(np.int64)}


@pytest.mark.slow
def test_logits_of_words_are_gone_after_their_batch(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows there are, memory holds those of the batches that are being read."""
    monkeypatch.setattr(reading, "BUDGET", 40)
    training = begin("spans")
    opened = open_base(training)
    seen: list[weakref.ref[Tensor]] = []
    alive: list[int] = []

    def read(one: Reading, context: Context) -> list[Any]:
        alive.append(sum(logits() is not None for logits in seen))
        seen.append(weakref.ref(one.outputs["logits"]))
        return training.task.read(one, context)

    encoded = opened.encode(training, "valid")
    task = replace(training.task, read=read)
    found = read_rows(opened.network, encoded, task, opened.context, device=Cpu(1))

    gc.collect()
    assert len(found.rows) == encoded.rows
    assert len(seen) > 9
    assert max(alive) <= 1
    assert not any(logits() is not None for logits in seen)


def test_words_of_a_long_sentence_are_answered_by_their_windows(begin: Begin) -> None:
    """Each as its own window says, alone or beside others; a word without a token by none."""
    training = begin("spans", base=NEW, fit=SHORT)
    opened = open_base(training)
    network, context = opened.network, opened.context
    encoded = training.task.encode(SENTENCES, context)
    expected = [np.full(len(LONG), -1), np.full(2, -1)]

    found = read_rows(network, encoded, training.task, context)

    for example in encoded.examples:
        batch = training.task.collate([example], context)
        with torch.no_grad():
            codes = network(batch)["logits"][0].argmax(dim=1).numpy()
        words = example.places["words"]
        expected[example.row][words] = codes[: len(words)]
    assert len(encoded.examples) > 4
    assert [row.tolist() for row in found.rows] == [row.tolist() for row in expected]
    assert [place for place, code in enumerate(found.rows[0]) if code < 0] == [
        place for place, word in enumerate(LONG) if word == "\u200b"
    ]


@pytest.mark.parametrize("head", ["linear", "crf"])
def test_answers_do_not_depend_on_what_is_read_together(
    head: str, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large batches or small ones, of one thread or of two; a path runs over all windows."""
    training = begin("spans", base=NEW, fit=SHORT, head={"kind": head})
    opened = open_base(training)
    context = replace(opened.context, settings=Spans(only_legal=True))
    encoded = training.task.encode(SENTENCES, context)

    def codes(budget: int, threads: int) -> list[list[int]]:
        monkeypatch.setattr(reading, "BUDGET", budget)
        read = read_rows(opened.network, encoded, training.task, context, device=Cpu(threads))
        return [row.tolist() for row in read.rows]

    assert codes(4_096, 1) == codes(8, 1) == codes(8, 2)


def test_answers_in_another_order_are_refused() -> None:
    """They would stand beside the wrong rows, without a word."""
    task = parts.load("tasks", "classification")
    rows = pl.DataFrame({"id": ["a", "b"], "text": ["x", "y"]})
    context = Context(settings=task.settings(), inventory=Inventory(labels=("no", "yes")))
    turned = replace(task, decode=lambda *training: task.decode(*training).reverse())
    values = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]

    assert decoded(task, rows, values, context)["answer"].to_list() == ["no", "yes"]
    with pytest.raises(ModelError, match=r"the 'decode' of the task 'classification' gave 2 answ"):
        decoded(turned, rows, values, context)
