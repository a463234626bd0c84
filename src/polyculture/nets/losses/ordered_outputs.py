r"""Losses of outputs that have an order: one number, or labels from the lowest to the highest."""

import torch
from torch import Tensor

from polyculture.nets.batch import IGNORED, Batch, Outputs
from polyculture.nets.losses.label_outputs import row_weights


def number_loss(outputs: Outputs, batch: Batch, *, absolute: bool = False) -> Tensor:
    """The sum of the squared errors, or of the absolute ones.

    Args:
        outputs: With ``logits``, ``(rows, 1)``.
        batch: With targets ``labels``, ``(rows,)``.
        absolute: Take absolute errors, which count outliers less.
    """
    errors = outputs["logits"].float().squeeze(1) - batch.targets["labels"]
    return ((errors.abs() if absolute else errors**2) * row_weights(batch, errors)).sum()


def ranked_loss(outputs: Outputs, batch: Batch) -> Tensor:
    r"""The sum of the ranked probability scores: labels that are farther off cost more.

    \[ \sum_{k=1}^{K-1} \left( \sum_{j \le k} p_j - [y \le k] \right)^2 \]

    Args:
        outputs: With ``logits``, ``(rows, labels)``, from the lowest label to the highest.
        batch: With targets ``labels``, ``(rows,)``; rows whose label is not known do not count.

    Source:
        Epstein 1969 for the score; Hou et al. 2016, arXiv:1611.05916, for it as a loss.
    """
    logits, targets = outputs["logits"].float(), batch.targets["labels"]
    below = logits.softmax(dim=1).cumsum(dim=1)
    ranks = torch.arange(logits.shape[1], device=logits.device)
    is_below = (targets[:, None] <= ranks).to(below.dtype)
    losses = ((below - is_below) ** 2)[:, :-1].sum(dim=1) * (targets != IGNORED)
    return (losses * row_weights(batch, losses)).sum()
