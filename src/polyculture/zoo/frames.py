"""Plain rows as the tables of ``Cards``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl


def frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pl.DataFrame:
    """A table of these columns; a value that a row does not have is null.

    Args:
        rows: Column to value.
        columns: Column to type, as ``core.cards`` names them.

    Example:
        >>> frame([{"name": "a"}], {"name": "String", "year": "Int32"}).rows()
        [('a', None)]
    """
    import polars as pl

    lists = {"List(String)": pl.List(pl.String)}
    types = {name: lists.get(kind) or getattr(pl, kind) for name, kind in columns.items()}
    return pl.DataFrame([{name: row.get(name) for name in columns} for row in rows], schema=types)
