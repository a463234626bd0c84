"""Cut raw text into words without expecting spaces between them.

A run of letters or digits is a word, so is every character of a script that is written without
spaces (Chinese, Japanese, Thai, ...), and so is every other sign. No character but space is lost.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

# Scripts whose words are not parted by spaces, by their first and last code point.
UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x109F),  # Tibetan, Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # signs that stand for a Chinese character
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3100, 0x312F),  # Bopomofo
    (0x31F0, 0x31FF),  # Katakana
    (0x3400, 0x4DBF),  # Chinese, extension A
    (0x4E00, 0x9FFF),  # Chinese
    (0xF900, 0xFAFF),  # Chinese, compatibility forms
    (0xFF66, 0xFF9F),  # narrow Katakana
    (0x20000, 0x3FFFF),  # Chinese, further extensions
)
INVISIBLE = "\u200b\ufeff"
"""Zero-width space and byte order mark: they part words as a space does."""


@cache
def is_unspaced(character: str) -> bool:
    """Whether a character belongs to a script whose words are not parted by spaces.

    Example:
        >>> is_unspaced("人"), is_unspaced("a"), is_unspaced("")
        (True, False, False)
    """
    return character != "" and any(low <= ord(character) <= high for low, high in UNSPACED)


def unspaced_share(texts: Iterable[str]) -> float:
    """Share of the letters whose script has no spaces between words; 0 where there is no letter.

    Example:
        >>> unspaced_share(["ab 鸟", "人!"]), unspaced_share([""])
        (0.5, 0.0)
    """
    letters = [sign for text in texts for sign in text if sign.isalpha()]
    return sum(is_unspaced(sign) for sign in letters) / max(1, len(letters))


SPACE, LETTER, DIGIT, ALONE, UNSPACED_LETTER, MARK = " ldaum"
WORD = re.compile("l[lm]*|d[dm]*|[au]m*|m+")
"""A word in kinds of characters. A mark stays with the character before it, and stands by itself
where there is none."""


class _Kinds(dict[int, str]):
    """The kind of every character, as ``str.translate`` asks for it; found out once each."""

    def __missing__(self, code: int) -> str:
        kind = self[code] = _kind(chr(code))
        return kind


def _kind(character: str) -> str:
    if character.isspace() or character in INVISIBLE:
        return SPACE
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf":
        return MARK
    if is_unspaced(character):
        return UNSPACED_LETTER
    if category[0] == "L":
        return LETTER
    return DIGIT if category[0] == "N" else ALONE


KINDS = _Kinds()


def shorten_runs(text: str, most: int) -> str:
    """Cut runs of Latin letters and digits that are not words any more; nothing else is touched.

    Args:
        text: Any text.
        most: Characters of a run that stay.

    Example:
        >>> shorten_runs("good aaaaaaaa!", 5)
        'good aaaaa!'
    """
    return _long_run(most).sub(r"\1", text)


@cache
def _long_run(most: int) -> re.Pattern[str]:
    return re.compile(f"([A-Za-z0-9]{{{most}}})[A-Za-z0-9]+")


def cut(text: str) -> list[tuple[int, int]]:
    """Where the words of a text begin and end, in characters.

    Letters and digits that follow one another make two words. Accents and joiners stay with the
    character before them.

    Args:
        text: Any text.

    Returns:
        First character and one past the last of each word, in order.

    Example:
        >>> text = "PS3 出了, don't!"
        >>> [text[start:end] for start, end in cut(text)]
        ['PS', '3', '出', '了', ',', 'don', "'", 't', '!']
    """
    return [match.span() for match in WORD.finditer(text.translate(KINDS))]
