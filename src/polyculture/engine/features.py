"""Outputs of a base that never changes: computed once, so that an epoch costs a sixtieth."""

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from polyculture.engine.batches import by_length, collate
from polyculture.engine.encode import Encoded, Piece
from polyculture.engine.precision import Kernels, arithmetic
from polyculture.engine.predict import BUDGET
from polyculture.engine.team import Team
from polyculture.nets.network import CachedBody, Network


def cache_features(
    network: Network,
    encoded: Mapping[str, Encoded],
    padding: int,
    *,
    kernels: Kernels,
    threads: int,
) -> dict[str, list[Tensor]]:
    """Run the frozen body over all pieces and put a stand-in in its place.

    The body runs in evaluation mode, without dropout: what is cached must be what it always says.

    Returns:
        For each split one tensor ``(tokens, width)`` a piece. ``network.cached_from`` keeps the
        real body, for the end of training.
    """
    body = network.body
    body.eval()
    features = {}
    for split, part in encoded.items():
        pieces = part.pieces

        def read(numbers: NDArray[Any], pieces: list[Piece] = pieces) -> list[Tensor]:
            batch = collate([pieces[n] for n in numbers], level="text", padding=padding)
            with torch.no_grad(), arithmetic(kernels.precision):
                hidden = body(**batch.inputs)[0].float()
            return [row[: len(pieces[n])].clone() for n, row in zip(numbers, hidden, strict=True)]

        batches = by_length(part.lengths, BUDGET)
        with Team(threads) as team:
            found = team.map(read, batches)
        outputs: list[Tensor] = [torch.empty(0)] * len(pieces)
        for numbers, rows in zip(batches, found, strict=True):
            for number, row in zip(numbers, rows, strict=True):
                outputs[number] = row
        features[split] = outputs
    network.cached_from = body
    network.swap_body(CachedBody(body))
    return features
