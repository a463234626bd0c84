"""Names in a note: the first few of many."""

from collections.abc import Sequence

SHOWN = 5


def first_few(names: Sequence[str]) -> str:
    """The first five names, with a mark where there are more.

    Example:
        >>> first_few("ab"), first_few("abcdef")
        ('a, b', 'a, b, c, d, e, …')
    """
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
