"""Nothing in a name steers a terminal."""

from polyculture.core.shown import shown


def test_control_characters_are_written_out() -> None:
    """Colours, new lines and bytes of a file name; letters of any script stay."""
    assert shown("a\x1b[2J\r\n\x9b\udcff") == r"a\x1b[2J\r\n\x9b\xff"
    assert shown("北京 é עברית") == "北京 é עברית"
