"""Entries as the tables of ``Cards``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS
from polyculture.zoo.frames import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from polyculture.zoo.tables.layouts import Entry
    from polyculture.zoo.tables.lineage import Parent


def card_frame(entries: Sequence[Entry]) -> pl.DataFrame:
    """One row a card, in code-point order of names."""
    rows = (
        {
            "name": entry.name,
            "communities": sorted(set(entry.communities)),
            "year": entry.when.year,
            "maker": entry.maker,
            "licence": entry.licence,
            "library": entry.library,
            "downloads": entry.downloads,
            "parameters": entry.parameters,
            "is_built": False,  # a table holds no architectures
            "reason": None,
        }
        for entry in sorted(entries, key=lambda entry: entry.name)
    )
    return frame(rows, CARD_COLUMNS)


def parent_frame(parents: Sequence[Parent]) -> pl.DataFrame:
    """One row for each child, parent and kind."""
    ordered = sorted(parents, key=lambda one: (one.child, one.parent, one.kind))
    rows = (
        {"child": one.child, "parent": one.parent, "kind": one.kind, "count": 1} for one in ordered
    )
    return frame(rows, PARENT_COLUMNS)


def trait_frame(entries: Sequence[Entry]) -> pl.DataFrame:
    """One row for each card, trait and value."""
    found = sorted(
        {(entry.name, trait, value) for entry in entries for trait, value in entry.traits}
    )
    return frame(({"name": n, "trait": t, "value": v} for n, t, v in found), TRAIT_COLUMNS)
