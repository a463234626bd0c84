"""Pairs of starts and ends are scored together, learnt, and saved."""

from pathlib import Path

import pytest
import torch

from polyculture.checks.tasks import Case, learns_its_toy_data_and_predicts_the_same_after_reloading
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.nets.batch import Batch
from polyculture.nets.build import load_head, open_network, open_tokenizer, save_network
from polyculture.nets.layers import BiaffineHead
from polyculture.nets.losses.spans_of_text import best_spans, span_loss
from polyculture.nets.network import Network

TEXTS = ["who is it ?", "note : Ada Berg in Oslo .", "note : Mia in Rome , today ."]
HEAD = parts.load("heads", "biaffine")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tiny_base(tmp_path / "base", "bert", TEXTS)


def network_of(folder: Path) -> Network:
    settings = HEAD.settings(hidden=16)
    torch.manual_seed(3)
    return open_network(
        folder,
        labels=(),
        output="positions",
        model_class="",
        make_head=lambda width, labels, dropout: HEAD.make(settings, width, labels, dropout),
    ).eval()


def batch_of(folder: Path) -> Batch:
    found = open_tokenizer(folder)(
        [TEXTS[0]] * 2,
        TEXTS[1:],
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    offsets = found.pop("offset_mapping")
    inside = torch.tensor([[side == 1 for side in found.sequence_ids(n)] for n in (0, 1)])
    places = {"none": torch.tensor([0, 0])}
    for column, name in enumerate(("starts", "ends")):
        places[name] = torch.where(inside, offsets[..., column], -1)
    first = inside.int().argmax(dim=1) + 2
    targets = {"start": first, "end": first + torch.tensor([1, 0])}
    return Batch(inputs=dict(found), places=places, targets=targets, rows=(0, 1), count=4)


def test_a_pair_has_the_score_of_its_formula() -> None:
    """Between the two vectors, and each with the number 1 behind the other."""
    head = BiaffineHead(4, hidden=3, dropout=0.0).eval()
    vectors = torch.randn(1, 5, 4)

    scores = head(vectors)

    a, b = (layer(vectors[0]).clone() for layer in (head.start, head.end))
    a, b = (torch.cat([head.activation(x), torch.ones(5, 1)], dim=1) for x in (a, b))
    torch.testing.assert_close(scores[0, 1, 3], a[1] @ head.pairs.weight.T @ b[3])


def test_every_weight_learns_and_the_right_pair_becomes_the_best(base: Path) -> None:
    """A few steps on two examples, through the base too; padding has no share in the loss."""
    network, batch = network_of(base), batch_of(base)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-2)

    def loss() -> torch.Tensor:
        return span_loss(network(batch), batch.places, batch.targets)

    before = float(loss().detach())
    for _ in range(20):
        optimiser.zero_grad()
        loss().backward()
        idle = [n for n, w in network.head.named_parameters() if w.grad is None]  # type: ignore[union-attr]
        assert not idle
        assert any(w.grad is not None and bool(w.grad.any()) for w in network.body.parameters())
        optimiser.step()

    with torch.no_grad():
        found = best_spans(network(batch), batch.places, 30)
    assert float(loss().detach()) < before / 4
    assert torch.equal(found["first"], batch.targets["start"])
    assert torch.equal(found["last"], batch.targets["end"])


def test_a_reloaded_head_gives_equal_scores(base: Path, tmp_path: Path) -> None:
    """Not one bit differs."""
    network, batch = network_of(base), batch_of(base)
    with torch.no_grad():
        scores = network(batch)["span_logits"]
    save_network(network, open_tokenizer(base), tmp_path / "saved")

    again = network_of(tmp_path / "saved")
    load_head(again, tmp_path / "saved")

    with torch.no_grad():
        others = again(batch)["span_logits"]
    assert torch.equal(scores, others)
    assert scores.shape == (2, *batch.inputs["input_ids"].shape[1:] * 2)


@pytest.mark.slow
def test_the_toy_questions_are_learnt_with_it() -> None:
    """And answered alike after reloading."""
    case = Case(
        task=parts.load("tasks", "answers"),
        head={"kind": "biaffine", "hidden": 32},
        fit={"learning_rate": 2e-3, "epochs": 10, "patience": 10},
    )
    learns_its_toy_data_and_predicts_the_same_after_reloading(case)
