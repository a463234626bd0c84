"""What holds a training back: each against its formula, resumed to the byte, or refused."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyculture import api
from polyculture.checks.killed import Cut, cut_after
from polyculture.checks.tiny import FAMILIES, tiny_base
from polyculture.core.data import Dataset
from polyculture.core.errors import RecipeError
from polyculture.core.recipe import Recipe
from polyculture.engine.devices.cpu import Cpu
from polyculture.engine.prepare import PreparedTraining, prepare_training
from polyculture.engine.regularize.adversarial import VectorMoves
from polyculture.engine.regularize.averages import Averages
from polyculture.engine.regularize.mixout import Mixout
from polyculture.engine.regularize.regularizers import (
    NONE,
    Regularizers,
    regularizers_of,
    tables_of,
)
from polyculture.engine.step import Shares
from polyculture.engine.thread_team import Team
from polyculture.engine.training import Training
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.build import form_of, open_network
from polyculture.nets.efficiency.dropout import set_dropout
from polyculture.nets.efficiency.embedding import input_table
from polyculture.nets.network import Network, trainable

ROWS, TOKENS = 6, 9
ALL = {"dropout": 0.3, "r_drop": 1.0, "adversarial": 0.1, "mixout": 0.2, "average": 0.9}


@pytest.fixture
def network(pretrained: dict[str, str]) -> Network:
    """A tiny encoder of two labels."""
    torch.manual_seed(2)
    opened = open_network(
        Path(pretrained["path"]),
        labels=("a", "b"),
        output="labels",
        model_class="AutoModelForSequenceClassification",
    )
    Cpu(1).make_ready(opened)
    return opened


def batch_of(numbers: NDArray[Any], _: int = 0) -> Batch:
    """Texts of different lengths, padded."""
    drawn = torch.Generator().manual_seed(1)
    tokens = torch.randint(5, 50, (ROWS, TOKENS), generator=drawn)
    mask = (torch.arange(TOKENS) < torch.tensor([9, 4, 7, 9, 5, 6])[:, None]).long()
    rows = torch.from_numpy(numbers)
    return Batch(
        inputs={"input_ids": tokens[rows] * mask[rows], "attention_mask": mask[rows]},
        targets={"labels": torch.tensor([0, 1, 0, 1, 1, 0])[rows]},
        rows=tuple(numbers.tolist()),
        count=len(rows),
        size=int(mask[rows].sum()),
    )


def loss_of(outputs: Outputs, batch: Batch) -> Tensor:
    """The summed cross-entropy."""
    labels = batch.targets["labels"]
    return nn.functional.cross_entropy(outputs["logits"], labels, reduction="sum")


def step(
    network: Network,
    regularizers: Regularizers,
    *,
    threads: int = 1,
    batch_of: Callable[..., Batch] = batch_of,
) -> tuple[float, dict[str, Tensor]]:
    """Loss and gradients of one step."""
    weights = trainable(network)
    torch.manual_seed(1)  # attention draws from here
    with Team(threads) as team:
        shares = Shares(
            network=network,
            weights=list(weights.values()),
            batch_of=batch_of,
            loss_of=loss_of,
            precision="float32",
            device=Cpu(threads),
            team=team,
            seed=1,
            regularizers=regularizers,
        )
        loss, _ = shares.gradients(np.arange(ROWS), 0)
    return loss, {name: w.grad.clone() for name, w in weights.items() if w.grad is not None}


def same(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Gradients are equal but for rounding."""
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, atol=2e-6, rtol=1e-3, msg=name)


@pytest.mark.parametrize("threads", [1, 2])
def test_without_dropout_two_readings_are_one(network: Network, threads: int) -> None:
    """R-Drop then is the plain loss."""
    set_dropout(network, 0.0)

    loss, gradients = step(network, Regularizers(r_drop=4.0), threads=threads)

    plain, expected = step(network, NONE, threads=threads)
    assert loss == pytest.approx(plain, rel=1e-6)
    same(gradients, expected)


