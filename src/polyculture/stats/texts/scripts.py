"""Which scripts a text is written in: Latin, Han, Cyrillic, ...

A script is not a language: English and German are both Latin, and Japanese is written in three
scripts. What can be said for sure is which letters there are.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

CODES = 0x110000
"""Code points of Unicode."""
NONE = "none"
"""Signs that are no letters: digits, punctuation, spaces, emoji."""
RENAMED = {
    "CJK": "HAN",
    "IDEOGRAPHIC": "HAN",
    "FULLWIDTH": "LATIN",
    "MATHEMATICAL": "LATIN",
    "MICRO": "GREEK",
    "KATAKANA-HIRAGANA": "KATAKANA",
    "HALFWIDTH": "KATAKANA",
    "MODIFIER": NONE,
}
"""First words of character names that are not those of scripts."""


@cache
def script_of(character: str) -> str:
    """The script of a letter by its Unicode name; ``none`` for all that is not a letter.

    Example:
        >>> [script_of(character) for character in "aж人あア한ا5😀"]
        ['latin', 'cyrillic', 'han', 'hiragana', 'katakana', 'hangul', 'arabic', 'none', 'none']
        >>> [script_of(character) for character in "ーｱµ𝐇"]
        ['katakana', 'katakana', 'greek', 'latin']
    """
    if unicodedata.category(character)[0] != "L":
        return NONE
    first = unicodedata.name(character, "OTHER").split()[0]
    return RENAMED.get(first, first).lower()


def count_codes(texts: Iterable[str]) -> NDArray[np.int64]:
    """How often each code point occurs, ``(CODES,)``."""
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    return np.bincount(np.frombuffer(joined, dtype=np.uint32), minlength=CODES)


def scripts_of(codes: NDArray[np.int64]) -> Counter[str]:
    """Letters of each script, from counts of code points.

    Example:
        >>> sorted(scripts_of(count_codes(["ab 人!"])).items())
        [('han', 1), ('latin', 2)]
    """
    counted: Counter[str] = Counter()
    for code in np.flatnonzero(codes):
        counted[script_of(chr(code))] += int(codes[code])
    del counted[NONE]
    return counted


class _Known:
    """The number of the script of each code point that was met."""

    def __init__(self) -> None:
        self.names = [NONE]
        self.of_code = np.full(CODES, -1, dtype=np.int16)

    def numbers(self, codes: NDArray[np.uint32]) -> NDArray[np.int16]:
        """The number of the script of each code point; 0 for what is not a letter."""
        for code in np.unique(codes[self.of_code[codes] < 0]):
            name = script_of(chr(code))
            if name not in self.names:
                self.names.append(name)
            self.of_code[code] = self.names.index(name)
        return np.asarray(self.of_code[codes])


KNOWN = _Known()


def main_scripts(texts: Sequence[str]) -> list[str]:
    """The script of most letters of each text; ``none`` without letters, a tie to the first name.

    Example:
        >>> main_scripts(["我喜欢 NLP 课程", "123", ""])
        ['han', 'none', 'none']
    """
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    scripts = KNOWN.numbers(np.frombuffer(joined, dtype=np.uint32))
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    order = sorted(range(len(KNOWN.names)), key=lambda number: (number == 0, KNOWN.names[number]))
    counts = np.bincount(rows * len(order) + scripts, minlength=len(texts) * len(order))
    letters = counts.reshape(len(texts), -1)[:, order]
    letters[:, -1] = 0  # what is not a letter counts only where there is none
    best = np.where(letters.any(axis=1), letters.argmax(axis=1), len(order) - 1)
    return [KNOWN.names[order[place]] for place in best]
