"""Cards: public facts of a zoo's models, as tables, so that two million of them fit in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from polyculture.core.views import Architecture

Inheritance = Literal["base", "copy"]
"""``base``: a class base in the library's own files, a base model, a dependency. ``copy``: a
comment that says the code was copied from there."""

CARD_COLUMNS = {
    "name": "String",
    "communities": "List(String)",
    "year": "Int32",
    "maker": "String",
    "licence": "String",
    "library": "String",
    "downloads": "Float64",
    "parameters": "Float64",
    "is_built": "Boolean",
    "reason": "String",
}
"""Columns of ``Cards.table`` and their polars types; null means not known.

``name`` is unique and never null. ``communities`` may be empty. ``year`` is what ``year_means``
says. ``reason`` says why a card that could have been built was not; null where it was, and
where the source never builds."""

PARENT_COLUMNS = {"child": "String", "parent": "String", "kind": "String", "count": "Int32"}
"""Columns of ``Cards.parents``: one row for each child, parent and kind. ``count`` says how many
classes, or comments, stand behind it; 1 where the source does not count."""

TRAIT_COLUMNS = {"name": "String", "trait": "String", "value": "String"}
"""Columns of ``Cards.traits``, in long form: a card may have several values of one trait, which
then share its weight equally, or none, which is not a value."""


@dataclass(frozen=True, kw_only=True)
class Cards:
    """What one source says about its models.

    Parents are kept as the source gives them: cycles, unknown names and all. ``survey`` repairs
    them and counts the repairs.
    """

    source: str
    """Its kind, with a version or a file name: ``transformers 5.24.0``."""
    unit: str
    """What a card stands for, in the singular: ``family``, ``model``, ``repository``."""
    table: pl.DataFrame
    """One row a card, in code-point order of names; see ``CARD_COLUMNS``."""
    parents: pl.DataFrame
    """See ``PARENT_COLUMNS``."""
    traits: pl.DataFrame
    """See ``TRAIT_COLUMNS``."""
    graphs: Mapping[str, Architecture] = field(default_factory=dict)
    """Name of each built card to its architecture."""
    listed: int = 0
    """Cards the source names, those that were dropped (duplicates, broken rows) among them."""
    year_means: str = "year"
    """What ``year`` is: year of the port, of publication, of upload."""
    is_census: bool = False
    """The source holds all there is of its kind (a library), so no interval of sampling applies."""
    blind: tuple[str, ...] = ()
    """What this kind of source cannot see, one sentence each."""
    notes: tuple[str, ...] = ()
    """What was dropped, joined or repaired while reading, with counts, one sentence each."""
    joined: tuple[tuple[str, str], ...] = ()
    """Names that were taken for one: (as written, as counted)."""
    digest: str = ""
    """Of what was read."""