def test_r_drop_adds_how_far_two_readings_are_apart(network: Network) -> None:
    """Its part grows in proportion to its weight."""
    set_dropout(network, 0.3)  # a new network says nearly the same whatever is dropped
    none, one, three = (
        step(network, Regularizers(r_drop=weight))[0] for weight in (1e-9, 1e4, 3e4)
    )

    assert one > none
    assert (three - none) == pytest.approx(3 * (one - none), rel=1e-3)


@pytest.mark.parametrize("threads", [1, 2])
def test_vectors_are_moved_along_their_gradient_by_a_share_of_their_length(
    network: Network, threads: int
) -> None:
    """The same as with vectors given in the place of tokens; threads do not mix up their rows."""
    set_dropout(network, 0.0)
    table: Any = input_table(network.body)
    batch = batch_of(np.arange(ROWS))
    network.train()

    def of_vectors(vectors: Tensor) -> Tensor:
        inputs = {"inputs_embeds": vectors, "attention_mask": batch.inputs["attention_mask"]}
        return loss_of({"logits": network.model(**inputs)["logits"]}, batch) / ROWS

    vectors = table(batch.inputs["input_ids"])
    (gradient,) = torch.autograd.grad(of_vectors(vectors), vectors)
    mask = batch.inputs["attention_mask"][..., None]
    lengths = [(vectors * mask).flatten(1).norm(dim=1), gradient.flatten(1).norm(dim=1)]
    move = 0.1 * gradient * (lengths[0] / lengths[1])[:, None, None]
    clean = of_vectors(table(batch.inputs["input_ids"]))
    moved = of_vectors(table(batch.inputs["input_ids"]) + move.detach())
    weights = trainable(network)
    found = torch.autograd.grad((clean + moved) / 2, list(weights.values()))

    loss, gradients = step(
        network, Regularizers(adversarial=VectorMoves([table], 0.1)), threads=threads
    )

    assert float(moved.detach()) > float(clean.detach())
    assert loss == pytest.approx(float((clean + moved).detach()) / 2, rel=1e-5)
    same(gradients, dict(zip(weights, found, strict=True)))


@pytest.mark.parametrize("family", ["t5", "bart", "marian"])
def test_both_sides_of_an_encoder_and_its_decoder_are_moved(family: str, tmp_path: Path) -> None:
    """They look tokens up in modules of their own, whose weights are the same."""
    folder = tiny_base(tmp_path / family, family, ["Ada Berg lives in Oslo today"] * 8)
    written = open_network(folder, labels=(), output="tokens", model_class="AutoModelForSeq2SeqLM")
    table: Any = input_table(written.body)
    tables = tables_of(written.body, table)
    moves = VectorMoves(tables, 0.5)
    tokens = {"input_ids": torch.tensor([[7, 8, 9]]), "decoder_input_ids": torch.tensor([[7, 8]])}

    def loss() -> Tensor:
        logits: Tensor = written.eval().model(**tokens)["logits"]
        return nn.functional.cross_entropy(logits[0], torch.tensor([8, 9]))

    with moves.recorded() as first:
        before = loss()
    away = moves.away(first, torch.autograd.grad(before, first.vectors))
    with moves.recorded(away):
        after = loss()

    assert [vectors.shape[1] for vectors in first.vectors] == [3, 2]
    assert float(after.detach()) > float(before.detach())


def test_r_drop_counts_as_much_as_the_rest_of_a_part(network: Network) -> None:
    """A part of a joint training that counts double counts double with it."""

    def doubled(numbers: NDArray[Any], step: int = 0) -> Batch:
        batch = batch_of(numbers, step)
        batch.weight = 2.0
        return batch

    set_dropout(network, 0.3)
    once, _ = step(network, Regularizers(r_drop=1e4))

    twice, _ = step(network, Regularizers(r_drop=1e4), batch_of=doubled)

    assert twice == pytest.approx(2 * once, rel=1e-6)


