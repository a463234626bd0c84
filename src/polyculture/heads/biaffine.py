"""Start and end of an answer scored together, instead of each alone.

Source: Dozat and Manning 2017, Deep Biaffine Attention, arXiv:1611.01734; for spans Yu, Bohnet and
Poesio 2020, arXiv:2005.07150.
"""

from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Head
from polyculture.core.recipe import Settings


class Biaffine(Settings):
    """A score for each pair of a start and an end."""

    kind: Literal["biaffine"] = "biaffine"
    hidden: int = Field(default=128, ge=1, le=65_536)
    """Width of the two vectors of a token, as a start and as an end."""


def make(settings: Biaffine, width: int, labels: int, dropout: float) -> Any:  # noqa: ARG001  # one form for all
    """Two hidden layers, and a biaffine form of what they give."""
    from polyculture.nets.layers import BiaffineHead

    return BiaffineHead(width, hidden=settings.hidden, dropout=dropout)


PLUGIN = Head(settings=Biaffine, gives=frozenset({"positions"}), make=make)
