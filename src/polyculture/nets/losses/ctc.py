"""The loss of texts that are spelt, a letter or none for each piece of a clip."""

import torch
from torch import Tensor
from torch.nn import functional

from polyculture.core.errors import ModelError
from polyculture.nets.batch import IGNORED, Batch, Outputs


def ctc_loss(outputs: Outputs, batch: Batch, *, blank: int) -> Tensor:
    """The summed negative log-likelihood of the texts, over all ways to spell them.

    Args:
        outputs: ``logits`` of ``(rows, pieces, outputs)``, and how many pieces were ``heard``.
        batch: Its targets hold ``tokens``, ``(rows, letters)``, and ``lengths``, ``(rows,)``, below
            0 for a row that teaches nothing.
        blank: The output that is no letter.

    Raises:
        ModelError: A text has more letters than its clip has pieces, so that it has no likelihood.

    Source: Graves et al. 2006, Connectionist Temporal Classification, ICML.
    """
    tokens, lengths = batch.targets["tokens"], batch.targets["lengths"]
    teaches, heard = lengths >= 0, outputs["heard"]
    twice = (tokens[:, 1:] == tokens[:, :-1]) & (tokens[:, 1:] != IGNORED)
    short = teaches & (lengths + twice.sum(dim=1) > heard)
    if short.any():
        place = int(short.nonzero()[0])
        msg = (
            f"Row {batch.rows[place] + 1} has {int(lengths[place])} letters, but the base makes "
            f"{int(heard[place])} pieces of its clip. Leave it out, or choose a base with finer "
            "pieces."
        )
        raise ModelError(msg)
    likely = outputs["logits"].float().log_softmax(dim=-1).transpose(0, 1)
    loss: Tensor = functional.ctc_loss(
        likely[:, teaches],
        tokens[teaches].clamp(min=0),
        heard[teaches].to(torch.int64),
        lengths[teaches],
        blank=blank,
        reduction="sum",
    )
    return loss
