"""What a model will see is shown as it will see it."""

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from polyculture.core import parts
from polyculture.core.task import Context, Inventory
from polyculture.engine.answering.shown_rows import UNKNOWN, shown_rows
from polyculture.engine.opened import open_base
from polyculture.engine.training import Training
from polyculture.tasks.spans import Spans

Begin = Callable[..., Training]


def test_a_text_is_shown_with_its_tokens_its_label_and_what_is_cut(begin: Begin) -> None:
    """The tokens are those of the examples that are trained on."""
    training = begin()
    context = replace(open_base(training).context, longest=5)
    rows = training.rows["train"].head(20)
    encoded = training.task.encode(rows, context)

    shown = shown_rows(rows, training.task, context)

    reader = context.reader
    assert [reader.convert_tokens_to_ids(list(row.tokens)) for row in shown] == [
        example.inputs["input_ids"].tolist() for example in encoded.examples
    ]
    assert [row.targets for row in shown] == [(label,) for label in rows["label"]]
    assert [row.text for row in shown] == rows["text"].to_list()
    assert any("cut at 5 tokens" in note for row in shown for note in row.notes)


def test_words_stand_beside_the_token_that_answers_for_them(begin: Begin) -> None:
    """Each word once, in whichever window it is answered."""
    training = begin("spans", fit={"max_length": 8})
    rows = training.rows["train"].head(30)

    shown = shown_rows(rows, training.task, open_base(training).context)

    tags = [target.partition(" → ")[2] for row in shown for target in row.targets]
    assert tags == [tag for tags in rows["tags"] for tag in tags]
    assert len(shown) > len(rows)


def test_a_sentence_is_shown_among_its_neighbours(begin: Begin) -> None:
    """Where the task reads what stands around it in its document, also behind what is shown."""
    training = begin("spans", fit={"max_length": 64})
    task = training.task
    settings = Spans(context="document", context_tokens=8)
    context = replace(open_base(training).context, settings=settings)
    rows = training.rows["train"].head(12)
    rows = rows.with_columns(document=pl.Series([f"d{n % 2}" for n in range(len(rows))]))
    encoded = task.encode(rows, context)

    shown = shown_rows(rows, task, context, first=3)

    reader = context.reader
    assert [reader.convert_tokens_to_ids(list(row.tokens)) for row in shown] == [
        example.inputs["input_ids"].tolist() for example in encoded.examples[:3]
    ]
    assert [row.id for row in shown] == rows["id"].head(3).to_list()


@pytest.mark.parametrize(("label", "told"), [("bad", ("bad",)), ("new", (UNKNOWN,))])
def test_counted_terms_are_shown_where_there_is_no_tokenizer(
    label: str, told: tuple[str, ...]
) -> None:
    """And a label that training does not have is said to be none."""
    task = parts.load("tasks", "classification")
    inventory = Inventory(labels=("bad", "good"))
    context = Context(settings=task.settings(), inventory=inventory)
    rows = pl.DataFrame({"id": ["1"], "text": ["Good 好看吗"], "label": [label]})

    (row,) = shown_rows(rows, task, context)

    assert row.tokens[:4] == ("good", "好", "看", "吗")
    assert row.targets == told