def test_nothing_is_moved_outside_training(network: Network) -> None:
    """What is validated is what was read."""
    network.eval()
    batch = batch_of(np.arange(ROWS))
    before = network(batch)["logits"]
    table: Any = input_table(network.body)

    step(network, Regularizers(adversarial=VectorMoves([table], 0.5)))

    network.eval()
    assert torch.equal(network(batch)["logits"], before)


def test_mixed_weights_are_some_of_the_base_and_in_the_mean_the_weights() -> None:
    """And the gradient is that of the formula."""
    weight = nn.Parameter(torch.full((400, 50), 2.0))
    mixout = Mixout([weight], 0.25, seed=1)
    weight.data.fill_(3.0)

    with mixout.mixed(7):
        mixed = weight.detach().clone()
        weight.grad = torch.ones_like(weight)

    assert torch.equal(weight, torch.full_like(weight, 3.0))
    kept = torch.isclose(mixed, torch.tensor((2 - 0.25 * 2) / 0.75))
    assert torch.isclose(mixed[~kept], torch.tensor((3 - 0.25 * 2) / 0.75)).all()
    assert float(kept.float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(mixed.mean()) == pytest.approx(3.0, abs=0.02)
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, (~kept).float() / 0.75)
    with mixout.mixed(8):
        assert not torch.equal(weight, mixed)


def test_the_mean_follows_quickly_at_first_and_slowly_later() -> None:
    """After many steps at one value it is there; at decay 0 nothing is kept."""
    weight = nn.Parameter(torch.zeros(1))
    averages = Averages({"w": weight}, 0.99)
    weight.data.fill_(1.0)

    averages.follow(1)
    early = float(averages.values["w"])
    for count in range(2, 1_500):
        averages.follow(count)

    assert early == pytest.approx(1 - 2 / 11)
    assert float(averages.values["w"]) == pytest.approx(1.0, abs=1e-4)
    assert not Averages({"w": weight}, 0.0).values


@pytest.mark.slow
@pytest.mark.parametrize("family", [name for name in FAMILIES if FAMILIES[name].reads == "text"])
def test_dropout_is_set_in_every_layer(family: str, tmp_path: Path) -> None:
    """At 0 two readings are equal, at .3 they differ, whatever the base had."""
    texts = ["Ada Berg lives in Oslo today", "a good film about a dog"] * 8
    folder = tiny_base(tmp_path / family, family, texts)
    writes = form_of(folder) == "encoder_decoder"
    kind = "Seq2SeqLM" if writes else "SequenceClassification"
    network = open_network(
        folder,
        labels=("a", "b"),
        output="tokens" if writes else "labels",
        model_class=f"AutoModelFor{kind}",
    )
    tokens = {"input_ids": torch.tensor([[7, 8, 9, 10]])}
    if writes:
        tokens["decoder_input_ids"] = torch.tensor([[7, 8]])
    network.train()

    def differ() -> bool:
        torch.manual_seed(1)
        readings = [network.model(**tokens)["logits"] for _ in range(2)]
        return not torch.equal(*readings)

    set_dropout(network, 0.0)
    assert not differ()
    set_dropout(network, 0.3)
    assert differ()


@pytest.mark.slow
def test_a_resumed_training_ends_with_the_same_bytes(
    make_recipe: Callable[..., Recipe],
    toy: Callable[[str], Dataset],
    pretrained: dict[str, str],
    tmp_path: Path,
) -> None:
    """With all of them at once: running means, masks and moves go on as if nothing had happened."""
    fit = {
        "epochs": 1,
        "threads": 2,
        "learning_rate": 3e-3,
        "precision": "float32",
        "checkpoint_seconds": 1e-6,
    }
    recipe = make_recipe(base=pretrained, fit=fit, regularization=ALL)
    data = toy("classification")

    def made(folder: str) -> bytes:
        _, run = api.train(recipe, tmp_path / folder, dataset=data)
        config = json.loads((run / "model" / "config.json").read_text(encoding="utf-8"))
        assert config["hidden_dropout_prob"] == usual["hidden_dropout_prob"] != ALL["dropout"]
        content: bytes = (run / "model" / "model.safetensors").read_bytes()
        return content

    usual = json.loads((Path(pretrained["path"]) / "config.json").read_text(encoding="utf-8"))
    whole = made("whole")
    with pytest.raises(Cut):
        api.train(recipe, tmp_path / "cut", dataset=data, on_tick=cut_after(3))

    assert made("cut") == whole


