"""Contrastive losses: matching texts get nearer than the others of the batch."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from polyculture.core.errors import ModelError


def others(codes: Tensor, right: Tensor) -> Tensor:
    """Which candidates of a batch are wrong for which row, ``(rows, rows * candidates a row)``.

    A candidate of another row that is right for this one too would be pushed away by mistake.

    Args:
        codes: What each candidate of each row is, ``(rows, candidates a row)``; the first is the
            row's match.
        right: All codes that are right for a row, ``(rows, most)``, filled up with -1.

    Returns:
        True where a candidate is wrong; first the matches of all rows, then what else there is.

    Example:
        >>> codes = torch.tensor([[7], [8], [7]])
        >>> others(codes, codes).int().tolist()
        [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    """
    flat = codes.T.reshape(-1)
    return (flat[None, :, None] != right[:, None, :]).all(dim=2)


def ranking(alike: Tensor, wrong: Tensor, *, temperature: float) -> Tensor:
    """The sum of the cross-entropy of each row's match among the candidates of the batch.

    Args:
        alike: Cosines of rows and candidates, ``(rows, candidates)``; that of row n is number n.
        wrong: Which candidates are wrong for which row, of the same shape.
        temperature: Cosines are divided by it.

    Source:
        van den Oord, Li and Vinyals 2018, arXiv:1807.03748; Henderson et al. 2017,
        arXiv:1705.00652, with the other rows' matches as wrong answers.

    Example:
        >>> alike = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> round(ranking(alike, alike == 0, temperature=1.0).item(), 4)
        0.6265
    """
    is_match = torch.eye(*alike.shape, dtype=torch.bool, device=alike.device)
    logits = (alike / temperature).masked_fill(~(wrong | is_match), -torch.inf)
    places = torch.arange(len(alike), device=alike.device)
    return functional.cross_entropy(logits, places, reduction="sum")


def triplet(alike: Tensor, wrong: Tensor, *, margin: float) -> Tensor:
    """The summed hinge loss of each row's match against its nearest wrong candidate.

    Args:
        alike: Cosines of rows and candidates, ``(rows, candidates)``; that of row n is number n.
        wrong: Which candidates are wrong for which row, of the same shape.
        margin: By how much the match has to be nearer.

    Source:
        Schroff, Kalenichenko and Philbin 2015, arXiv:1503.03832; the hardest of a batch as in
        Hermans, Beyer and Leibe 2017, arXiv:1703.07737.

    Example:
        >>> alike = torch.tensor([[0.5, 0.4], [0.0, 1.0]])
        >>> round(triplet(alike, alike < 0.5, margin=0.2).item(), 4)
        0.1
    """
    nearest = alike.masked_fill(~wrong, -torch.inf).amax(dim=1)
    return functional.relu(margin - alike.diagonal() + nearest).sum()


def grouped(vectors: Tensor, groups: int) -> Tensor:
    """Vectors of texts that lie one behind another, by group: ``(groups, texts, width)``."""
    groups_of_vectors: Tensor = vectors.unflatten(0, (groups, -1))
    return groups_of_vectors


def candidates(vectors: Tensor) -> Tensor:
    """Similarity of the first text of each group to all others of the batch, in order.

    Args:
        vectors: Of length 1, ``(groups, texts, width)``.

    Returns:
        Cosines, ``(groups, groups * (texts - 1))``, in the order of ``others``.
    """
    return vectors[:, 0] @ vectors[:, 1:].transpose(0, 1).flatten(0, 1).T


def cosines_of_pairs(vectors: Tensor) -> Tensor:
    """The cosine of the two texts of each group.

    Args:
        vectors: Of length 1, ``(groups, 2, width)``.

    Example:
        >>> cosines_of_pairs(torch.tensor([[[1.0, 0.0], [0.6, 0.8]]])).tolist()
        [0.6000000238418579]
    """
    return (vectors[:, 0] * vectors[:, 1]).sum(dim=-1)


def at_sizes(vectors: Tensor, sizes: Sequence[int], loss: Callable[[Tensor], Tensor]) -> Tensor:
    """The mean of a loss over whole vectors and truncated ones, normalised (Matryoshka).

    Args:
        vectors: Of length 1, ``(..., width)``.
        sizes: How many numbers of each are kept; empty for whole vectors alone.
        loss: Of vectors of any width.

    Raises:
        ModelError: A vector has fewer numbers than are to be kept.

    Source:
        Kusupati et al. 2022, Matryoshka Representation Learning, arXiv:2205.13147.

    Example:
        >>> at_sizes(torch.tensor([[0.6, 0.8]]), [1], lambda v: v.sum()).item()
        1.2000000476837158
    """
    width = vectors.shape[-1]
    if max(sizes, default=0) > width:
        msg = f"task.sizes has {max(sizes)}, but the vectors of this base have {width} numbers."
        raise ModelError(msg)
    cut = [functional.normalize(vectors[..., :size], dim=-1) for size in sizes]
    return torch.stack([loss(part) for part in (vectors, *cut)]).mean()
