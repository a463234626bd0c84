r"""Adversarial training: token vectors are moved towards a higher loss, and learnt again.

For the token vectors V of a row and the gradient G of the loss by them, the second reading has

\[ V + \epsilon \lVert V \rVert \frac{G}{\lVert G \rVert} \]

The authors normalise vectors to length 1 and move them by a length. Here the length is a share of
the row's own, so that it means the same for any base. Padding has no gradient and does not count.

Source: Miyato, Dai and Goodfellow 2017, arXiv:1605.07725.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

SMALLEST = 1e-12
"""Length of a gradient that moves nothing."""


@dataclass
class VectorReading:
    """The token vectors of one reading of a batch."""

    vectors: list[Tensor] = field(default_factory=list)
    """``(rows, tokens, width)`` of each call of a table: an encoder's, then its decoder's."""
    moves: Sequence[Tensor] = ()
    """What is added to them; empty for nothing."""


class VectorMoves:
    """Records and moves what tables of tokens give, for each thread by itself.

    Args:
        tables: The modules that look tokens up, one for an encoder and one for its decoder.
        share: How far vectors are moved, as a share of their length.

    Example:
        >>> import torch
        >>> table = nn.Embedding(3, 2, _weight=torch.tensor([[3.0, 4.0], [0.0, 1.0], [1.0, 0.0]]))
        >>> moves = VectorMoves([table], 0.1)
        >>> with moves.recorded() as first:
        ...     loss = table(torch.tensor([[0]])).sum()
        >>> away = moves.away(first, torch.autograd.grad(loss, first.vectors))
        >>> with moves.recorded(away):
        ...     [round(x, 4) for x in table(torch.tensor([[0]])).flatten().tolist()]
        [3.3536, 4.3536]
    """

    def __init__(self, tables: Sequence[nn.Module], share: float) -> None:
        self._share = share
        self._thread = threading.local()
        for table in tables:
            table.register_forward_hook(self._after_lookup)

    def _after_lookup(self, _: nn.Module, __: Any, vectors: Tensor) -> Tensor:
        reading: VectorReading | None = getattr(self._thread, "reading", None)
        if reading is None:  # validation rows are not moved
            return vectors
        if reading.moves:
            vectors = vectors + reading.moves[len(reading.vectors)]
        elif not vectors.requires_grad:  # the table is frozen
            vectors = vectors.detach().requires_grad_()
        reading.vectors.append(vectors)
        return vectors

    @contextmanager
    def recorded(self, moves: Sequence[Tensor] = ()) -> Iterator[VectorReading]:
        """Record what this thread reads while the block runs.

        Args:
            moves: What is added to the vectors, call by call.
        """
        self._thread.reading = VectorReading(moves=moves)
        try:
            yield self._thread.reading
        finally:
            self._thread.reading = None

    def away(self, reading: VectorReading, gradients: Sequence[Tensor | None]) -> list[Tensor]:
        """What to add to the vectors of a reading so that the loss grows.

        Args:
            reading: The first one.
            gradients: Of the loss by its vectors; None where the loss does not depend on them.
        """
        return [
            vectors.new_zeros(()) if gradient is None else self._away(vectors.detach(), gradient)
            for vectors, gradient in zip(reading.vectors, gradients, strict=True)
        ]

    def _away(self, vectors: Tensor, gradient: Tensor) -> Tensor:
        is_felt = gradient.ne(0).any(dim=-1, keepdim=True)
        length = (vectors * is_felt).norm(dim=(1, 2), keepdim=True)
        steepness = gradient.norm(dim=(1, 2), keepdim=True).clamp(min=SMALLEST)
        move: Tensor = gradient * (self._share * length / steepness)
        return move
