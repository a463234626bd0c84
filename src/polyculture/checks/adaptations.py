"""What every adaptation promises. Run these on your own; our tests run them on ours.

Each check takes the adaptation and a folder with a small base, see ``checks.tiny``.

Example: ``for check in CHECKS: check(load("adaptations", "low_rank"), tiny_base(...), "labels")``.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch
from torch import Tensor

from polyculture.core.plugins import Adaptation
from polyculture.nets.batch import Batch
from polyculture.nets.build import load_head, open_network, open_tokenizer, save_network
from polyculture.nets.network import Network, trainable
from polyculture.nets.saved.added import attach, attach_saved

Wanted = Literal["labels", "word_labels"]
"""What the small network is asked for."""
LABELS = ("O", "B-X", "I-X")
STEPS = 4
MERGED = 1e-5
"""Largest difference between outputs before and after what was added is merged."""


def open_small(folder: Path, output: Wanted, make_head: Any = None) -> Network:
    """The base with a head of its own, or with ours."""
    kind = "SequenceClassification" if output == "labels" else "TokenClassification"
    torch.manual_seed(7)
    return open_network(
        folder, labels=LABELS, output=output, model_class=f"AutoModelFor{kind}", make_head=make_head
    )


def small_batch(folder: Path, output: Wanted) -> Batch:
    """Two examples of different lengths, padded, with right answers."""
    tokenizer = open_tokenizer(folder)
    texts = ["Ada Berg lives in Oslo today", "今天很好"]
    inputs = dict(tokenizer(texts, padding=True, return_tensors="pt"))
    if output == "labels":
        return Batch(inputs=inputs, targets={"labels": torch.tensor([0, 2])}, rows=(0, 1), count=2)
    return Batch(
        inputs=inputs,
        places={
            "positions": torch.tensor([[1, 2, 3], [1, 0, 0]]),
            "there": torch.tensor([[True, True, True], [True, False, False]]),
            "words": torch.tensor([[0, 1, 2], [0, 0, 0]]),
            "spelling": torch.tensor([[2, 1, 1], [0, 0, 0]]),
            "length": torch.tensor([3, 1]),
        },
        targets={"labels": torch.tensor([[1, 2, 0], [0, -100, -100]])},
        rows=(0, 1),
        count=4,
    )


def loss_of(network: Network, batch: Batch) -> Tensor:
    """The mean of the head's own loss, or of cross-entropy, over what counts."""
    outputs = network(batch)
    structured = network.head_loss(outputs, batch)
    if structured is not None:
        return structured / network.count(batch)
    logits, labels = outputs["logits"].float(), batch.targets["labels"]
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, -2), labels.flatten(), ignore_index=-100
    )


def trained(network: Network, batch: Batch) -> Network:
    """A few steps of AdamW on what may move."""
    network.train()
    optimiser = torch.optim.AdamW(trainable(network).values(), lr=1e-2, weight_decay=0.1)
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss_of(network, batch).backward()
        optimiser.step()
    return network.eval()


def adapted(adaptation: Adaptation, folder: Path, output: Wanted) -> Network:
    """A small network to which the adaptation was applied with its default settings."""
    network = open_small(folder, output)
    attach(network, adaptation, adaptation.settings())
    return network


def outputs(network: Network, batch: Batch) -> Tensor:
    """Logits outside training."""
    network.eval()
    with torch.no_grad():
        logits: Tensor = network(batch)["logits"]
    return logits


def gradients_reach_the_trained_weights_and_no_others(
    adaptation: Adaptation, folder: Path, output: Wanted
) -> None:
    """Every weight that is declared to move gets a gradient, and no other weight keeps one."""
    network = adapted(adaptation, folder, output)
    moving = trainable(network)
    # what starts at zero passes no gradient on: a step is made first
    trained(network, small_batch(folder, output))
    for weight in network.parameters():
        weight.grad = None

    loss_of(network, small_batch(folder, output)).backward()

    with_gradient = {n for n, w in network.named_parameters() if w.grad is not None}
    without = sorted(n for n in moving if n not in with_gradient or not moving[n].grad.any())  # type: ignore[union-attr]
    assert moving, "nothing is trained"
    assert with_gradient <= set(moving), f"frozen, but with gradient: {with_gradient - set(moving)}"
    assert not without, f"declared to move, but without gradient: {without}"


def the_head_always_learns(adaptation: Adaptation, folder: Path, output: Wanted) -> None:
    """A head that is initialised at random must be trained, also inside the base."""
    network = adapted(adaptation, folder, output)

    head = network.head_parameters()

    assert head, "there is no head"
    assert all(weight.requires_grad for weight in head)


def frozen_weights_keep_their_bytes(adaptation: Adaptation, folder: Path, output: Wanted) -> None:
    """Training changes every weight that is declared to move, and not one bit of any other."""
    network = adapted(adaptation, folder, output)
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}

    trained(network, small_batch(folder, output))

    same = {n for n, w in network.named_parameters() if torch.equal(w, before[n])}
    moving = set(trainable(network))
    assert same == set(before) - moving, (
        f"moved or idle by mistake: {same ^ (set(before) - moving)}"
    )


def applying_changes_no_output(adaptation: Adaptation, folder: Path, output: Wanted) -> None:
    """Before the first step the network says what it said without the adaptation."""
    batch = small_batch(folder, output)

    plain = outputs(open_small(folder, output), batch)
    ours = outputs(adapted(adaptation, folder, output), batch)

    torch.testing.assert_close(ours, plain, atol=MERGED, rtol=0)


def finishing_changes_no_output_and_leaves_a_plain_network(
    adaptation: Adaptation, folder: Path, output: Wanted
) -> None:
    """Same outputs to 1e-5; apart from what stays beside, the weights of the base's own class."""
    batch = small_batch(folder, output)
    network = trained(adapted(adaptation, folder, output), batch)
    before = outputs(network, batch)

    if adaptation.merge is not None:
        adaptation.merge(network)

    torch.testing.assert_close(outputs(network, batch), before, atol=MERGED, rtol=0)
    names = set(network.state_dict()) - set(network.added)
    assert names == set(open_small(folder, output).state_dict())


def a_reloaded_network_gives_equal_outputs(
    adaptation: Adaptation, folder: Path, output: Wanted
) -> None:
    """Saved, opened again: not one bit of the outputs differs."""
    batch = small_batch(folder, output)
    network = trained(adapted(adaptation, folder, output), batch)
    if adaptation.merge is not None:
        adaptation.merge(network)
    before = outputs(network, batch)

    after = outputs(reloaded(network, folder, output, adaptation=adaptation), batch)

    assert torch.equal(before, after)


def reloaded(
    network: Network,
    base: Path,
    output: Wanted,
    make_head: Any = None,
    adaptation: Adaptation | None = None,
) -> Network:
    """The network after a way to disk and back."""
    with TemporaryDirectory() as place:
        save_network(network, open_tokenizer(base), Path(place))
        again = open_small(Path(place), output, make_head)
        load_head(again, Path(place))
        if adaptation is not None:
            attach_saved(again, adaptation, adaptation.settings(), Path(place))
    return again


Check = Callable[[Adaptation, Path, Wanted], None]
CHECKS: tuple[Check, ...] = (
    gradients_reach_the_trained_weights_and_no_others,
    the_head_always_learns,
    frozen_weights_keep_their_bytes,
    applying_changes_no_output,
    finishing_changes_no_output_and_leaves_a_plain_network,
    a_reloaded_network_gives_equal_outputs,
)
