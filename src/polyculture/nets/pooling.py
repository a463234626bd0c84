"""Pool the vectors of tokens, or of places of a picture, to one vector a row."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

Pooling = Literal["mean", "max", "first", "last"]
SERIES = "past_values"
"""The input of bodies that read series."""


def vectors_of(outputs: Any, body: Any = None) -> Tensor:
    """What a body says of each position, ``(rows, positions, width)``.

    The positions of feature maps, ``(rows, width, height, breadth)``, are their places; those of
    series, ``(rows, series, patches, width)``, their patches.

    Example:
        >>> vectors_of((torch.ones(2, 8, 3, 4),)).shape
        torch.Size([2, 12, 8])
    """
    hidden: Tensor = outputs[0]
    if hidden.dim() != 4:  # noqa: PLR2004
        return hidden
    if getattr(body, "main_input_name", "") == SERIES:
        return hidden.flatten(1, 2)
    return hidden.flatten(2).transpose(1, 2)


def pool(hidden: Tensor, mask: Tensor | None, how: Pooling) -> Tensor:
    """One vector a row.

    Args:
        hidden: Vectors of the tokens, ``(rows, tokens, width)``.
        mask: 1 for tokens, 0 for padding, ``(rows, tokens)``; padding stands on the right. None
            where nothing is padding.
        how: The mean of all tokens, the largest value of each of the numbers, the first token, or
            the last.

    Example:
        >>> hidden = torch.tensor([[[1.0], [3.0], [9.0]]])
        >>> pool(hidden, torch.tensor([[1, 1, 0]]), "mean").item()
        2.0
        >>> [pool(hidden, torch.tensor([[1, 1, 0]]), how).item() for how in ("max", "last")]
        [3.0, 3.0]
    """
    if how == "first":
        return hidden[:, 0]
    if how == "max":
        return hidden.amax(dim=1) if mask is None else _where(mask, hidden).amax(dim=1)
    if mask is None:
        return hidden[:, -1] if how == "last" else hidden.mean(dim=1)
    if how == "last":
        return hidden[torch.arange(len(hidden)), mask.sum(dim=1) - 1]
    weights = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


def _where(mask: Tensor, values: Tensor) -> Tensor:
    """Values of ``(rows, tokens, ...)`` as they are, but minus infinity at padding."""
    return values.masked_fill(mask.unsqueeze(-1) == 0, -torch.inf)


class AttentionPooling(nn.Module):
    r"""A weighted mean of the tokens' vectors, with learnt weights; at first the plain mean.

    \[ \sum_t a_t h_t, \qquad a = \operatorname{softmax}(H q) \]

    with the vectors h of a row's tokens, which are the rows of H, and a query q that is trained and
    starts at zero.

    Source:
        Lin et al. 2017, arXiv:1703.03130, with one query and no hidden layer, as in Safari et al.
        2020, arXiv:2008.01077.

    Example:
        >>> pooling = AttentionPooling(1)
        >>> pooling(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[1, 1, 0]])).item()
        2.0
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        # no bias: softmax does not see what is added to all scores
        self.query = nn.Linear(width, 1, bias=False)
        nn.init.zeros_(self.query.weight)

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        """One vector a row; arguments as of ``pool``."""
        scores = self.query(hidden).float()  # (rows, tokens, 1)
        if mask is not None:
            scores = _where(mask, scores)
        weights = torch.softmax(scores, dim=1).to(hidden.dtype)
        return (hidden * weights).sum(dim=1)


def heard_of(body: Any, hidden: Tensor, mask: Tensor | None) -> Tensor | None:
    """Which positions of a body's vectors are no padding, ``(rows, positions)``.

    Args:
        body: A body; one that hears says how many vectors it makes of a clip.
        hidden: Its vectors, ``(rows, positions, width)``.
        mask: 1 for what went in, 0 for padding, ``(rows, inputs)``; None where nothing is padding.
    """
    if mask is None or mask.shape[1] == hidden.shape[1]:
        return mask
    heard: Tensor = body._get_feature_vector_attention_mask(hidden.shape[1], mask)  # noqa: SLF001  # transformers' only name for it
    return heard.to(mask.dtype)


def gather_words(vectors: Tensor, positions: Tensor, owners: Tensor | None = None) -> Tensor:
    """Vectors at the first token of each word: ``(rows, words, width)``.

    Args:
        vectors: ``(inputs, tokens, width)``.
        positions: Token of each word, ``(rows, words)``; any valid number where there is no word.
        owners: The input that each row is read in, ``(rows,)``; where left out, each has its own.

    Example:
        >>> vectors = torch.tensor([[[1.0], [2.0], [3.0]]])
        >>> gather_words(vectors, torch.tensor([[0, 1], [2, 0]]), torch.tensor([0, 0])).tolist()
        [[[1.0], [2.0]], [[3.0], [1.0]]]
    """
    if owners is None:
        return vectors.gather(1, positions.unsqueeze(-1).expand(-1, -1, vectors.shape[-1]))
    return vectors.flatten(0, 1)[owners[:, None] * vectors.shape[1] + positions]
