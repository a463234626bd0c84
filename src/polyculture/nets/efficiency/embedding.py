"""Train only those rows of an embedding table that the data can touch.

A row whose token occurs nowhere has no gradient, so AdamW without decay on embeddings leaves it as
it is. Training a compact table of the rows that do occur therefore gives the same weights, without
the cost of moving tens of millions of idle numbers at every step.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class CompactEmbedding(nn.Module):
    """Looks up the same tokens in a table of the occurring rows only."""

    def __init__(self, full: nn.Embedding, tokens: Tensor) -> None:
        super().__init__()
        self.full_weight = full.weight.detach()
        self.padding_idx = full.padding_idx
        self.register_buffer("tokens", tokens, persistent=False)
        places = torch.full((full.num_embeddings,), -1)
        places[tokens] = torch.arange(len(tokens))
        self.register_buffer("places", places, persistent=False)
        self.weight = nn.Parameter(self.full_weight[tokens].clone())
        self.weight.requires_grad_(full.weight.requires_grad)
        # torch gives no gradient to the padding row; the compact table keeps that rule
        self.compact_padding = None if full.padding_idx is None else int(places[full.padding_idx])

    places: Tensor
    tokens: Tensor

    def forward(self, tokens: Tensor) -> Tensor:
        """Vectors ``(rows, tokens, width)`` of token numbers ``(rows, tokens)``."""
        padding = self.compact_padding if self.compact_padding not in {None, -1} else None
        return nn.functional.embedding(self.places[tokens], self.weight, padding_idx=padding)

    def expand(self) -> nn.Embedding:
        """The whole table again, with the trained rows in their places."""
        weight = self.full_weight.clone()
        weight[self.tokens] = self.weight.detach()
        rows, width = weight.shape
        full = nn.Embedding(rows, width, padding_idx=self.padding_idx, _weight=weight)
        full.weight.requires_grad_(self.weight.requires_grad)
        return full


def compact(body: nn.Module, tokens: Iterable[int]) -> bool:
    """Swap the input embedding of a body for a compact one; say whether that was possible."""
    table = input_table(body)
    if type(table) is not nn.Embedding or table.max_norm is not None:
        return False
    wanted = torch.tensor(sorted(set(tokens)), dtype=torch.int64)
    body.set_input_embeddings(CompactEmbedding(table, wanted))  # type: ignore[operator]
    return True


def input_table(body: nn.Module) -> nn.Module | None:
    """The table of tokens that a body reads with; None if it reads something else."""
    get = getattr(body, "get_input_embeddings", None)
    try:
        table = get() if get else None
    except NotImplementedError:  # a body that reads pictures
        return None
    return table if isinstance(table, nn.Embedding | CompactEmbedding) else None


def expand(body: nn.Module) -> None:
    """Undo ``compact``."""
    table = input_table(body)
    if isinstance(table, CompactEmbedding):
        body.set_input_embeddings(table.expand())  # type: ignore[operator]
