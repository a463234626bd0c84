"""Format numbers for people, in any language: few digits, separated thousands."""

from collections.abc import Callable

Form = Callable[[float], str]

SMALLEST_SHARE = 0.00001
SMALLEST_P = 0.001
SURE = 0.05
"""A p value below this counts as more than chance."""
MINUTE = 60


def count(number: float) -> str:
    """A whole number.

    Example:
        >>> count(12345)
        '12,345'
    """
    return f"{number:,.0f}"


def items(number: float) -> str:
    """A number of items, which may be a fraction where it is expected and not observed.

    Example:
        >>> items(70.0), items(2.44), items(0.04), items(0.0004)
        ('70', '2.4', '0.04', '< 0.01')
    """
    if number in {0.0, round(number)}:
        return count(number)
    if number < 0.01:  # noqa: PLR2004
        return "< 0.01"
    return f"{number:,.1f}" if number >= 0.1 else f"{number:.2f}"  # noqa: PLR2004


def share(number: float) -> str:
    """A share in percent, with one digit after the point, more where it is small.

    Example:
        >>> share(0.7477), share(0.00246), share(0.0000012), share(0.0), share(1.0)
        ('74.8%', '0.25%', '< 0.001%', '0%', '100%')
    """
    if number in {0.0, 1.0}:
        return f"{100 * number:.0f}%"
    if abs(number) < SMALLEST_SHARE:
        return "< 0.001%" if number > 0 else "> −0.001%"
    # What rounds up to 1% is said as 1.0%.
    digits = next((d for limit, d in ((0.00995, 1), (0.000995, 2)) if abs(number) >= limit), 3)
    return signed(f"{100 * number:.{digits}f}%")


def points(number: float) -> str:
    """A difference of two shares, in points of percent.

    Example:
        >>> points(0.0682), points(-0.0025)
        ('6.8', '−0.25')
    """
    return share(number).removesuffix("%")


def level(confidence: float) -> str:
    """A level of confidence, without idle digits.

    Example:
        >>> level(0.95), level(0.999)
        ('95%', '99.9%')
    """
    return f"{100 * confidence:g}%"


def coefficient(number: float) -> str:
    """A number without unit, with two digits after the point.

    Example:
        >>> coefficient(0.3047), coefficient(-0.121), coefficient(-0.001)
        ('0.30', '−0.12', '0.00')
    """
    return signed(f"{number:.2f}")


def ratio(number: float) -> str:
    """How many times as much.

    Example:
        >>> ratio(28.7186), ratio(1.04), ratio(1234.5)
        ('28.7', '1.04', '1,234')
    """
    digits = next((d for limit, d in ((99.95, 0), (1.995, 1)) if abs(number) >= limit), 2)
    return signed(f"{number:,.{digits}f}")


def effective(number: float) -> str:
    """A number of effective models, with one digit after the point.

    Example:
        >>> effective(2.2536)
        '2.3'
    """
    return signed(f"{number:,.1f}")


def diversity(number: float) -> str:
    """A number of different kinds, with a second digit after the point where it is small.

    Example:
        >>> diversity(1.8213), diversity(28.31)
        ('1.82', '28.3')
    """
    return coefficient(number) if abs(number) < 9.995 else effective(number)  # noqa: PLR2004


def p_value(number: float) -> str:
    """A probability under the null, never 0.

    Example:
        >>> p_value(0.0421), p_value(0.0000001), p_value(1.0)
        ('0.042', '< 0.001', '1.000')
    """
    return f"< {SMALLEST_P}" if number < SMALLEST_P else f"{number:.3f}"


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    Example:
        >>> duration(4.26), duration(75), duration(7300)
        ('4.3 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE)
    if minutes < MINUTE:
        return f"{minutes} min {rest} s"
    return f"{minutes // MINUTE} h {minutes % MINUTE} min"


def signed(text: str) -> str:
    """The true minus sign, and none before zero.

    Example:
        >>> signed("-0.5"), signed("-0.00")
        ('−0.5', '0.00')
    """
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.%,") else "−" + text[1:]
    return text
