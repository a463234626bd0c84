"""A terminal that cannot show every character: it gets the nearest that it can."""

import codecs
import sys

NEAREST = str.maketrans({"–": "-", "—": "-", "−": "-", "…": "...", "•": "*", "←": "<-", "×": "x"})
"""What stands for our own signs where they cannot be shown."""
PLAINLY = "polyculture.plainly"


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(NEAREST)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def speak_plainly() -> None:
    r"""Let standard output and the error stream take any text.

    What their encoding lacks is shown by its number, as ``\u5317``.
    """
    codecs.register_error(PLAINLY, _plain)
    for stream in (sys.stdout, sys.stderr):
        change = getattr(stream, "reconfigure", None)
        if change is not None:
            change(errors=PLAINLY)
