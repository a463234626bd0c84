"""How the columns of a table were used: the first line of an audit, and its notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyculture.core.shown import shown, shown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyculture.store.reading.tables import Table

SHOWN = 12
"""Names that a sentence lists; the others are counted."""


@dataclass(frozen=True, kw_only=True)
class UsedColumns:
    """The columns and models that a reader of answers recognised."""

    table: Table
    items: int
    models: Sequence[str]
    roles: Mapping[str, str | None]
    """Role (``item``, ``gold``, ...) to column, or None."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Columns that are not used, each with the reason, which may be empty."""

    @property
    def sentence(self) -> str:
        """For example: ``a.csv: 2 items; models north, south; item 'id'; separator ','``."""
        parts = [
            f"{self.items:,} {'item' if self.items == 1 else 'items'}",
            f"models {listed(self.models, quoted=False)}",
            ", ".join(f"{role} {name!r}" for role, name in self.roles.items() if name is not None),
        ]
        if self.table.separator is not None:
            parts.append(f"separator {self.table.separator!r}")
        if self.left_out:
            parts.append(f"not used: {listed(list(self.left_out))}")
        return f"{shown_name(self.table.path)}: {'; '.join(parts)}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out and why, and what was found out about the file."""
        notes = [
            f"The column {name!r} was left out: {why}. If it holds a model's answers, "
            f"{'name it in --models' if name else 'give it a name'}."
            for name, why in self.left_out.items()
            if why
        ]
        return (*self.table.notes, *notes)


def ignore(_: UsedColumns) -> None:
    """Do nothing."""


def listed(names: Sequence[str], *, quoted: bool = True) -> str:
    """Names in a row, the first of many.

    Example:
        >>> listed(["a", "b"], quoted=False), listed([""])
        ('a, b', "''")
    """
    first = ", ".join(repr(name) if quoted else shown(name) for name in names[:SHOWN])
    more = len(names) - SHOWN
    return f"{first} and {more:,} more" if more > 0 else first
