"""The loss of where an answer starts and ends, and the best such piece of a text.

A network gives ``start_logits`` and ``end_logits``, ``(examples, tokens)``, as transformers' heads
do, and the score of a piece is the sum of its two; or ``span_logits``, ``(examples, tokens,
tokens)``, a score for each pair of a start and an end.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from polyculture.nets.batch import IGNORED, Outputs

Places = Mapping[str, Tensor]
"""``starts`` and ``ends``, characters of tokens, negative where a token is none of the text, both
``(examples, tokens)``; and ``none``, the token that stands for no answer, ``(examples,)``."""


def may_end(places: Places) -> Tensor:
    """Which tokens an answer may start or end at, that for no answer included.

    Example:
        >>> places = {"starts": torch.tensor([[-1, -1, 0, 4, -1]]), "none": torch.tensor([0])}
        >>> may_end(places).tolist()
        [[True, False, True, True, False]]
    """
    columns = torch.arange(places["starts"].shape[1], device=places["starts"].device)
    return (places["starts"] >= 0) | (columns == places["none"][:, None])


def span_loss(outputs: Outputs, places: Places, targets: Mapping[str, Tensor]) -> Tensor:
    """The sum of the cross-entropy of starts and ends, in nats; ``IGNORED`` targets do not count.

    Tokens outside the text have no share in it, so padding and the question change nothing. A
    network that scores pairs is held against all pairs, of any length.

    Args:
        outputs: See above.
        places: Of the batch.
        targets: ``start`` and ``end``, tokens, ``(examples,)``.
    """
    allowed, joint = may_end(places), outputs.get("span_logits")
    if joint is not None:
        pairs = _pairs(joint, places, joint.shape[1])
        codes = targets["start"] * joint.shape[1] + targets["end"]
        codes = torch.where(targets["start"] == IGNORED, IGNORED, codes)
        return functional.cross_entropy(pairs.flatten(1), codes, reduction="sum")
    losses = [
        functional.cross_entropy(
            outputs[f"{end}_logits"].float().masked_fill(~allowed, -torch.inf),
            targets[end],
            ignore_index=IGNORED,
            reduction="sum",
        )
        for end in ("start", "end")
    ]
    return losses[0] + losses[1]


def best_spans(outputs: Outputs, places: Places, longest: int) -> dict[str, Tensor]:
    """The best piece of each example, of all that do not end before they start.

    Args:
        outputs: See above.
        places: Of the batch.
        longest: Tokens of a piece at most.

    Returns:
        Each ``(examples,)``: ``first`` and ``last`` token of the best piece; its ``score``,
        ``-inf`` where there is none; ``none``, the score of no answer; ``total``, the logarithm of
        the sum of all these exponentiated.

    Example:
        >>> logits = torch.tensor([[0.0, 1.0, 3.0]])
        >>> places = {"starts": torch.tensor([[-1, 0, 2]]), "none": torch.tensor([0])}
        >>> found = best_spans({"start_logits": logits, "end_logits": -logits}, places, 2)
        >>> found["first"].item(), found["last"].item(), found["score"].item()
        (1, 1, 0.0)
    """
    joint = outputs.get("span_logits")
    if joint is None:
        joint = outputs["start_logits"].float()[:, :, None] + outputs["end_logits"][:, None, :]
    width = joint.shape[1]
    rows, none = torch.arange(len(joint), device=joint.device), places["none"]
    nothing = joint.float()[rows, none, none]
    pairs = _pairs(joint, places, longest)
    total = pairs.flatten(1).logsumexp(dim=1)
    pairs[rows, none, none] = -torch.inf
    score, place = pairs.flatten(1).max(dim=1)
    return {
        "first": place // width,
        "last": place % width,
        "score": score,
        "none": nothing,
        "total": total,
    }


def _pairs(joint: Tensor, places: Places, longest: int) -> Tensor:
    """Scores of pairs of a start and an end; ``-inf`` where they make no answer."""
    inside = places["starts"] >= 0
    width, device = joint.shape[1], joint.device
    columns = torch.arange(width, device=device)
    length = columns[None, :] - columns[:, None]  # of a piece, less one
    fits = inside[:, :, None] & inside[:, None, :] & (length >= 0) & (length < longest)
    rows = torch.arange(len(joint), device=device)
    fits[rows, places["none"], places["none"]] = True
    return joint.float().masked_fill(~fits, -torch.inf)
