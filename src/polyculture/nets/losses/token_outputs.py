"""The loss of tokens of a vocabulary: hidden ones, next ones, or those of a text to write."""

from torch import Tensor
from torch.nn import functional

from polyculture.nets.batch import Outputs


def token_nats(logits: Tensor, targets: Tensor) -> Tensor:
    """The cross-entropy of each token, ``(examples, places)``; 0 where the target is -100.

    Args:
        logits: ``(examples, places, vocabulary)``.
        targets: The right tokens, ``(examples, places)``.
    """
    flat = functional.cross_entropy(
        logits.float().flatten(0, 1), targets.flatten(), reduction="none"
    )
    return flat.view_as(targets)


def token_loss(outputs: Outputs, targets: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """The sum of the cross-entropy in nats; targets of -100 do not count.

    Args:
        outputs: With ``logits`` at the places that are asked, ``(examples, places, vocabulary)``.
        targets: The right tokens, ``(examples, places)``.
        smoothing: Share of the target's probability that is spread over all tokens.
    """
    logits = outputs["logits"].float()
    return functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), reduction="sum", label_smoothing=smoothing
    )
