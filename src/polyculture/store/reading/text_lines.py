"""Lines of text files, decoded; errors name file and line."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING

from polyculture.core.errors import DataError
from polyculture.store.reading.broken_rows import BrokenRowError, OnBroken, refuse
from polyculture.store.reading.content import content_of
from polyculture.store.reading.text_form import PLAIN, TextForm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from polyculture.store.reading.content import Content

BYTE_ORDER_MARK = "\ufeff"
NEWLINE = b"\n"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_lines(
    file: Path | Content, form: TextForm = PLAIN, on_broken: OnBroken = refuse
) -> Iterator[str]:
    """Lines of a text file with their line ends; a byte order mark is left out.

    Args:
        file: A path (``-`` for standard input), or a file that is open already.
        form: Its encoding.
        on_broken: Told of a line that is not UTF-8 or holds a NUL; an empty one stands for it.

    Raises:
        DataError: The file cannot be read, or a line is not text in this encoding; the message
            names it.
    """
    content = content_of(file)
    with content.opened() as opened:
        is_utf_8 = codecs.lookup(form.encoding).name in {"utf-8", "utf-8-sig"}
        lines = _utf_8 if is_utf_8 else _decoded
        for number, line in lines(content.name, opened, form, on_broken):
            if "\0" in line:
                on_broken(_with_nul(content.name, number, line, form))
                yield ""
            else:
                yield line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line


def _utf_8(
    name: str, file: BinaryIO, form: TextForm, on_broken: OnBroken
) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(file, start=1):
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            reason = f"expected UTF-8 text, got byte 0x{raw[error.start]:02x}"
            on_broken(BrokenRowError(name, number, reason, _other_encoding(raw, form)))
            line = ""
        yield number, line


def _decoded(
    name: str,
    file: BinaryIO,
    form: TextForm,
    on_broken: OnBroken,  # noqa: ARG001  # a piece that fails is more than a line
) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with io.TextIOWrapper(file, encoding=form.encoding, newline="\n") as lines:
            for number, line in enumerate(lines, start=1):  # the error tells it
                yield number, line
    except UnicodeError as error:
        # the failing piece begins within the line after the last whole one
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        piece = error.object[:start] if isinstance(error, UnicodeDecodeError) else b""
        about = number + 1 + piece.count(NEWLINE)
        is_settable = form.advice("encoding", "utf-8") is not None
        hint = "Name the encoding that the file was saved in" if is_settable else "Save it so"
        msg = (
            f"{name}, about line {about}: this is not text in the encoding {form.encoding!r}. "
            f"{hint}."
        )
        raise DataError(msg) from error


def _other_encoding(raw: bytes, form: TextForm) -> str:
    """What to do about a line that is not UTF-8, with a guess at what it is."""
    guess = "utf-16" if raw.startswith(UTF_16) else "latin-1"
    if guess == "latin-1" and _is_gb2312(raw):
        guess = "gb18030"
    advice = form.advice("encoding", guess)
    if advice is None:
        return "Save the file as UTF-8 and try again."
    return f"Save the file as UTF-8, or name its encoding, for example {advice}."


def _is_gb2312(raw: bytes) -> bool:
    try:
        raw.decode("gb2312")
    except UnicodeDecodeError:
        return False
    return True


def _with_nul(name: str, number: int, line: str, form: TextForm) -> BrokenRowError:
    advice = form.advice("encoding", "utf-16")
    is_wide = line.count("\0") > len(line) // 4 and advice
    what = f"If the file is UTF-16, set {advice}." if is_wide else "Take it out."
    reason, short = "a NUL character stands in the text", "a cell holds the character NUL"
    return BrokenRowError(name, number, reason, what, short=short)
