"""Replace characters that a terminal cannot encode by similar ones in ASCII."""

import unicodedata

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
"""Replacements in ASCII."""
ERRORS = "polyculture.typed"
"""Name of the error handler for streams that cannot write every sign."""


def _written(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def ascii_text(error: UnicodeError) -> tuple[str, int]:
    r"""An error handler for encodings: write similar ASCII characters instead.

    Example:
        >>> import codecs
        >>> codecs.register_error(ERRORS, ascii_text)
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
