"""Gradients computed in shares are those of the whole batch."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from polyculture.core.errors import ModelError
from polyculture.engine.devices.cpu import Cpu
from polyculture.engine.optimizers import move
from polyculture.engine.step import Shares
from polyculture.engine.thread_team import Team
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.build import open_network
from polyculture.nets.network import trainable


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_shares_add_up_to_the_gradient_of_the_mean_loss(
    threads: int, pretrained: dict[str, str]
) -> None:
    """Also where the shares hold different numbers of rows."""
    network = open_network(
        Path(pretrained["path"]),
        labels=("a", "b"),
        output="labels",
        model_class="AutoModelForSequenceClassification",
    )
    for module in network.modules():  # without dropout there is one right answer
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    tokens = torch.randint(5, 50, (7, 9), generator=torch.Generator().manual_seed(1))
    answers = torch.tensor([0, 1, 0, 1, 1, 0, 1])

    def batch_of(numbers: NDArray[np.int64], _: int = 0) -> Batch:
        rows = torch.from_numpy(numbers)
        inputs = {"input_ids": tokens[rows], "attention_mask": torch.ones_like(tokens[rows])}
        return Batch(
            inputs=inputs,
            targets={"labels": answers[rows]},
            rows=tuple(numbers.tolist()),
            count=len(rows),
            size=tokens[rows].numel(),
        )

    def loss_of(outputs: Outputs, batch: Batch) -> torch.Tensor:
        logits, targets = outputs["logits"], batch.targets["labels"]
        return torch.nn.functional.cross_entropy(logits, targets, reduction="sum")

    weights = trainable(network)
    network.train()
    whole = loss_of(network(batch_of(np.arange(7))), batch_of(np.arange(7))) / 7
    expected = torch.autograd.grad(whole, list(weights.values()))

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
        )
        loss, read = shares.gradients(np.arange(7), 0)

    assert loss == pytest.approx(float(whole.detach()), rel=1e-5)
    assert read == 63
    for (name, weight), gradient in zip(weights.items(), expected, strict=True):
        assert weight.grad is not None, name
        torch.testing.assert_close(weight.grad, gradient, atol=1e-6, rtol=1e-4)


def weights_and_gradients(length: float) -> tuple[list[torch.nn.Parameter], list[torch.Tensor]]:
    """Two weights, and gradients of a norm."""
    torch.manual_seed(1)
    weights = [torch.nn.Parameter(torch.randn(3, 2)), torch.nn.Parameter(torch.randn(4))]
    gradients = [torch.randn_like(weight) for weight in weights]
    norm = torch.nn.utils.get_total_norm(gradients)
    return weights, [gradient * (length / norm) for gradient in gradients]


def test_steps_along_clipped_gradients_are_those_of_torch() -> None:
    """Too long, short, too long again: the same as clipping first and stepping then."""
    lengths = (5.0, 0.5, 3.0, 0.9)
    ours, _ = weights_and_gradients(1.0)
    theirs, _ = weights_and_gradients(1.0)
    optimisers = [torch.optim.AdamW(weights, lr=0.1, fused=True) for weights in (ours, theirs)]
    for length in lengths:
        for weights in (ours, theirs):
            for weight, gradient in zip(weights, weights_and_gradients(length)[1], strict=True):
                weight.grad = gradient.clone()
        move(optimisers[0], ours, 1.0)
        torch.nn.utils.clip_grad_norm_(theirs, 1.0)
        optimisers[1].step()

        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other)
            assert one.grad is None


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_gradient_that_is_no_number_ends_the_training(number: float) -> None:
    """One bad value is enough; no weight has moved."""
    weights, gradients = weights_and_gradients(1.0)
    before = [weight.detach().clone() for weight in weights]
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient
    assert weights[1].grad is not None
    weights[1].grad[0] = number

    with pytest.raises(ModelError, match="The gradient became"):
        move(torch.optim.AdamW(weights, lr=0.1, fused=True), weights, 1.0)

    assert all(torch.equal(*pair) for pair in zip(weights, before, strict=True))


def shares_of(
    layer: torch.nn.Linear, vectors: torch.Tensor, targets: torch.Tensor, team: Team
) -> Shares:
    """One layer over the words of some rows, ``(rows, words, width)``, in place of a network."""

    def batch_of(numbers: NDArray[np.int64], _: int = 0) -> Batch:
        rows = torch.from_numpy(numbers)
        return Batch(
            inputs={},
            targets={"labels": targets[rows]},
            rows=tuple(numbers.tolist()),
            count=int((targets[rows] != -100).sum()),
            size=targets[rows].numel(),
            features=vectors[rows],
        )

    def loss_of(outputs: Outputs, batch: Batch) -> torch.Tensor:
        logits, flat = outputs["logits"].flatten(0, 1), batch.targets["labels"].flatten()
        return torch.nn.functional.cross_entropy(logits, flat, reduction="sum")

    class Reader(torch.nn.Module):
        """Stands where the network does."""

        def forward(self, batch: Batch) -> Outputs:
            return {"logits": layer(batch.features)}

        def count(self, batch: Batch) -> int:
            return batch.count

    return Shares(
        network=Reader(),  # type: ignore[arg-type]
        weights=list(layer.parameters()),
        batch_of=batch_of,
        loss_of=loss_of,
        precision="float32",
        device=Cpu(team.size),
        team=team,
        seed=1,
    )


def test_words_count_alike_whichever_share_they_are_in() -> None:
    """Rows of 4, 1 and 0 words that count: the gradient is that of the mean over five words."""
    torch.manual_seed(2)
    layer = torch.nn.Linear(3, 2)
    vectors = torch.randn(3, 4, 3)
    targets = torch.tensor([[0, 1, 1, 0], [1, -100, -100, -100], [-100] * 4])
    whole = torch.nn.functional.cross_entropy(layer(vectors).flatten(0, 1), targets.flatten())
    expected = torch.autograd.grad(whole, list(layer.parameters()))

    with Team(3) as team:
        shares = shares_of(layer, vectors, targets, team)
        loss, read = shares.gradients(np.arange(3), 1)

    assert read == 12
    assert loss == pytest.approx(float(whole.detach()), rel=1e-5)
    for weight, gradient in zip(layer.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.grad, gradient, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([2], r"1 training rows \(number 3; 4 tokens"),
        (range(2, 10), r"8 training rows \(number 3, 4, 5, 6, 7 and 3 more; 32 tokens"),
    ],
)
def test_a_batch_without_a_single_target_ends_the_training_and_names_its_rows(
    numbers: Sequence[int], said: str
) -> None:
    """Nothing could be learnt of it, which is no step of loss 0; no gradient is left behind."""
    layer = torch.nn.Linear(3, 2)
    targets = torch.full((10, 4), -100)
    targets[:2] = 1

    with Team(2) as team:
        shares = shares_of(layer, torch.randn(10, 4, 3), targets, team)
        with pytest.raises(ModelError, match=rf"{said} in all\) holds nothing to learn from"):
            shares.gradients(np.array(numbers), 0)

    assert all(weight.grad is None for weight in layer.parameters())


def test_the_sum_is_divided_by_the_count_and_then_weighed() -> None:
    """In that order, so that a training has the very bits that it had with mean losses."""
    torch.manual_seed(3)
    layer = torch.nn.Linear(3, 2)
    vectors = torch.randn(7, 4, 3)
    targets = torch.randint(2, (7, 4)).masked_fill(torch.rand(7, 4) < 0.3, -100)
    weights = list(layer.parameters())
    expected = [torch.zeros_like(weight) for weight in weights]
    total, loss = int((targets != -100).sum()), 0.0
    for start in range(2):
        part = targets[start::2]
        mean = torch.nn.functional.cross_entropy(
            layer(vectors[start::2]).flatten(0, 1), part.flatten(), reduction="sum"
        ) / (part >= 0).sum().clamp(min=1)
        weighed = mean * (int((part != -100).sum()) / total)
        loss += float(weighed.detach())
        for place, gradient in enumerate(torch.autograd.grad(weighed, weights)):
            expected[place] += gradient

    with Team(2) as team:
        found, _ = shares_of(layer, vectors, targets, team).gradients(np.arange(7), 0)

    assert found == loss
    for weight, gradient in zip(weights, expected, strict=True):
        assert weight.grad is not None
        assert torch.equal(weight.grad, gradient)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("at_once", [4, 8, 2_048])
def test_a_loss_over_all_rows_has_the_gradient_of_the_whole_batch(
    threads: int, at_once: int
) -> None:
    """Each row is held against all others, in whichever piece they are computed."""
    torch.manual_seed(4)
    layer = torch.nn.Linear(3, 2)
    vectors = torch.randn(7, 4, 3)
    targets = torch.zeros(7, 4, dtype=torch.int64)

    def loss_of(outputs: Outputs, _: Batch) -> torch.Tensor:
        rows = outputs["logits"].flatten(1)
        own = torch.arange(len(rows))
        return torch.nn.functional.cross_entropy(rows @ rows.T, own, reduction="sum")

    device = Cpu(threads)
    device.tokens_at_once = at_once  # a row has four
    with Team(threads) as team:
        plain = shares_of(layer, vectors, targets, team)
        shares = replace(plain, loss_of=loss_of, couples_rows=True, device=device)
        whole = loss_of({"logits": layer(vectors)}, plain.batch_of(np.arange(7), 0)) / 28
        expected = torch.autograd.grad(whole, list(layer.parameters()))
        loss, read = shares.gradients(np.arange(7), 0)

    assert read == 28
    assert loss == pytest.approx(float(whole.detach()), rel=1e-5)
    for weight, gradient in zip(layer.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.grad, gradient, atol=1e-6, rtol=1e-4)


def test_no_more_is_computed_at_once_than_a_device_asks_for() -> None:
    """However large a batch whose rows are held together: twice two rows for each of two lanes."""
    layer = torch.nn.Linear(3, 2)
    vectors, targets = torch.randn(8, 4, 3), torch.zeros(8, 4, dtype=torch.int64)
    read: list[int] = []
    device = Cpu(2)
    device.tokens_at_once = 8

    def loss_of(outputs: Outputs, _: Batch) -> torch.Tensor:
        return outputs["logits"].square().sum()

    with Team(2) as team:
        plain = shares_of(layer, vectors, targets, team)
        plain.network.register_forward_hook(lambda *passed: read.append(len(passed[2]["logits"])))
        replace(plain, loss_of=loss_of, couples_rows=True, device=device).gradients(np.arange(8), 0)

    assert read == [2] * 8  # once for the outputs, once for their gradients
