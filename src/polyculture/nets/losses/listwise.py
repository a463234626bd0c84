"""Losses of rankings: a pair that belongs together against others of the same question."""

import torch
from torch import Tensor
from torch.nn import functional


def first_of_all(scores: Tensor) -> Tensor:
    """The sum of the cross-entropy of each group's first pair among all of the group.

    Args:
        scores: ``(groups, pairs)``; the first pair of a group belongs together.

    Source:
        Gao, Dai and Callan 2021, Rethink training of BERT rerankers in multi-stage retrieval
        pipeline, arXiv:2101.08751.

    Example:
        >>> round(first_of_all(torch.tensor([[1.0, 0.0], [0.0, 0.0]])).item(), 4)
        1.0064
    """
    return functional.cross_entropy(
        scores, torch.zeros(len(scores), dtype=torch.int64, device=scores.device), reduction="sum"
    )


def each_by_itself(scores: Tensor) -> Tensor:
    """The sum over groups of the mean binary cross-entropy of their pairs, of which the first is 1.

    Args:
        scores: ``(groups, pairs)``; the first pair of a group belongs together.

    Source:
        Nogueira and Cho 2019, Passage re-ranking with BERT, arXiv:1901.04085.

    Example:
        >>> round(each_by_itself(torch.tensor([[1.0, 0.0], [0.0, 0.0]])).item(), 4)
        1.1964
    """
    wanted = torch.zeros_like(scores)
    wanted[:, 0] = 1.0
    losses = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
    return losses.mean(dim=1).sum()
