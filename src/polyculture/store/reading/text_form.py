"""The form of a text file: its encoding, and the separator of a table's cells."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyculture.core.parts import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMON = ("utf-8", "utf-16", "latin-1", "cp1252", "gb18030", "big5", "shift_jis", "euc-kr")
"""Encodings that are suggested."""
BLANKS = "\ufeff \t\r\n"
"""What may precede JSON: spaces, and a byte order mark."""
WORDS = {"tab": "\t", r"\t": "\t", "space": " "}
"""Separators that a command line or a recipe may name by a word."""


@dataclass(frozen=True, kw_only=True)
class TextForm:
    """How a file of text is written, and how a person can say so."""

    delimiter: str | None = None
    """One character between cells; left out, it is the one that the header shows."""
    encoding: str = "utf-8"
    quotes: bool = True
    """Cells of CSV and TSV may stand in quotes; false where a quote is a plain character."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Name of a setting here to how a person sets it, for messages: ``encoding`` to
    ``--encoding {}``. Settings that a person cannot reach are left out."""

    def advice(self, setting: str, value: str) -> str | None:
        """How to set something, such as ``--encoding latin-1``; None if nobody can."""
        way = self.settings.get(setting)
        return None if way is None else way.format(value)

    def beginning(self, head: bytes) -> str:
        """The first character of a file that is not blank; empty where there is none.

        Example:
            >>> TextForm(encoding="utf-16").beginning(" [1]".encode("utf-16"))
            '['
        """
        return head.decode(self.encoding, "ignore").lstrip(BLANKS)[:1]


PLAIN = TextForm()


def checked_encoding(name: str) -> str:
    """The name of an encoding that Python knows.

    Raises:
        ValueError: There is none; the message names the nearest.

    Example:
        >>> checked_encoding("gb18030")
        'gb18030'
        >>> checked_encoding("gb18031")
        Traceback (most recent call last):
        ValueError: there is no encoding 'gb18031'. Did you mean 'gb18030'?
    """
    try:
        codecs.lookup(name)
        b"a".decode(name)
    except UnicodeDecodeError:
        return name  # half a character of UTF-16
    except (LookupError, ValueError) as error:
        msg = f"there is no encoding {name!r}. {suggestion(name, COMMON)}".removesuffix(".")
        raise ValueError(msg) from error
    return name


def checked_delimiter(word: str) -> str:
    r"""The character between cells, which may be named by a word.

    Raises:
        ValueError: It is not one character, or one that cells themselves need.

    Example:
        >>> checked_delimiter(";"), checked_delimiter("tab")
        (';', '\t')
    """
    character = WORDS.get(word, word)
    if len(character) != 1 or character in '"\r\n\0':
        msg = f"cells are separated by one character such as ; or tab, got {word!r}"
        raise ValueError(msg)
    return character
