"""Batches by a budget of tokens: pieces of like length together, so that little is padding.

With random order and a fixed number of rows, more than half of what a CPU computes on short
sentences is padding. Here a batch holds as many pieces as fit into a number of padded tokens.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from polyculture.engine.encode import Piece
from polyculture.nets.network import IGNORED, Batch

POOL = 50
"""Pieces are sorted by length within pools of about this many batches, drawn at random."""


def cut(order: NDArray[np.int64], lengths: NDArray[np.int64], budget: int) -> list[NDArray[Any]]:
    """Cut pieces in a given order into batches within the budget; one piece at least a batch.

    Args:
        order: Numbers of pieces, best sorted by length.
        lengths: Tokens of every piece, ``(pieces,)``.
        budget: Padded tokens of a batch at most, unless a single piece is longer.

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
    """The batches of one epoch of training: every piece once, in an order drawn from ``rng``."""
    order = rng.permutation(len(lengths))
    pool = max(1, round(POOL * budget / lengths.mean()))
    batches = []
    for start in range(0, len(order), pool):
        part = order[start : start + pool]
        batches += cut(part[np.argsort(lengths[part], kind="stable")], lengths, budget)
    return [batches[number] for number in rng.permutation(len(batches))]


def by_length(lengths: NDArray[np.int64], budget: int) -> list[NDArray[Any]]:
    """Batches for reading without training; callers restore the order by the pieces' numbers."""
    return cut(np.argsort(-lengths, kind="stable"), lengths, budget)


def collate(
    pieces: Sequence[Piece],
    *,
    level: Literal["text", "word"],
    padding: int,
    targets: Sequence[NDArray[Any]] | None = None,
    features: Sequence[Tensor] | None = None,
) -> Batch:
    """Pad some pieces to one length.

    Args:
        pieces: What the network reads.
        level: Whether texts or words are answered.
        padding: Number of the padding token.
        targets: The target of each piece's row, as the task gives it: one array a piece.
        features: Outputs of a body that never changes, ``(tokens, width)`` each.
    """
    tokens, mask = _padded([p.tokens for p in pieces], padding)
    batch = Batch(inputs={"input_ids": tokens, "attention_mask": mask.to(torch.int64)})
    types = [p.types for p in pieces if p.types is not None]
    if types:
        batch.inputs["token_type_ids"], _ = _padded(types, 0)
    if level == "word":
        batch.positions, batch.words = _padded([p.positions for p in pieces], 0)
        shapes = [p.shapes for p in pieces if p.shapes is not None]
        if shapes:
            batch.shapes, _ = _padded(shapes, 0)
    if targets is not None:
        if level == "word":
            wanted = [t[p.words] for p, t in zip(pieces, targets, strict=True)]
            batch.targets, _ = _padded(wanted, IGNORED)
        else:
            batch.targets = torch.from_numpy(np.stack([np.asarray(t) for t in targets]))
    if features is not None:
        batch.features = torch.nn.utils.rnn.pad_sequence(list(features), batch_first=True)
    return batch


def _padded(rows: Sequence[NDArray[np.int64]], fill: int) -> tuple[Tensor, Tensor]:
    width = max(1, *(len(row) for row in rows))
    values = np.full((len(rows), width), fill, dtype=np.int64)
    there = np.zeros((len(rows), width), dtype=bool)
    for number, row in enumerate(rows):
        values[number, : len(row)] = row
        there[number, : len(row)] = True
    return torch.from_numpy(values), torch.from_numpy(there)
