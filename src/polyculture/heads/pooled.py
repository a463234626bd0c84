"""One vector a text, of length 1: the mean of its tokens' vectors, or one of them. Learns nothing.

Source: Reimers and Gurevych 2019, Sentence-BERT, arXiv:1908.10084, where the mean was best.
"""

from typing import Any, Literal

from polyculture.core.plugins import Head
from polyculture.core.recipe import Settings


class Pooled(Settings):
    """A text's vector is made from those of its tokens."""

    kind: Literal["pooled"] = "pooled"
    pooling: Literal["mean", "first", "last"] = "mean"
    """The mean of all tokens, the first, or the last."""


def make(settings: Pooled, width: int, labels: int, dropout: float) -> Any:  # noqa: ARG001  # one form for all
    """A layer without weights that brings vectors to length 1."""
    from polyculture.nets.layers import UnitVectors

    return UnitVectors()


PLUGIN = Head(settings=Pooled, gives=frozenset({"vectors"}), make=make)
