"""What every head of ours promises. Run these on your own; our tests run them on ours.

Each check takes the head, its settings and a folder with a small base, see ``checks.tiny``.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from polyculture.checks.adaptations import (
    LABELS,
    Wanted,
    loss_of,
    open_small,
    outputs,
    reloaded,
    small_batch,
    trained,
)
from polyculture.core.plugins import Head
from polyculture.core.recipe import Settings
from polyculture.nets.batch import Batch
from polyculture.nets.network import Network


def made(head: Head, settings: Settings) -> Any:
    """The head as ``open_network`` asks for it."""
    make = head.make
    assert make is not None, "this head is the base's own; there is nothing of ours to check"
    return lambda width, labels, dropout: make(settings, width, labels, dropout)


def network_with(head: Head, settings: Settings, folder: Path, output: Wanted) -> Network:
    """The small base with this head."""
    return open_small(folder, output, made(head, settings))


def gives_a_number_for_each_label(
    head: Head, settings: Settings, folder: Path, output: Wanted
) -> None:
    """Logits have the shape of the answers, and are finite."""
    batch = small_batch(folder, output)

    logits = outputs(network_with(head, settings, folder, output), batch)

    assert logits.shape == (*batch.targets["labels"].shape, len(LABELS))
    assert logits.isfinite().all()


def every_weight_learns(head: Head, settings: Settings, folder: Path, output: Wanted) -> None:
    """After one step each weight of the head has a gradient, and so has the base below it."""
    network = network_with(head, settings, folder, output)
    trained(network, small_batch(folder, output))
    for weight in network.parameters():
        weight.grad = None

    loss_of(network, small_batch(folder, output)).backward()

    assert network.head is not None
    idle = [n for n, w in network.head.named_parameters() if w.grad is None or not w.grad.any()]
    assert not idle, f"weights of the head without gradient: {idle}"
    assert any(w.grad is not None and bool(w.grad.any()) for w in network.body.parameters())
    declared = {id(weight) for weight in network.head_parameters()}
    assert declared == {id(weight) for weight in network.head.parameters()}


def training_lowers_the_loss(head: Head, settings: Settings, folder: Path, output: Wanted) -> None:
    """Some steps on two examples make these two more likely."""
    batch = small_batch(folder, output)
    network = network_with(head, settings, folder, output).eval()
    before = loss_of(network, batch).item()

    for _ in range(3):
        trained(network, batch)

    assert loss_of(network, batch).item() < before


def padding_changes_no_answer(head: Head, settings: Settings, folder: Path, output: Wanted) -> None:
    """An example says the same alone and beside a longer one."""
    batch = small_batch(folder, output)
    network = network_with(head, settings, folder, output)

    beside = outputs(network, batch)[1]
    alone = outputs(network, _second(batch))[0]

    real = 1 if output == "word_labels" else len(LABELS)  # the second example has one word
    torch.testing.assert_close(beside[:real], alone[:real], atol=1e-5, rtol=0)


def _second(batch: Batch) -> Batch:
    """The second example without its padding."""
    length = int(batch.inputs["attention_mask"][1].sum())

    def row(values: Tensor) -> Tensor:
        return values[1:2, :1] if values.ndim > 1 else values[1:2]

    return replace(
        batch,
        inputs={name: values[1:2, :length] for name, values in batch.inputs.items()},
        places={name: row(values) for name, values in batch.places.items()},
        targets={},
        rows=(1,),
    )


def paths_hold_labels_of_words_alone(
    head: Head, settings: Settings, folder: Path, output: Wanted
) -> None:
    """Every word has a label, whether words are scored together or not."""
    batch = small_batch(folder, output)
    network = network_with(head, settings, folder, output)

    if output == "labels":
        return
    there = batch.places["there"]
    paths = network.best_path(outputs(network, batch), there)

    assert paths.shape == there.shape
    assert ((paths >= 0) & (paths < len(LABELS)))[there].all()


def a_reloaded_head_gives_equal_outputs(
    head: Head, settings: Settings, folder: Path, output: Wanted
) -> None:
    """Saved, opened again: not one bit of the outputs differs."""
    batch = small_batch(folder, output)
    network = trained(network_with(head, settings, folder, output), batch)
    before = outputs(network, batch)

    again = reloaded(network, folder, output, made(head, settings))

    assert torch.equal(before, outputs(again, batch))
    assert before.shape == outputs(again, batch).shape


Check = Callable[[Head, Settings, Path, Wanted], None]
CHECKS: tuple[Check, ...] = (
    gives_a_number_for_each_label,
    every_weight_learns,
    training_lowers_the_loss,
    padding_changes_no_answer,
    paths_hold_labels_of_words_alone,
    a_reloaded_head_gives_equal_outputs,
)
