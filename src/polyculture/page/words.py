"""Outside names within our sentences, and the width of texts."""

import unicodedata


def isolated(name: str) -> str:
    """A name from outside, fenced so that right-to-left text cannot reorder the sentence around it.

    Example:
        >>> isolated("rasa")
        'rasa'
    """
    if any(unicodedata.bidirectional(letter) in {"R", "AL", "AN"} for letter in name):
        return f"\u2068{name}\u2069"
    return name


def wide(text: str) -> int:
    """Columns that a text takes, wide letters counting twice.

    Example:
        >>> wide("bert"), wide("小模型")
        (4, 6)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def short(text: str, limit: int = 26) -> str:
    """A name for a chart: its middle left out where it is long.

    Example:
        >>> short("minilm-l6"), short("a" * 40, 9)
        ('minilm-l6', 'aaaa…aaaa')
    """
    text = " ".join(text.split())
    if wide(text) <= limit:
        return text
    half = (limit - 1) // 2
    start, end = text, text
    while wide(start) > half:
        start = start[:-1]
    while wide(end) > half:
        end = end[1:]
    return f"{start}…{end}"
