"""Words, numbers in words, and names from outside within our own sentences."""

import unicodedata


def listed(words: list[str] | tuple[str, ...]) -> str:
    """Words in a row, the last one after "and".

    Example:
        >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
        ('a', 'a and b', 'a, b and c')
    """
    if len(words) < 2:  # noqa: PLR2004
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def plural(number: int, word: str) -> str:
    """A number with its noun.

    Example:
        >>> plural(1, "item"), plural(1200, "item")
        ('1 item', '1,200 items')
    """
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


SPELLED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def spelled(number: int) -> str:
    """A number in words as far as that reads well.

    Example:
        >>> spelled(6), spelled(1200)
        ('six', '1,200')
    """
    return SPELLED[number] if number < len(SPELLED) else f"{number:,}"


def all_of(number: int) -> str:
    """All models, in words.

    Example:
        >>> all_of(2), all_of(6)
        ('both', 'all six')
    """
    return "both" if number == 2 else f"all {spelled(number)}"  # noqa: PLR2004


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
