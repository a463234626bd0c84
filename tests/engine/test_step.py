"""Gradients computed in shares are those of the whole batch."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from polyculture.core.errors import ModelError
from polyculture.engine.loop import move
from polyculture.engine.step import Shares
from polyculture.engine.team import Team
from polyculture.nets.build import open_network
from polyculture.nets.network import Batch, count_targets, trainable


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_shares_add_up_to_the_gradient_of_the_mean_loss(
    threads: int, pretrained: dict[str, str]
) -> None:
    """Also where the shares hold different numbers of rows."""
    network = open_network(
        Path(pretrained["path"]),
        labels=("a", "b"),
        level="text",
        model_class="AutoModelForSequenceClassification",
    )
    for module in network.modules():  # without dropout there is one right answer
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    tokens = torch.randint(5, 50, (7, 9), generator=torch.Generator().manual_seed(1))
    answers = torch.tensor([0, 1, 0, 1, 1, 0, 1])

    def batch_of(numbers: NDArray[np.int64]) -> Batch:
        rows = torch.from_numpy(numbers)
        inputs = {"input_ids": tokens[rows], "attention_mask": torch.ones_like(tokens[rows])}
        return Batch(inputs=inputs, targets=answers[rows])

    def loss_of(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        assert batch.targets is not None
        return torch.nn.functional.cross_entropy(logits, batch.targets)

    weights = trainable(network)
    network.train()
    whole = loss_of(network(batch_of(np.arange(7))), batch_of(np.arange(7)))
    expected = torch.autograd.grad(whole, list(weights.values()))

    with Team(threads) as team:
        shares = Shares(
            network=network,
            weights=list(weights.values()),
            batch_of=batch_of,
            loss_of=loss_of,
            precision="float32",
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


def test_words_count_alike_whichever_share_they_are_in() -> None:
    """Rows of 4, 1 and 0 words that count: the gradient is that of the mean over five words."""
    torch.manual_seed(2)
    layer = torch.nn.Linear(3, 2)
    vectors = torch.randn(3, 4, 3)
    targets = torch.tensor([[0, 1, 1, 0], [1, -100, -100, -100], [-100] * 4])

    def batch_of(numbers: NDArray[np.int64]) -> Batch:
        rows = torch.from_numpy(numbers)
        return Batch(
            inputs={"attention_mask": torch.ones(len(rows), 4, dtype=torch.int64)},
            words=torch.ones(len(rows), 4, dtype=torch.bool),
            targets=targets[rows],
            features=vectors[rows],
        )

    def loss_of(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        assert batch.targets is not None
        flat = batch.targets.flatten()
        total = torch.nn.functional.cross_entropy(logits.flatten(0, 1), flat, reduction="sum")
        return total / (flat >= 0).sum().clamp(min=1)

    class Reader(torch.nn.Module):
        """Stands where the network does."""

        def forward(self, batch: Batch) -> torch.Tensor:
            logits: torch.Tensor = layer(batch.features)
            return logits

        answers = staticmethod(count_targets)

    whole = loss_of(layer(vectors), batch_of(np.arange(3)))
    expected = torch.autograd.grad(whole, list(layer.parameters()))
    with Team(3) as team:
        shares = Shares(
            network=Reader(),  # type: ignore[arg-type]
            weights=list(layer.parameters()),
            batch_of=batch_of,
            loss_of=loss_of,
            precision="float32",
            team=team,
            seed=1,
        )
        nothing, _ = shares.gradients(np.array([2]), 0)
        assert all(weight.grad is None for weight in layer.parameters())
        loss, _ = shares.gradients(np.arange(3), 1)

    assert nothing == 0
    assert loss == pytest.approx(float(whole.detach()), rel=1e-5)
    for weight, gradient in zip(layer.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.grad, gradient, atol=1e-6, rtol=1e-4)
