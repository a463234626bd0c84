"""From the vectors of all tokens to one vector a text."""

from typing import Literal

import torch
from torch import Tensor

Pooling = Literal["mean", "first", "last"]


def pool(hidden: Tensor, mask: Tensor, how: Pooling) -> Tensor:
    """One vector a row.

    Args:
        hidden: Vectors of the tokens, ``(rows, tokens, width)``.
        mask: 1 for tokens, 0 for padding, ``(rows, tokens)``; padding stands on the right.
        how: The mean of all tokens, the first, or the last.

    Example:
        >>> hidden = torch.tensor([[[1.0], [3.0], [9.0]]])
        >>> pool(hidden, torch.tensor([[1, 1, 0]]), "mean").item()
        2.0
        >>> pool(hidden, torch.tensor([[1, 1, 0]]), "last").item()
        3.0
    """
    if how == "first":
        return hidden[:, 0]
    if how == "last":
        return hidden[torch.arange(len(hidden)), mask.sum(dim=1) - 1]
    weights = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


def gather_words(vectors: Tensor, positions: Tensor) -> Tensor:
    """Vectors at the first token of each word: ``(rows, words, width)``.

    Args:
        vectors: ``(rows, tokens, width)``.
        positions: Token of each word, ``(rows, words)``; any valid number where there is no word.
    """
    return vectors.gather(1, positions.unsqueeze(-1).expand(-1, -1, vectors.shape[-1]))
