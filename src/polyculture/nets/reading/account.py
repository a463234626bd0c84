"""Notes on what could not be read of some texts, and of files."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from polyculture.core.errors import DataError
from polyculture.core.task import Encoded

Opened = TypeVar("Opened")


def all_readable(paths: Iterable[str], opened: Callable[[Path], Opened], what: str) -> list[Opened]:
    """What files hold, without those that cannot be read: their rows are named when encoded.

    Args:
        paths: Files of the training rows.
        opened: Opens one; a ``DataError`` where it cannot be read.
        what: What they are, for the message.

    Raises:
        DataError: None can be read.
    """
    found, broken = [], []
    for path in paths:
        try:
            found.append(opened(Path(path)))
        except DataError as error:
            broken.append(error)
    if not found:
        msg = f"None of the training {what} can be read. The first: {broken[0]}"
        raise DataError(msg)
    return found


def of_texts(*, cut: int, rows: int, longest: int, unit: str = "tokens") -> list[str]:
    """Texts that were longer than what is read of them.

    Example:
        >>> of_texts(cut=2, rows=9, longest=512)
        ['2 of 9 texts were cut at 512 tokens.']
    """
    return [f"{cut} of {rows} texts were cut at {longest} {unit}."] if cut else []


def of_unknown(unknown: int, rows: int) -> list[str]:
    """Texts of which nothing is known.

    Example:
        >>> of_unknown(1, 4)
        ['1 of 4 texts hold nothing that the base knows.']
    """
    return [f"{unknown} of {rows} texts hold nothing that the base knows."] if unknown else []


def why_unreadable(unknown: int, rows: int) -> str:
    """Why nothing can be read, if no text holds a known token; else empty.

    Example:
        >>> why_unreadable(1, 1)[:48]
        'its only text holds nothing that the base knows,'
    """
    if unknown < rows:
        return ""
    texts = (
        "its only text holds nothing" if rows == 1 else f"none of its {rows:,} texts holds anything"
    )
    return (
        f"{texts} that the base knows, so there is nothing to read. Check that it is the right "
        "column, in a language of the base."
    )


def prefixed(notes: Sequence[str], where: str) -> list[str]:
    """Notes with the split or file that they are about.

    Example:
        >>> prefixed(["2 texts were cut."], "test")
        ['test: 2 texts were cut.']
    """
    return [f"{where}: {note}" for note in notes]


def refuse_unreadable(encoded: Encoded, where: str) -> None:
    """Check that some of the rows can be read.

    Args:
        encoded: The rows.
        where: Which rows they are, for the message.

    Raises:
        DataError: Nothing can.
    """
    if encoded.unreadable:
        msg = f"{where}: {encoded.unreadable}"
        raise DataError(msg)
