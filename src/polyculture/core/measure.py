"""What a measure is: a function from views to one value, with facts about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

ViewName = Literal["predictions", "architecture", "recipe", "head"]


@dataclass(frozen=True, kw_only=True)
class PairMeasure:
    """A measure on two models.

    ``compare`` is the readable definition. ``weighted`` is the same measure for many pairs at
    once under item weights (a bootstrap is a set of weights); only measures of predictions have
    it, and the conformance suite tests that both agree.
    """

    compare: Callable[[Any, Any], float]
    low: float
    high: float
    same: float | None
    """The value of a model with itself; None if that depends on the data."""
    chance: float | Callable[[Any, Any], float] | None
    """Value for unrelated models: a number, a function of the two views, or None if unknown."""
    source: str
    unchanged_by: frozenset[str] = field(default=frozenset())
    needs: frozenset[str] = field(default=frozenset())
    """``gold``, ``probabilities``: without these the measure is undefined."""
    weighted: Callable[..., NDArray[np.float64]] | None = None
    """From a ``stats.panel.Panel`` to ``(pairs, rounds)``: pairs in the panel's order; first the
    value on the items as they are, then one a bootstrap round; NaN where undefined."""
    higher_is_alike: bool = True
    is_share: bool = False
    """The value is a share of the items: at 0 and 1 an exact bound replaces the bootstrap's."""
    no_interval: str = "it does not depend on the items"
    """Why there is no interval, for a measure without a ``weighted`` form."""


@dataclass(frozen=True, kw_only=True)
class GroupMeasure:
    """A measure on k models at once."""

    compare: Callable[..., float]
    reads: ViewName
    low: float
    high: float
    chance: float | Callable[..., float] | None
    source: str
    unchanged_by: frozenset[str] = field(default=frozenset())
    needs: frozenset[str] = field(default=frozenset())
    weighted: Callable[..., NDArray[np.float64]] | None = None
    """From a ``stats.panel.Panel`` to ``(rounds,)``: first the value on the items as they are, then
    one a bootstrap round; NaN where undefined."""
    is_share: bool = False
    """The value is a share of the items: at 0 and 1 an exact bound replaces the bootstrap's."""
    no_interval: str = "it does not depend on the items"
    """Why there is no interval, for a measure without a ``weighted`` form."""
    note: Callable[..., str] | None = None
    """What a reader must know beside the value: ties, models set aside, what was in-sample."""
