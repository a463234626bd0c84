"""Run a network over rows without training it; no logits are kept beyond a batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from polyculture.core.errors import ModelError
from polyculture.core.task import Context, Encoded, Example, Task
from polyculture.engine.batches import collated, drawn
from polyculture.engine.choices.precision import Precision
from polyculture.engine.device import Device
from polyculture.engine.devices.cpu import Cpu
from polyculture.engine.thread_team import Team
from polyculture.nets.batch import Batch, Outputs, Reading
from polyculture.nets.efficiency.threads import available
from polyculture.nets.network import Network

BUDGET = 4_096
"""Padded size of a batch that is only read."""
LOGITS = 2**23
"""Logits of a vocabulary in a batch that is only read, unless a single row has more: the larger the
vocabulary, the fewer rows are read at once."""


def decoded(
    task: Task, rows: pl.DataFrame, values: Sequence[Any], context: Context
) -> pl.DataFrame:
    """The answers that a task makes of what was read, one a row, in the order of the rows.

    Raises:
        ModelError: The answers are for other rows, or are not text.
    """
    answers = task.decode(rows, values, context)
    name = f"the 'decode' of the task {context.settings.kind!r}"
    if answers["id"].to_list() != rows["id"].to_list():
        msg = (
            f"{name} gave {len(answers):,} answers to {len(rows):,} rows, not one a row in their "
            "order. Give its table the ids of the rows as they come."
        )
        raise ModelError(msg)
    if answers.schema["answer"] != pl.String:
        msg = f"{name} gave answers of type {answers.schema['answer']}. Give them as text."
        raise ModelError(msg)
    return answers


@dataclass(frozen=True, kw_only=True)
class Read:
    """The results of reading some rows."""

    rows: list[Any]
    """What the task's ``read`` gave for each row; None for a row without an example."""
    loss: float | None
    """Mean loss over all targets that count, where it was asked for and there are any."""


def read_rows(
    network: Network,
    encoded: Encoded,
    task: Task,
    context: Context,
    *,
    precision: Precision = "float32",
    device: Device | None = None,
    loss_of: Callable[[Outputs, Batch], Tensor] | None = None,
    features: Sequence[Tensor] | None = None,
    answers: bool = True,
) -> Read:
    """Run all examples; those of one row share a batch.

    Args:
        network: Any mode; it is put into evaluation mode.
        encoded: The examples.
        task: Whose ``collate`` and ``read`` are called.
        context: What these may look at.
        precision: Arithmetic of matrix products.
        device: Where the network is; where left out, the CPU with all cores of this process.
        loss_of: (outputs, batch) to the summed loss, where the loss is wanted too.
        features: Saved outputs of the body, one an example.
        answers: Call the task's ``read``; false where only the loss is wanted.
    """
    network.eval()
    device = device or Cpu(available())
    asked, most = None, 0
    if network.vocabulary:
        examples = [drawn(example, task, context) for example in encoded.examples]
        encoded, task = replace(encoded, examples=examples), replace(task, draw=None)
        asked, most = _asked(examples), LOGITS // network.vocabulary

    def read(numbers: NDArray[Any]) -> tuple[dict[int, Any], tuple[float, float] | None]:
        batch = device.send(collated(encoded, numbers, task, context, features))
        reading = Reading(network, batch)
        with torch.no_grad(), device.arithmetic(precision):
            values = task.read(reading, context) if answers else [None] * len(reading.rows)
            if len(values) != len(reading.rows):
                msg = (
                    f"the 'read' of the task {context.settings.kind!r} gave {len(values):,} values "
                    f"for {len(reading.rows):,} rows. Give one for each of 'reading.rows'."
                )
                raise ModelError(msg)
            values_of_rows = dict(zip(reading.rows, values, strict=True))
            count = 0 if loss_of is None else network.count(batch)
            loss = None
            if loss_of is not None and count:
                counted = count * batch.row_share
                loss = (float(loss_of(reading.outputs, batch) / counted), counted)
        return values_of_rows, loss

    with Team(device.lanes) as team:
        results = team.map(read, whole_rows(encoded, BUDGET, asked, most))
    rows: list[Any] = [None] * encoded.rows
    for values_of_rows, _ in results:
        for row, value in values_of_rows.items():
            rows[row] = value
    return Read(rows=rows, loss=_mean([loss for _, loss in results if loss is not None]))


def _asked(examples: Sequence[Example]) -> NDArray[np.int64]:
    """At how many tokens of each example something is asked: some positions, or all tokens."""
    return np.array([_asked_of(example) for example in examples], dtype=np.int64)


def _asked_of(example: Example) -> int:
    if example.asked is not None:
        return example.asked
    return len(example.places["positions"]) if "positions" in example.places else example.size


def whole_rows(
    encoded: Encoded, budget: int, asked: NDArray[np.int64] | None = None, most: int = 0
) -> list[NDArray[np.int64]]:
    """Numbers of examples in batches within a padded size, none of which splits a row.

    Rows are sorted by their longest example, the longest first, so that little is padding.

    Args:
        encoded: The examples.
        budget: Padded size of a batch at most, unless a single row has more.
        asked: Of how many tokens of each example the network is asked, ``(examples,)``, where that
            is limited too.
        most: Such tokens of a batch at most, padded.
    """
    sizes = encoded.sizes
    rows = [example.row for example in encoded.examples]
    starts = [n for n, row in enumerate(rows) if not n or rows[n - 1] != row]
    ends = [*starts[1:], len(sizes)][: len(starts)]
    longest = np.array(
        [sizes[start:end].max() for start, end in zip(starts, ends, strict=True)], dtype=np.int64
    )
    batches: list[list[int]] = []
    widest = deepest = 0
    for place in np.argsort(-longest, kind="stable"):
        numbers = range(starts[place], ends[place])
        depth = 0 if asked is None else int(asked[starts[place] : ends[place]].max())
        count = len(numbers) + (len(batches[-1]) if batches else 0)
        if not batches or widest * count > budget or max(deepest, depth) * count > most > 0:
            batches.append([])
            widest, deepest = int(longest[place]), 0
        deepest = max(deepest, depth)
        batches[-1] += numbers
    return [np.array(batch, dtype=np.int64) for batch in batches]


def _mean(losses: Sequence[tuple[float, float]]) -> float | None:
    """The mean over targets of some batches' mean losses; None if no target counts."""
    if not losses:
        return None
    return float(np.average([loss for loss, _ in losses], weights=[count for _, count in losses]))
