"""Our attention kernel computes what transformers' own plain one computes."""

from pathlib import Path

import pytest
import torch

from polyculture.checks.adaptations import loss_of, open_small, outputs, small_batch
from polyculture.checks.tiny import KINDS, Kind, tiny_base
from polyculture.nets.efficiency.attention import register

TEXTS = ["Ada Berg lives in Oslo today", "今天很好"]


@pytest.mark.parametrize("kind", KINDS)
def test_logits_and_gradients_equal_those_of_the_plain_kernel(kind: Kind, tmp_path: Path) -> None:
    """For encoders with padding, and for a causal decoder whose heads share keys."""
    folder = tiny_base(tmp_path, kind, TEXTS)
    batch = small_batch(folder, "word_labels")
    found = []
    for kernel in ("eager", register()):
        network = open_small(folder, "word_labels").eval()
        network.model.set_attn_implementation(kernel)  # type: ignore[operator]
        loss_of(network, batch).backward()
        gradients = [w.grad for w in network.parameters() if w.grad is not None]
        found.append((outputs(network, batch), gradients))

    (plain, plain_gradients), (ours, our_gradients) = found
    torch.testing.assert_close(ours, plain, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(our_gradients, plain_gradients, atol=1e-6, rtol=1e-4)


def test_attention_weights_are_dropped_while_training(tmp_path: Path) -> None:
    """Two passes differ while training, and agree in evaluation."""
    folder = tiny_base(tmp_path, "bert", TEXTS)
    network = open_small(folder, "labels")
    network.model.set_attn_implementation(register())  # type: ignore[operator]
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Dropout) and not name.endswith("self.dropout"):
            module.p = 0.0  # only the share that the kernel is told is left
    batch = small_batch(folder, "labels")

    network.train()
    assert not torch.equal(network(batch)["logits"], network(batch)["logits"])
    assert torch.equal(outputs(network, batch), outputs(network, batch))
