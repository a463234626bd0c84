"""What the columns of a task say together: which are inputs, and which stand in for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from polyculture.core.task import Column

ALWAYS = ("id", "document", "group")
"""Columns that the rows of every task may have: a name, and what they belong to."""
ROLES = ("system", "user", "assistant")
"""Who says a turn of a conversation: instructions, a person, or the one who replies."""


def inputs_of(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns that rows without right answers have too."""
    return {name: column for name, column in columns.items() if not column.is_gold}


def alternatives(columns: Mapping[str, Column]) -> list[tuple[str, ...]]:
    """The inputs that rows need: one of each group, whose last name is the one to prefer.

    Example:
        >>> from polyculture.core.task import Column
        >>> words, text = Column(kind="words"), Column(kind="text", unless="tokens")
        >>> alternatives({"tokens": words, "text": text, "more": Column(kind="number")})
        [('text', 'tokens'), ('more',)]
    """
    groups: dict[str, list[str]] = {}
    for name, column in inputs_of(columns).items():
        if not column.is_optional:
            groups.setdefault(column.unless or name, []).append(name)
    return [
        (*(name for name in names if name != preferred), preferred)
        for preferred, names in groups.items()
    ]


def originals(columns: Mapping[str, Column], there: Collection[str]) -> list[str]:
    """The inputs of some rows, without what the task made of them.

    Where one of two columns is read, rows have both if the task made the preferred one, as when it
    cuts texts into words.

    Example:
        >>> from polyculture.core.task import Column
        >>> words, text = Column(kind="words"), Column(kind="text", unless="tokens")
        >>> originals({"tokens": words, "text": text}, ["id", "text", "tokens"])
        ['text']
    """
    inputs = {name: column for name, column in inputs_of(columns).items() if name in there}
    derived = {column.unless for column in inputs.values()}
    return [name for name in inputs if name not in derived]
