r"""Losses and logits of label tasks.

For a row with the right label y, whose probability is p:

\[ -w_y (1 - p)^\gamma \log p \]

with the weight w of the label and the focus gamma; both make what is easy or frequent count less.
Smoothing moves a share of the target from the right label to all labels alike. A row that is read
in several windows counts once: each window counts its share (``row_weight``).

Source: Lin et al. 2017, arXiv:1708.02002 (focal loss); Szegedy et al. 2016, arXiv:1512.00567
(smoothing).
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from polyculture.nets.batch import IGNORED, Batch, Outputs, Reading
from polyculture.nets.reading.texts import ROW_WEIGHT


def one_label_loss(
    outputs: Outputs,
    batch: Batch,
    *,
    weights: NDArray[Any] | None = None,
    smoothing: float = 0.0,
    focus: float = 0.0,
) -> Tensor:
    """The sum of the cross-entropy over the rows whose label is known.

    Args:
        outputs: With ``logits``, ``(rows, labels)``.
        batch: With targets ``labels``, ``(rows,)``.
        weights: How much each label counts, ``(labels,)``.
        smoothing: Share of the target that all labels have alike, from 0 to less than 1.
        focus: The focal loss's gamma; 0 for the plain cross-entropy.
    """
    logits, targets = outputs["logits"].float(), batch.targets["labels"]
    shape: dict[str, Any] = {"ignore_index": IGNORED, "label_smoothing": smoothing}
    if weights is None and not focus and ROW_WEIGHT not in batch.targets:
        return functional.cross_entropy(logits, targets, reduction="sum", **shape)
    losses = functional.cross_entropy(logits, targets, reduction="none", **shape)
    codes = targets.clamp(min=0)
    if focus:
        at_gold = logits.softmax(dim=1).gather(1, codes[:, None]).squeeze(1)
        losses = losses * (1 - at_gold).clamp(min=0) ** focus
    if weights is not None:
        losses = losses * torch.as_tensor(weights, dtype=losses.dtype, device=losses.device)[codes]
    return (losses * row_weights(batch, losses)).sum()


def several_labels_loss(
    outputs: Outputs,
    batch: Batch,
    *,
    weights: NDArray[Any] | None = None,
    smoothing: float = 0.0,
    focus: float = 0.0,
) -> Tensor:
    """The sum of the binary cross-entropy over all labels whose target is known, 0 or 1.

    Args:
        outputs: With ``logits``, ``(rows, labels)``.
        batch: With targets ``labels``, ``(rows, labels)``.
        weights: How much a row with a label counts against one without it, ``(labels,)``.
        smoothing: Targets are moved by half of it towards each other.
        focus: The focal loss's gamma; 0 for the plain cross-entropy.
    """
    logits, targets = outputs["logits"].float(), batch.targets["labels"]
    is_known = (targets >= 0).float()
    marks = targets.clamp(min=0)
    soft = marks * (1 - smoothing) + smoothing / 2 if smoothing else marks
    of_right = (
        None
        if weights is None
        else torch.as_tensor(weights, dtype=logits.dtype, device=logits.device)
    )
    if not focus and ROW_WEIGHT not in batch.targets:
        return functional.binary_cross_entropy_with_logits(
            logits, soft, weight=is_known, pos_weight=of_right, reduction="sum"
        )
    losses = functional.binary_cross_entropy_with_logits(
        logits, soft, weight=is_known, pos_weight=of_right, reduction="none"
    )
    if focus:
        at_gold = torch.where(marks > 0, logits, -logits).sigmoid()
        losses = losses * (1 - at_gold).clamp(min=0) ** focus
    return (losses.sum(dim=1) * row_weights(batch, losses)).sum()


def row_weights(batch: Batch, losses: Tensor) -> Tensor:
    """How much of its row each example is, ``(examples,)``; 1 where that is not said."""
    if ROW_WEIGHT in batch.targets:
        return batch.targets[ROW_WEIGHT].to(losses.dtype)
    return losses.new_ones(len(losses))


def logits_of_rows(reading: Reading) -> list[NDArray[Any]]:
    """The logits of each row, ``(labels,)``: the mean of those of its windows."""
    logits = reading.seen("logits").numpy()
    if len(reading.rows) == len(logits):
        return list(logits)
    places: dict[int, list[int]] = {}
    for place, row in enumerate(reading.batch.rows):
        places.setdefault(row, []).append(place)
    return [np.asarray(logits[places[row]].mean(axis=0)) for row in reading.rows]
