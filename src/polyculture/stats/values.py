"""A value with its interval, or with the reason why it has none."""

from math import isnan

from polyculture.core.values import Known


def with_ends(
    number: float,
    ends: tuple[float, float] | None,
    *,
    absent: str,
    flat: str,
    chance: float | None = None,
    close: float = 0.0,
) -> Known:
    """A value with its interval. One without width would look like certainty, so it is not given.

    Args:
        number: The value observed.
        ends: Low and high; none, or NaN, where there is no interval.
        absent: Why there is none.
        flat: What an interval without width means.
        chance: What unrelated models would show.
        close: Ends that differ by no more, as a share, are equal: they are sums in another order.

    Example:
        >>> with_ends(0.5, (0.4, 0.6), absent="not asked for", flat="no spread").high
        0.6
        >>> with_ends(0.5, (0.5, 0.5), absent="not asked for", flat="no spread").no_interval
        'no spread'
    """
    if ends is None or isnan(ends[0]):
        return Known(number=number, no_interval=absent, chance=chance)
    low, high = ends
    if high - low <= close * max(1.0, abs(number)):
        return Known(number=number, no_interval=flat, chance=chance)
    return Known(number=number, low=low, high=high, chance=chance)
