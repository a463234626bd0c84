"""Loss and logits of label tasks."""

from typing import Any

from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from polyculture.nets.batch import IGNORED, Batch, Outputs, Reading


def one_label_loss(outputs: Outputs, batch: Batch) -> Tensor:
    """The sum of the cross-entropy over the rows whose label is known."""
    logits, targets = outputs["logits"].float(), batch.targets["labels"]
    return functional.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="sum")


def several_labels_loss(outputs: Outputs, batch: Batch) -> Tensor:
    """The sum of the binary cross-entropy over all labels whose target is known, 0 or 1."""
    logits, targets = outputs["logits"].float(), batch.targets["labels"]
    is_known = (targets >= 0).float()
    return functional.binary_cross_entropy_with_logits(
        logits, targets.clamp(min=0), weight=is_known, reduction="sum"
    )


def logits_of_rows(reading: Reading) -> list[NDArray[Any]]:
    """The logits of each row, ``(labels,)``."""
    return list(reading.seen("logits").numpy())
