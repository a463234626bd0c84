"""The small convolutional text model: padding never leaks, and it comes back from disk."""

from pathlib import Path

import pytest
import torch

from polyculture.checks.adaptations import open_small
from polyculture.core.errors import ModelError
from polyculture.nets.batch import Batch
from polyculture.nets.bodies.convolutional import ConvolutionalText, initialise
from polyculture.nets.build import load_head, open_network, open_tokenizer, save_network
from polyculture.nets.layers import LinearHead
from polyculture.nets.network import Network
from polyculture.sources.bases.new import New, open_base

TEXTS = [["Ada Berg lives in Oslo today"], ["今天很好"]] * 5


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A convolutional base made from a few texts."""
    folder = tmp_path / "base"
    folder.mkdir()
    made = open_base(New(kind="convolutional", width=32), TEXTS, folder, 1)
    assert made.folder == folder
    return folder


def batch_of(*rows: list[int]) -> Batch:
    longest = max(len(row) for row in rows)
    return Batch(
        inputs={
            "input_ids": torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows]),
            "attention_mask": torch.tensor(
                [[*[1] * len(row), *[0] * (longest - len(row))] for row in rows]
            ),
        }
    )


def with_head(folder: Path) -> Network:
    return open_small(folder, "labels", lambda w, n, d: LinearHead(w, n, dropout=d)).eval()


def test_a_short_text_reads_the_same_beside_a_long_one(base: Path) -> None:
    """Padding is zeroed before each convolution."""
    network = with_head(base)

    alone = network(batch_of([5, 6, 7]))["logits"]
    beside = network(batch_of([5, 6, 7], [8, 9, 10, 11, 12, 13, 14, 15]))["logits"]

    torch.testing.assert_close(alone[0], beside[0], atol=1e-6, rtol=1e-5)


def test_order_of_words_matters() -> None:
    """It is more than a bag of words."""
    model = ConvolutionalText(vocabulary=20, width=8, layers=2).eval()
    initialise(model, 1)
    mask = torch.ones(1, 4, dtype=torch.int64)

    there = model(input_ids=torch.tensor([[3, 4, 5, 6]]), attention_mask=mask)[0].mean(dim=1)
    back = model(input_ids=torch.tensor([[6, 5, 4, 3]]), attention_mask=mask)[0].mean(dim=1)

    assert not torch.allclose(there, back, atol=1e-3)


def test_a_saved_network_gives_equal_outputs(base: Path, tmp_path: Path) -> None:
    """Body, head and tokenizer come back as they were."""
    network = with_head(base)
    save_network(network, open_tokenizer(base), tmp_path / "saved")

    again = with_head(tmp_path / "saved")
    load_head(again, tmp_path / "saved")

    batch = batch_of([5, 6, 7], [8, 9])
    assert torch.equal(network(batch)["logits"], again(batch)["logits"])


def test_there_is_no_standard_head(base: Path) -> None:
    """The sentence says which heads there are."""
    with pytest.raises(ModelError, match=r"no standard head.*'mlp' or 'crf'"):
        open_network(
            base,
            labels=("a", "b"),
            output="labels",
            model_class="AutoModelForSequenceClassification",
        )
