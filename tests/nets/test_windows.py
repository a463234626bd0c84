"""Long texts are read in overlapping windows, each a share of its row."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import RowError
from polyculture.core.task import Context, Encoded, Inventory
from polyculture.engine.answering.read import read_rows
from polyculture.engine.batches import collated
from polyculture.nets.build import open_network, open_tokenizer
from polyculture.nets.network import Network
from polyculture.tasks.classification import PLUGIN as TASK
from polyculture.tasks.classification import Classification

WORDS = ["the", "meal", "was", "good", "and", "the", "film", "was", "bad", "so", "we", "left"]
TEXTS = ["good", " ".join(WORDS * 3), "", "这个菜很好吃啊" * 5, "bad 🙂 film", " ".join(WORDS)]
LABELS = ("bad", "good")
LONGEST = 12


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base"), "bert", [*TEXTS, *WORDS])


@pytest.fixture(scope="module")
def network(base: Path) -> Network:
    model = "AutoModelForSequenceClassification"
    return open_network(base, labels=LABELS, output="labels", model_class=model)


def known(base: Path, **settings: Any) -> Context:
    chosen = Classification(**{"long_texts": "windows", **settings})
    reader = open_tokenizer(base)
    inventory = Inventory(labels=LABELS)
    return Context(settings=chosen, inventory=inventory, reader=reader, longest=LONGEST)


def rows(texts: list[str] = TEXTS) -> pl.DataFrame:
    labels = [LABELS[n % 2] for n in range(len(texts))]
    return pl.DataFrame({"id": [str(n) for n in range(len(texts))], "text": texts, "label": labels})


def tokens(encoded: Encoded, row: int) -> list[list[int]]:
    return [e.inputs["input_ids"].tolist() for e in encoded.examples if e.row == row]


def test_windows_hold_every_token_and_overlap(base: Path) -> None:
    """Put together without what they share, they are the tokens of the whole text."""
    context = known(base)
    encoded = TASK.encode(rows(), context)

    whole = context.reader(TEXTS[1], add_special_tokens=False)["input_ids"]
    windows = [ids[1:-1] for ids in tokens(encoded, 1)]  # without [CLS] and [SEP]
    shared = (LONGEST - 2) // 4
    joined = windows[0] + [x for window in windows[1:] for x in window[shared:]]
    assert len(windows) > 2
    assert joined == whole
    assert max(e.size for e in encoded.examples) <= LONGEST


def test_windows_are_counted_and_nothing_is_cut(base: Path) -> None:
    """In the note and in the protocol; a short text is read as ever."""
    encoded = TASK.encode(rows(), known(base))
    short = TASK.encode(rows(["good", ""]), known(base))
    cut = TASK.encode(rows(["good", ""]), known(base, long_texts="cut"))

    several = [n for n in range(len(TEXTS)) if len(tokens(encoded, n)) > 1]
    windows = sum(len(tokens(encoded, n)) for n in several)
    assert encoded.protocol == {
        "cut_texts": 0,
        "windowed_texts": len(several),
        "windows": windows,
    }
    assert encoded.notes[0] == (
        f"{len(several)} of 6 texts are longer than 12 tokens and were read in {windows} "
        "overlapping windows; nothing was cut."
    )
    assert [tokens(short, n) for n in (0, 1)] == [tokens(cut, n) for n in (0, 1)]


def test_a_row_counts_once_in_the_loss_however_many_windows_it_has(
    base: Path, network: Network
) -> None:
    """The loss of a row is the mean over its windows."""
    context = known(base)
    encoded = TASK.encode(rows(), context)
    network.eval()
    total = 0.0
    for row in range(len(TEXTS)):
        numbers = np.array([n for n, e in enumerate(encoded.examples) if e.row == row])
        batch = collated(encoded, numbers, TASK, context)
        with torch.no_grad():
            outputs = network(batch)
            losses = torch.nn.functional.cross_entropy(outputs["logits"], batch.targets["labels"])
            total += losses.item()
            assert TASK.loss(outputs, batch, context).item() == pytest.approx(
                losses.item(), abs=1e-5
            )
    every = collated(encoded, np.arange(len(encoded.examples)), TASK, context)
    with torch.no_grad():
        whole = TASK.loss(network(every), every, context).item()
    assert whole == pytest.approx(total, rel=1e-4)
    read = read_rows(network, encoded, TASK, context, loss_of=lambda o, b: TASK.loss(o, b, context))
    assert read.loss == pytest.approx(total / len(TEXTS), rel=1e-4)


def test_a_row_is_answered_by_the_mean_of_its_windows_in_any_batch(
    base: Path, network: Network
) -> None:
    """Alone or among others, the logits are the same."""
    context = known(base)
    data = rows().drop("label")
    encoded = TASK.encode(data, context)

    together = read_rows(network, encoded, TASK, context).rows
    for row in range(len(data)):
        alone = TASK.encode(data[row : row + 1], context)
        (logits,) = read_rows(network, alone, TASK, context).rows
        each = [
            read_rows(
                network,
                replace(alone, examples=[replace(example, row=0)]),
                TASK,
                context,
            ).rows[0]
            for example in alone.examples
        ]

        np.testing.assert_allclose(together[row], logits, atol=1e-5)
        np.testing.assert_allclose(logits, np.mean(each, axis=0), atol=1e-5)


def test_pairs_are_not_read_in_windows(base: Path) -> None:
    """A window would hold half of the question."""
    pairs = rows(["a"]).with_columns(text_b=pl.lit("b"))

    with pytest.raises(
        RowError, match=r"pairs of texts are not read in windows.*long_texts = 'cut'"
    ):
        TASK.encode(pairs, known(base))
