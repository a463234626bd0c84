"""Output goes to any terminal, and nothing in a name steers it."""

import io
import sys

import pytest

from polyculture.cli._terminal import speak_plainly
from polyculture.core.shown import shown


def test_what_a_terminal_cannot_show_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own signs by their nearest, letters by their number."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))

    speak_plainly()
    print("• 北京 – …", flush=True)  # noqa: T201  # what is tested

    assert written.getvalue().decode() == "* \\u5317\\u4eac - ...\n"


def test_control_characters_are_written_out() -> None:
    """Colours, new lines and bytes of a file name; letters of any script stay."""
    assert shown("a\x1b[2J\r\n\x9b\udcff") == r"a\x1b[2J\r\n\x9b\xff"
    assert shown("北京 é עברית") == "北京 é עברית"
