r"""Token vectors moved a little towards a higher loss, as a second thing to learn of each row.

For the token vectors V of a row and the gradient G of the loss by them, the second reading has

\[ V + \epsilon \lVert V \rVert \frac{G}{\lVert G \rVert} \]

The authors bring vectors to length 1 and move them by a length; here the length is a share of the
row's own, so that it means the same for any base. Padding has no gradient and does not count.

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
class Reading:
    """What a table of tokens gave while a batch was read once."""

    vectors: list[Tensor] = field(default_factory=list)
    """``(rows, tokens, width)``, in the order of the calls: an encoder's, then its decoder's."""
    moves: Sequence[Tensor] = ()
    """What is added to them, or nothing."""


class Nudges:
    """Watches and moves what a table of tokens gives, for each thread by itself.

    Args:
        table: Of tokens.
        share: How far vectors are moved, as a share of their length.

    Example:
        >>> import torch
        >>> table = nn.Embedding(3, 2, _weight=torch.tensor([[3.0, 4.0], [0.0, 1.0], [1.0, 0.0]]))
        >>> nudges = Nudges(table, 0.1)
        >>> with nudges.reading() as first:
        ...     loss = table(torch.tensor([[0]])).sum()
        >>> moves = nudges.moves(first, torch.autograd.grad(loss, first.vectors))
        >>> with nudges.reading(moves):
        ...     table(torch.tensor([[0]])).tolist()
        [[[3.3535535221099854, 4.3535535335540771]]]
    """

    def __init__(self, table: nn.Module, share: float) -> None:
        self._share = share
        self._here = threading.local()
        table.register_forward_hook(self._given)

    def _given(self, _: nn.Module, __: Any, vectors: Tensor) -> Tensor:
        reading: Reading | None = getattr(self._here, "reading", None)
        if reading is None:  # the validation rows are read as they are
            return vectors
        if reading.moves:
            vectors = vectors + reading.moves[len(reading.vectors)]
        elif not vectors.requires_grad:  # the table is frozen
            vectors = vectors.detach().requires_grad_()
        reading.vectors.append(vectors)
        return vectors

    @contextmanager
    def reading(self, moves: Sequence[Tensor] = ()) -> Iterator[Reading]:
        """What is read in this thread meanwhile.

        Args:
            moves: What is added to the vectors, call by call.
        """
        self._here.reading = Reading(moves=moves)
        try:
            yield self._here.reading
        finally:
            self._here.reading = None

    def moves(self, reading: Reading, gradients: Sequence[Tensor | None]) -> list[Tensor]:
        """How the vectors of a reading are to be moved.

        Args:
            reading: The first one.
            gradients: Of the loss by its vectors; None where the loss does not depend on them.
        """
        return [
            vectors.new_zeros(()) if gradient is None else self._move(vectors.detach(), gradient)
            for vectors, gradient in zip(reading.vectors, gradients, strict=True)
        ]

    def _move(self, vectors: Tensor, gradient: Tensor) -> Tensor:
        felt = gradient.ne(0).any(dim=-1, keepdim=True)
        length = (vectors * felt).norm(dim=(1, 2), keepdim=True)
        steep = gradient.norm(dim=(1, 2), keepdim=True).clamp(min=SMALLEST)
        move: Tensor = gradient * (self._share * length / steep)
        return move
