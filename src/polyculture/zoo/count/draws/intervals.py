"""From rounds of resampling, and draws of a null, to a value with its interval and chance level."""

import numpy as np
from numpy.typing import NDArray

from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.inference.paired import NO_INTERVAL
from polyculture.stats.values import with_ends
from polyculture.zoo.count.likeness.similarity import NO_WIDTH, sensitivity

Floats = NDArray[np.float64]
ENOUGH = 200
"""Rounds from which on their quantiles are used; with fewer, those of a normal distribution."""
NORMAL = 1.959964
"""Standard deviations on each side that hold 95% of a normal distribution."""
NOT_ASKED = "no resampling was asked for"
OFTEN_UNDEFINED = "more than 5% of the resampled sets have no value"
CLOSE = 1e-12
"""Values that differ by less, as a share, are equal: they are sums in another order."""


def with_interval(number: float, rounds: Floats, *, low: float, high: float) -> Known:
    """A value with its sensitivity to which members there happen to be, see ``sensitivity``.

    Where a zoo is so large that few rounds could be made, the interval is 1.96 standard deviations
    of them to each side.

    Args:
        number: The value observed.
        rounds: The value in each resampled set, ``(rounds,)``, NaN where there is none.
        low: Least possible value.
        high: Greatest possible value.

    Example:
        >>> value = with_interval(0.5, np.linspace(0.4, 0.8, 401), low=0.0, high=1.0)
        >>> round(value.low, 3), round(value.high, 3)
        (0.31, 0.69)
        >>> with_interval(0.5, np.empty(0), low=0.0, high=1.0).no_interval
        'no resampling was asked for'
    """
    if not len(rounds):
        return Known(number=number, no_interval=NOT_ASKED)
    ends = _ends(number, rounds, low, high)
    return with_ends(number, ends, absent=OFTEN_UNDEFINED, flat=NO_WIDTH, close=CLOSE)


def with_chance(value: Known, drawn: Floats) -> Known:
    """The value beside the mean of what chance gives; unchanged where that is not known.

    Example:
        >>> with_chance(Known(number=0.5), np.array([0.1, 0.3, np.nan])).chance
        0.2
    """
    known = drawn[~np.isnan(drawn)]
    return value.model_copy(update={"chance": float(known.mean())}) if len(known) else value


def p_of_low(number: float, drawn: Floats) -> Value:
    """Share of the draws with a value as low or lower, the observation among them.

    Example:
        >>> p_of_low(2.0, np.array([3.0, 2.0, 4.0])).number
        0.5
    """
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Undefined(reason="no draw has a value")
    low = int((known <= number * (1 + CLOSE)).sum())
    return Known(number=(1 + low) / (1 + len(known)), no_interval=NO_INTERVAL)


def _ends(number: float, rounds: Floats, low: float, high: float) -> tuple[float, float] | None:
    ends = sensitivity(number, rounds, low=low, high=high)
    known = rounds[~np.isnan(rounds)]
    if ends is None or not 1 < len(known) < ENOUGH:
        return ends
    width = NORMAL * float(known.std(ddof=1))
    return max(low, number - width), min(high, number + width)
