"""The torch modules behind the heads: vectors in, logits out.

Every head takes vectors ``(rows, width)`` of texts or ``(rows, words, width)`` of words or tokens,
and the spelling codes of the words, ``(rows, words)`` or none. One that makes the vector of a text
itself has a module ``pool``: vectors of tokens and their mask to ``(rows, width)``.
"""

import torch
from torch import Tensor, nn

from polyculture.nets.efficiency.dropout import Dropout
from polyculture.nets.losses.crf import ChainCRF

SHAPES = 9
SHAPE_WIDTH = 16


class LinearHead(nn.Module):
    """Dropout and one linear layer."""

    def __init__(
        self, width: int, labels: int, *, dropout: float, pool: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.pool = pool
        self.dropout = Dropout(dropout)
        self.output = nn.Linear(width, labels)
        nn.init.normal_(self.output.weight, std=0.02)
        nn.init.zeros_(self.output.bias)

    def forward(self, vectors: Tensor, shapes: Tensor | None = None) -> Tensor:  # noqa: ARG002  # one form for all heads
        """Logits of each vector."""
        logits: Tensor = self.output(self.dropout(vectors))
        return logits


class MlpHead(nn.Module):
    """A hidden layer, with the spelling of the word beside the vector where asked for."""

    def __init__(
        self,
        width: int,
        labels: int,
        *,
        hidden: int,
        dropout: float,
        shapes: bool,
        pool: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.pool = pool
        self.shapes = nn.Embedding(SHAPES, SHAPE_WIDTH) if shapes else None
        self.inner = nn.Linear(width + (SHAPE_WIDTH if shapes else 0), hidden)
        self.activation = nn.GELU()
        self.output = LinearHead(hidden, labels, dropout=dropout)

    def forward(self, vectors: Tensor, shapes: Tensor | None = None) -> Tensor:
        """Logits of each vector."""
        joined = _beside(vectors, shapes, self.shapes)
        logits: Tensor = self.output(self.activation(self.inner(joined)))
        return logits


class CrfHead(nn.Module):
    """Emissions and a chain over them."""

    def __init__(
        self, width: int, labels: int, *, hidden: int, dropout: float, shapes: bool
    ) -> None:
        super().__init__()
        self.shapes = nn.Embedding(SHAPES, SHAPE_WIDTH) if shapes and not hidden else None
        self.emissions: nn.Module = (
            MlpHead(width, labels, hidden=hidden, dropout=dropout, shapes=shapes)
            if hidden
            else LinearHead(width + (SHAPE_WIDTH if shapes else 0), labels, dropout=dropout)
        )
        self.chain = ChainCRF(labels)

    def forward(self, vectors: Tensor, shapes: Tensor | None = None) -> Tensor:
        """Emission scores of each word."""
        emissions: Tensor = self.emissions(_beside(vectors, shapes, self.shapes), shapes)
        return emissions

    def loss(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """The negative log-likelihood of all words."""
        return self.chain.negative_log_likelihood(emissions, labels, mask)

    def best_path(self, emissions: Tensor, mask: Tensor, allowed: Tensor | None = None) -> Tensor:
        """The most probable labels."""
        return self.chain.best_path(emissions, mask, allowed)


class BiaffineHead(nn.Module):
    r"""A score for each pair of a start and an end.

    \[ s_{ij} = a_i^T U b_j + u^T a_i + v^T b_j \]

    with a hidden vector a of each token as a start, and b as an end. u and v stand in U, beside a
    number 1 that is put behind each vector; the score of 1 with 1 is the same for all pairs.
    """

    def __init__(self, width: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.start, self.end = nn.Linear(width, hidden), nn.Linear(width, hidden)
        self.activation = nn.GELU()
        self.dropout = Dropout(dropout)
        self.pairs = nn.Linear(hidden + 1, hidden + 1, bias=False)
        nn.init.normal_(self.pairs.weight, std=0.02)

    def forward(self, vectors: Tensor, _: Tensor | None = None) -> Tensor:
        """Scores of starts and ends, ``(rows, tokens, tokens)``, of ``(rows, tokens, width)``."""
        starts, ends = (
            nn.functional.pad(self.dropout(self.activation(layer(vectors))), (0, 1), value=1.0)
            for layer in (self.start, self.end)
        )
        scores: Tensor = self.pairs(starts) @ ends.transpose(1, 2)
        return scores


class UnitVectors(nn.Module):
    """Vectors brought to length 1, so that their products are cosines."""

    def forward(self, vectors: Tensor, _: Tensor | None = None) -> Tensor:
        """Vectors of the same direction."""
        return nn.functional.normalize(vectors.float(), dim=-1)


def _beside(vectors: Tensor, shapes: Tensor | None, table: nn.Embedding | None) -> Tensor:
    if table is None or shapes is None:
        return vectors
    return torch.cat([vectors, table(shapes).to(vectors.dtype)], dim=-1)


class BottleneckBlock(nn.Module):
    """What two thin matrices make of vectors, added to them; nothing before the first step."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.down = nn.Linear(size, width)
        self.up = nn.Linear(width, size)
        nn.init.normal_(self.down.weight, std=0.02)
        nn.init.zeros_(self.down.bias)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, vectors: Tensor) -> Tensor:
        """Vectors of the same shape."""
        change: Tensor = self.up(nn.functional.relu(self.down(vectors)))
        return vectors + change
