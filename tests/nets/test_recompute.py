"""Activations that are computed again give the same gradients, to the bit."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from polyculture.checks.adaptations import loss_of, open_small, small_batch
from polyculture.checks.tiny import KINDS, Kind, tiny_base
from polyculture.core.errors import ModelError
from polyculture.engine.devices.cpu import Cpu
from polyculture.nets.efficiency.recompute import recompute
from polyculture.nets.network import Network, trainable


def gradients(network: Network, folder: Path) -> list[Tensor | None]:
    """With dropout, drawn from a generator of this thread."""
    device = Cpu(1)
    device.make_ready(network)
    network.train()
    torch.manual_seed(3)  # attention of the library's own draws from torch's generator
    with device.drawing(5):
        loss = loss_of(network, small_batch(folder, "labels"))
    return list(torch.autograd.grad(loss, list(trainable(network).values()), allow_unused=True))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_same_to_the_bit(kind: Kind, tmp_path: Path) -> None:
    """Dropout draws the masks of the first pass again."""
    folder = tiny_base(tmp_path, kind, ["Ada Berg lives in Oslo today", "今天很好"])
    plain, again = open_small(folder, "labels"), open_small(folder, "labels")
    recompute(again)

    pairs = zip(gradients(plain, folder), gradients(again, folder), strict=True)

    for one, other in pairs:
        if one is None or other is None:
            assert one is other
        else:
            assert torch.equal(one, other)


def test_a_body_that_cannot_is_refused() -> None:
    """With what to do instead."""
    network = Network(torch.nn.Linear(2, 2), output="labels", head=torch.nn.Linear(2, 2))

    with pytest.raises(ModelError, match=r"Linear cannot compute its activations again\. Leave"):
        recompute(network)
