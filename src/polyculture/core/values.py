"""A value is known, with its interval and chance level, or undefined, with its reason."""

from typing import Annotated, Literal

from pydantic import Field

from polyculture.core.record import Record


class Known(Record):
    """A number with its interval and its chance level."""

    kind: Literal["known"] = "known"
    number: float
    """The value on the items as they are."""
    low: float | None = None
    """Lower end of the interval; where there is none, ``no_interval`` says why."""
    high: float | None = None
    """Upper end of the interval."""
    no_interval: str | None = None
    """Why there is no interval."""
    chance: float | None = None
    """What unrelated models would show; None if no such level is known."""


class Undefined(Record):
    """No value, and the reason; never 0.0 or NaN."""

    kind: Literal["undefined"] = "undefined"
    reason: str
    """One short sentence, for example "both models are right on all 40 items"."""


Value = Annotated[Known | Undefined, Field(discriminator="kind")]