@pytest.mark.slow
@pytest.mark.parametrize("way", ["r_drop", "adversarial", "mixout"])
@pytest.mark.parametrize("task", ["spans", "translation", "similarity", "preferences"])
def test_other_tasks_are_trained_or_refused(
    way: str, task: str, begin: Callable[..., Training]
) -> None:
    """A vector for each row has no probabilities, and a text that is written has them."""
    writes = {"translation": "encoder_decoder", "preferences": "decoder"}.get(task)
    base = {"source": "new", "kind": writes, "width": 32, "layers": 1}
    changes = {"base": base} if writes else {}
    head = "pooled" if task == "similarity" else "linear"
    training = begin(task, regularization={way: ALL[way], "dropout": 0.1}, head=head, **changes)
    prepared = prepare_training(training, None)
    refused = REFUSED.get((way, task))

    def gradients() -> float:
        with Team(1) as team:
            shares = Shares(
                network=prepared.network,
                weights=list(trainable(prepared.network).values()),
                batch_of=prepared.work.batch_of,
                loss_of=prepared.work.loss_of,
                precision="float32",
                device=prepared.device,
                team=team,
                seed=1,
                couples_rows=training.task.couples_rows,
                regularizers=made(prepared),
            )
            return shares.gradients(prepared.work.plan[0], 0)[0]

    if refused is None:
        assert math.isfinite(gradients())
        return
    with pytest.raises(RecipeError, match=refused):
        gradients()


REFUSED = {  # by way and task
    ("r_drop", "similarity"): "all rows of a batch",
    ("adversarial", "similarity"): "all rows of a batch",
    ("r_drop", "preferences"): "labels or tokens of single rows",
    ("mixout", "translation"): "made from nothing",
    ("mixout", "preferences"): "made from nothing",
}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"head": "crf", "task": "spans", "regularization": {"r_drop": 1.0}}, "scores whole rows"),
        (
            {"adaptation": "head_only", "regularization": {"mixout": 0.1}},
            "'head_only' does not train them",
        ),
        (
            {"adaptation": "low_rank", "regularization": {"mixout": 0.1}},
            "'low_rank' does not train them",
        ),
        (
            {"adaptation": "head_only", "regularization": {"adversarial": 0.1}},
            "adaptation 'head_only' freezes the layers that read them",
        ),
        ({"regularization": {"r_drop": 1.0, "dropout": 0.0}}, "has no dropout"),
        ({"task": "regression", "regularization": {"r_drop": 1.0}}, "labels or tokens"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    changes: dict[str, Any], told: str, begin: Callable[..., Training]
) -> None:
    """Before the first step."""
    task = changes.pop("task", "classification")
    training = begin(task, **changes)
    prepared = prepare_training(training, None)

    with pytest.raises(RecipeError, match=told):
        made(prepared)


def made(prepared: PreparedTraining) -> Regularizers:
    """As a training makes them."""
    some = prepared.work.batch_of(prepared.work.plan[0][:1], 0)
    return regularizers_of(prepared.training, prepared.network, [some])


def test_counts_of_words_are_not_regularized(make_recipe: Callable[..., Recipe]) -> None:
    """They have a linear model of their own."""
    with pytest.raises(ValueError, match=r"linear model of their own, without \[regularization\]"):
        make_recipe(base={"source": "new", "kind": "tfidf"}, regularization={"average": 0.9})
