"""Batches by a budget of size: examples of like size together, so that little is padding.

With random order and a fixed number of rows, more than half of what a CPU computes on short
sentences is padding. Here a batch holds as many examples as fit into a number of padded tokens.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from polyculture.core.task import Context, Encoded, Example, Task
from polyculture.nets.batch import Batch

POOL = 50
"""Examples are sorted by size within pools of about this many batches, drawn at random."""


def cut(order: NDArray[np.int64], lengths: NDArray[np.int64], budget: int) -> list[NDArray[Any]]:
    """Cut examples in a given order into batches within the budget; one example at least a batch.

    Args:
        order: Numbers of examples, best sorted by length.
        lengths: Tokens of every example, ``(examples,)``.
        budget: Padded tokens of a batch at most, unless a single example is longer.

    Example:
        >>> [b.tolist() for b in cut(np.array([2, 0, 1]), np.array([3, 4, 2]), 6)]
        [[2, 0], [1]]
    """
    batches, start, widest = [], 0, 0
    for end, length in enumerate(lengths[order].tolist()):
        widest = max(widest, length)
        if end > start and widest * (end - start + 1) > budget:
            batches.append(order[start:end])
            start, widest = end, length
    if len(order) > start:
        batches.append(order[start:])
    return batches


def shuffled(
    lengths: NDArray[np.int64], budget: int, rng: np.random.Generator
) -> list[NDArray[Any]]:
    """The batches of one epoch of training: every example once, in an order drawn from ``rng``."""
    order = rng.permutation(len(lengths))
    pool = max(1, round(POOL * budget / lengths.mean()))
    batches = []
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        batches += cut(part[np.argsort(lengths[part], kind="stable")], lengths, budget)
    return [batches[number] for number in rng.permutation(len(batches))]


def collated(
    encoded: Encoded,
    numbers: NDArray[Any],
    task: Task,
    context: Context,
    features: Sequence[Tensor] | None = None,
    *,
    chance: tuple[int, ...] = (),
) -> Batch:
    """Some examples as one padded batch.

    Args:
        encoded: All examples.
        numbers: Which of them.
        task: Whose ``collate`` is called.
        context: What it may look at.
        features: Saved outputs of a body that never changes, one an example.
        chance: Seed of the training and number of the step, where examples are trained on; where
            left out, rows are only read, and what is drawn of an example depends on what it holds
            alone.
    """
    examples = [encoded.examples[n] for n in numbers]
    if task.draw is not None:
        examples = [
            drawn(example, task, context, (*chance, int(n)) if chance else ())
            for example, n in zip(examples, numbers, strict=True)
        ]
    batch = task.collate(examples, context)
    if features is not None:
        batch.features = pad_sequence([features[n] for n in numbers], batch_first=True)
    return batch


def drawn(example: Example, task: Task, context: Context, chance: tuple[int, ...] = ()) -> Example:
    """An example with its random changes (masks, crops), if the task makes any.

    Args:
        example: As the task encoded it.
        task: Whose ``draw`` is called.
        context: What it may look at.
        chance: Seed of the training, number of the step and of the example. Where left out, the
            seed is made from the inputs, so that a text is drawn the same among any other rows.
    """
    when = task.draws(context.settings)
    if task.draw is None or when == "never" or (when == "training" and not chance):
        return example
    seed = np.random.SeedSequence(chance or _digest(example))
    return task.draw(example, context, np.random.default_rng(seed))


def _digest(example: Example) -> int:
    digest = 0
    for name in sorted(example.inputs):
        digest = zlib.crc32(np.ascontiguousarray(example.inputs[name]).tobytes(), digest)
    return digest
