"""Gradients computed in shares are those of the whole batch."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from polyculture.engine.step import Shares
from polyculture.engine.team import Team
from polyculture.nets.build import open_network
from polyculture.nets.network import Batch, trainable


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
