"""The base's own standard head of the task, or a linear layer on one vector of a text.

Where tokens of a vocabulary are wanted, the standard head is the language model's that the base was
trained with.
"""

from typing import Any, Literal

from polyculture.core.plugins import Head
from polyculture.core.recipe import Settings


class Linear(Settings):
    """One linear layer."""

    kind: Literal["linear"] = "linear"
    pooling: Literal["standard", "mean", "max", "first", "attention"] = "standard"
    """``standard``: transformers' own class of the task; the run opens with nothing of ours
    installed. ``mean``: a linear layer on the mean of all tokens, for bases whose pooler is
    untrained. ``max``: on the largest value of each of their numbers. ``first``: on the first
    token. ``attention``: on a weighted mean whose weights are learnt. Words are always read one by
    one, where ``attention`` is refused."""


def make(settings: Linear, width: int, labels: int, dropout: float) -> Any:
    """A linear layer of ours; never asked for where ``pooling`` is ``standard``."""
    from polyculture.nets.layers import LinearHead
    from polyculture.nets.pooling import AttentionPooling

    pool = AttentionPooling(width) if settings.pooling == "attention" else None
    return LinearHead(width, labels, dropout=dropout, pool=pool)


def is_standard(settings: Linear, output: str) -> bool:
    """Words, positions and tokens are answered by the standard head: there is nothing to pool."""
    always = {"word_labels", "positions", "tokens"}
    return settings.pooling == "standard" or (settings.pooling != "attention" and output in always)


PLUGIN = Head(
    settings=Linear,
    gives=frozenset({"labels", "word_labels", "positions", "tokens", "numbers"}),
    make=make,
    is_standard=is_standard,
)
