"""Values with intervals, or reasons, from the rounds of a bootstrap."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from polyculture.core.values import Undefined, Value
from polyculture.stats.inference.resample import exact_interval, percentile_interval
from polyculture.stats.values import with_ends

Floats = NDArray[np.float64]
NOT_ASKED = "no resampling was asked for"
OFTEN_UNDEFINED = "more than 5% of the resampled sets of items have no value"

ALWAYS_THE_SAME = "every resampled set of items gives the same value"


def value_of(
    rounds: Floats,
    *,
    confidence: float,
    why: str | Callable[[], str],
    chance: float | None = None,
    items: int | None = None,
) -> Value:
    """One value with its interval.

    Args:
        rounds: The value on the items as they are, then one a bootstrap round; NaN is undefined.
        confidence: Share of the rounds inside the interval.
        why: The reason, where there is no value.
        chance: What unrelated models would show.
        items: Given for a share of so many items: at 0 and 1, where every round shows the same,
            the exact bound stands in.

    Example:
        >>> value_of(np.array([0.0, 0.0]), confidence=0.95, why="", items=10).high.__round__(3)
        0.308
        >>> value_of(np.array([np.nan]), confidence=0.95, why="no errors").reason
        'no errors'
    """
    return with_interval(
        float(rounds[0]),
        percentile_interval(rounds[1:], confidence),
        has_rounds=len(rounds) > 1,
        confidence=confidence,
        why=why,
        chance=chance,
        items=items,
    )


def with_interval(
    number: float,
    ends: tuple[float, float] | None,
    *,
    has_rounds: bool,
    confidence: float,
    why: str | Callable[[], str],
    chance: float | None,
    items: int | None,
) -> Value:
    """As ``value_of``, where the interval is computed already."""
    if np.isnan(number):
        return Undefined(reason=why if isinstance(why, str) else why())
    if items is not None and has_rounds and number in {0.0, 1.0}:
        ends = exact_interval(round(number * items), items, confidence)
    absent = OFTEN_UNDEFINED if has_rounds else NOT_ASKED
    return with_ends(number, ends, absent=absent, flat=ALWAYS_THE_SAME, chance=chance)
