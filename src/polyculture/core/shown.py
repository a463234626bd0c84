"""Make outside names and texts safe to print: no control character reaches the terminal."""

import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and the halves that stand for bytes of a file name that is not UTF-8."""
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""These, and marks that turn the direction of writing: an escape sequence in a name could clear the
screen, move words, or hide some."""
STANDARD_INPUT = Path("-")


def shown(text: str) -> str:
    r"""A text on one line with control characters escaped.

    Example:
        >>> shown("a\x1b[31mb\nc"), shown("北京")
        ('a\\x1b[31mb\\nc', '北京')
    """
    return UNSEEN.sub(_written_out, text)


def some(names: Sequence[str], most: int) -> str:
    """The first of some names, and how many more there are.

    Example:
        >>> some(["a", "b", "c"], 2), some(["a"], 2)
        ('a, b and 1 more', 'a')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def _written_out(match: re.Match[str]) -> str:
    character = match[0]
    if unicodedata.category(character) == "Cs":
        code = ord(character)  # a byte of a file name stands as U+DC80 and beyond
        return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"  # noqa: PLR2004
    return repr(character)[1:-1]


def shown_path(path: Path) -> str:
    """A path for messages; ``-`` is standard input.

    Example:
        >>> shown_path(Path("-")), shown_path(Path("a/b.csv"))
        ('standard input', 'a/b.csv')
    """
    return "standard input" if path == STANDARD_INPUT else shown(os.fspath(path))


def shown_name(path: Path) -> str:
    """The name of a file without its folders, for notes that are kept.

    Example:
        >>> shown_name(Path("a/b.csv"))
        'b.csv'
    """
    return shown_path(path if path == STANDARD_INPUT else Path(path.name))


def title_of(path: Path) -> str:
    """What a table is called after its file: the name without its suffixes.

    Example:
        >>> title_of(Path("a/answers.csv.gz")), title_of(Path("v1.2.csv")), title_of(Path("-"))
        ('answers', 'v1.2', 'standard input')
    """
    if path == STANDARD_INPUT:
        return "standard input"
    return shown(Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem)
