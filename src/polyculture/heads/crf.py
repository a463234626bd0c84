"""Words scored together: a conditional random field over the labels of a sentence."""

from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Head
from polyculture.core.recipe import Settings


class Crf(Settings):
    """A linear-chain CRF on linear emissions, or on emissions of a hidden layer."""

    kind: Literal["crf"] = "crf"
    hidden: int = Field(default=0, ge=0, le=65_536)
    """Width of a hidden layer before the emissions; 0 for none."""
    shapes: bool = False
    """Also show the head how each word is spelt (capitals, digits, signs)."""


def make(settings: Crf, width: int, labels: int, dropout: float) -> Any:
    """Emissions and a chain over them."""
    from polyculture.nets.layers import CrfHead

    return CrfHead(width, labels, hidden=settings.hidden, dropout=dropout, shapes=settings.shapes)


PLUGIN = Head(settings=Crf, gives=frozenset({"word_labels"}), make=make)
