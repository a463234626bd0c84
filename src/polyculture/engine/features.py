"""Cache the outputs of a frozen base; an epoch then takes about 1/60 of the time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyculture.core.task import Context, Encoded, Task
from polyculture.engine.answering.read import BUDGET, whole_rows
from polyculture.engine.batches import collated
from polyculture.engine.choices.precision import Kernels
from polyculture.engine.device import Device
from polyculture.engine.thread_team import Team
from polyculture.nets.batch import Batch
from polyculture.nets.network import Network
from polyculture.nets.pooling import heard_of, vectors_of


def cache_features(
    network: Network,
    encoded: Mapping[str, Encoded],
    task: Task,
    context: Context,
    *,
    kernels: Kernels,
    device: Device,
    frozen: Sequence[nn.Module] = (),
) -> dict[str, list[Tensor]]:
    """Run what is frozen over all examples and put a stand-in in its place.

    It runs in evaluation mode, without dropout: what is cached must be what it always says.

    Args:
        network: Its first blocks, or its whole body, never change.
        encoded: The examples of every split.
        task: Whose ``collate`` is called.
        context: What it may look at.
        kernels: Precision and attention.
        device: Where the network is.
        frozen: The first blocks; the whole body where left out.

    Returns:
        For each split one tensor ``(positions, width)`` an example. ``network.restore`` brings
        back what was replaced, at the end of training.
    """
    body = network.body
    body.eval()
    form = _Form()
    stop = frozen[-1].register_forward_hook(form.stop) if frozen else None
    if frozen:
        first = collated(next(iter(encoded.values())), np.zeros(1, dtype=np.int64), task, context)
        _freeze_what_is_read(body, device.send(first))
    features = {}
    for split, part in encoded.items():

        def read(numbers: NDArray[Any], part: Encoded = part) -> list[Tensor]:
            batch = device.send(collated(part, numbers, task, context))
            with torch.no_grad(), device.arithmetic(kernels.precision):
                hidden = _said(body, batch).float().cpu()
            mask = heard_of(body, hidden, batch.inputs.get("attention_mask"))
            if mask is None:
                return [row.clone() for row in hidden]
            sizes = mask.sum(dim=1).tolist()
            return [row[:size].clone() for size, row in zip(sizes, hidden, strict=True)]

        batches = whole_rows(part, BUDGET)
        with Team(device.lanes) as team:
            found = team.map(read, batches)
        outputs: list[Tensor] = [torch.empty(0)] * len(part.examples)
        for numbers, rows in zip(batches, found, strict=True):
            for number, row in zip(numbers, rows, strict=True):
                outputs[number] = row
        features[split] = outputs
    if stop is not None:
        stop.remove()
    network.remember(frozen, in_tuple=form.in_tuple)
    return features


def _freeze_what_is_read(body: nn.Module, batch: Batch) -> None:
    """Freeze weights that stand behind the frozen blocks in the body, but are read by them.

    Such are the tables of relative places of MPNet and DeBERTa, which all blocks share: moved by
    the last blocks alone, they would change what is cached.
    """
    weights = [weight for weight in body.parameters() if weight.requires_grad]
    hidden = _said(body, batch)
    if hidden.requires_grad:
        found = torch.autograd.grad(hidden.float().sum(), weights, allow_unused=True)
        for weight, gradient in zip(weights, found, strict=True):
            weight.requires_grad = gradient is None


class _Reached(Exception):  # noqa: N818  # no error: the rest of the body need not run
    """Frozen blocks have said what they say."""

    def __init__(self, hidden: Tensor) -> None:
        super().__init__()
        self.hidden = hidden


class _Form:
    """Ends the body's work behind the last frozen block, and sees in which form a block gives."""

    in_tuple = False

    def stop(self, _: nn.Module, __: Any, output: Any) -> None:
        self.in_tuple = not isinstance(output, Tensor)
        raise _Reached(output[0] if self.in_tuple else output)


def _said(body: nn.Module, batch: Batch) -> Tensor:
    try:
        return vectors_of(body(**batch.inputs), body)
    except _Reached as reached:
        return reached.hidden
