"""Text that a terminal shows as it is: no commands to it, and no sign that it cannot draw."""

import re
import unicodedata

UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, marks that turn the direction of writing, halves of characters."""
TYPED = {
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "•": "*",
    "·": ".",
    "×": "x",
    "→": "->",
    "≥": ">=",
    "≤": "<=",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "\N{NO-BREAK SPACE}": " ",
    "━": "-",
    "─": "-",
}
"""What a typewriter would write."""
ERRORS = "polyculture.typed"
"""Name of the error handler for streams that cannot write every sign."""


def plain(text: object) -> str:
    r"""A text on one line, each sign that would steer the terminal written out.

    Names and cells come from anywhere: an escape sequence in one could clear the screen, move
    words, or hide some.

    Example:
        >>> plain("a\x1b[2Jb\n"), plain("名"), plain("\ud800")
        ('a\\x1b[2Jb\\n', '名', '\\ud800')
    """
    return UNSEEN.sub(lambda found: _written(found[0]), str(text))


def _written(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def typed(error: UnicodeError) -> tuple[str, int]:
    r"""For a stream of few signs: what a typewriter would write in the place of the rest.

    Example:
        >>> import codecs
        >>> codecs.register_error(ERRORS, typed)
        >>> "7 – 8 … é 名".encode("ascii", ERRORS)
        b'7 - 8 ... e \\u540d'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_typed(sign, error.encoding) for sign in signs), error.end


def _typed(sign: str, encoding: str) -> str:
    simpler = unicodedata.normalize("NFKD", sign).encode(encoding, "ignore").decode(encoding)
    return TYPED.get(sign) or simpler or _written(sign)
