"""A hidden layer between the base's vectors and the labels."""

from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Head
from polyculture.core.recipe import Settings


class Mlp(Settings):
    """Two linear layers with a GELU between."""

    kind: Literal["mlp"] = "mlp"
    hidden: int = Field(default=256, ge=1, le=65_536)
    """Width of the hidden layer."""
    pooling: Literal["mean", "max", "first", "last", "attention"] = "mean"
    """How one vector of a text is made: ``max`` is the largest value of each of the tokens'
    numbers, ``attention`` a weighted mean whose weights are learnt. Words are read one by one,
    where ``attention`` is refused."""
    shapes: bool = False
    """Spans: also show the head how each word is spelt (capitals, digits, signs). It gives back
    to an uncased base what its tokenizer took away."""


def make(settings: Mlp, width: int, labels: int, dropout: float) -> Any:
    """Hidden layer, dropout, output layer."""
    from polyculture.nets.layers import MlpHead
    from polyculture.nets.pooling import AttentionPooling

    return MlpHead(
        width,
        labels,
        hidden=settings.hidden,
        dropout=dropout,
        shapes=settings.shapes,
        pool=AttentionPooling(width) if settings.pooling == "attention" else None,
    )


PLUGIN = Head(settings=Mlp, gives=frozenset({"labels", "word_labels", "numbers"}), make=make)
