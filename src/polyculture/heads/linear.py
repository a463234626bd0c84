"""The base's own standard head of the task, or a linear layer on the mean of the vectors.

Where tokens of a vocabulary are wanted, the standard head is the language model's that the base was
trained with.
"""

from typing import Any, Literal

from polyculture.core.plugins import Head
from polyculture.core.recipe import Settings


class Linear(Settings):
    """One linear layer."""

    kind: Literal["linear"] = "linear"
    pooling: Literal["standard", "mean"] = "standard"
    """``standard``: transformers' own class of the task; the run opens with nothing of ours
    installed. ``mean``: a linear layer on the mean of all tokens, for bases whose pooler is
    untrained. Words are always read one by one."""


def make(settings: Linear, width: int, labels: int, dropout: float) -> Any:  # noqa: ARG001  # one form for all
    """A linear layer of ours; only asked for where ``pooling`` is ``mean``."""
    from polyculture.nets.layers import LinearHead

    return LinearHead(width, labels, dropout=dropout)


def is_standard(settings: Linear, output: str) -> bool:
    """Words, positions and tokens are always answered by the standard head."""
    always = {"word_labels", "positions", "tokens"}
    return settings.pooling == "standard" or output in always


PLUGIN = Head(
    settings=Linear,
    gives=frozenset({"labels", "word_labels", "positions", "tokens", "numbers"}),
    make=make,
    is_standard=is_standard,
)
