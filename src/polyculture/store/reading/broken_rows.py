"""Rows that cannot be read: the first one ends the reading, or whoever reads counts them."""

from collections.abc import Callable

from polyculture.core.errors import DataError


class BrokenRowError(DataError):
    """A row or line of a file that cannot be read.

    Args:
        name: The file, as messages call it.
        line: Where the row begins, from 1.
        reason: What is wrong, without a full stop.
        advice: What to do about it, as a sentence.
        short: The reason for a reader that goes on, where it is not the same.
    """

    def __init__(
        self, name: str, line: int, reason: str, advice: str = "", *, short: str = ""
    ) -> None:
        super().__init__(f"{name}, line {line}: {reason}. {advice}".rstrip())
        self.line = line
        self.reason = short or reason


OnBroken = Callable[[BrokenRowError], None]
"""What becomes of a row that cannot be read; reading goes on behind it."""


def refuse(error: BrokenRowError) -> None:
    """End the reading."""
    raise error
