"""Notes on what could not be read of some texts."""

from collections.abc import Sequence

from polyculture.core.errors import DataError
from polyculture.core.task import Encoded


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
