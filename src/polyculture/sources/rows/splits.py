"""Draw rows for splits: the same seed draws the same rows, and a document stays in one split.

The order of a draw is that of SHA-256 over seed and document, so it does not depend on a library's
random numbers, and rows that join or leave a table do not shuffle the others.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from polyculture.core.errors import RecipeError
from polyculture.core.task import Column
from polyculture.sources.rows.repeats import input_keys

if TYPE_CHECKING:
    import polars as pl


def drawn(rows: "pl.DataFrame", seed: int) -> "pl.DataFrame":
    """The rows in the order of a draw; rows of one document stay together.

    Example:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"id": ["a", "b", "c"], "document": ["x", "y", "x"]})
        >>> drawn(rows, seed=1)["document"].to_list() in (["x", "x", "y"], ["y", "x", "x"])
        True
    """
    keys = rows[document_column(rows)].to_list()
    ranks = [rank(key, seed) for key in keys]
    order = sorted(range(len(keys)), key=lambda row: (ranks[row], row))
    return rows[order]


def document_column(rows: "pl.DataFrame") -> str:
    """The column that says what must stay together."""
    return "document" if "document" in rows.columns else "id"


def take(
    rows: "pl.DataFrame", count: int | None, *, what: str
) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """The first rows, and the rest without any row of their documents.

    Args:
        rows: In the order of a draw.
        count: How many to take; None for all of them.
        what: What they are for, to be said when there are too few.

    Raises:
        RecipeError: There are not so many rows.
    """
    import polars as pl

    if count is None:
        return rows, rows.clear()
    if count > len(rows):
        msg = f"{what} asks for {count:,} rows, but only {len(rows):,} are left. Ask for fewer."
        raise RecipeError(msg)
    key = document_column(rows)
    first = rows.head(count)
    gone = first[key].unique().to_list()
    return first, rows.filter(~pl.col(key).is_in(gone))


def shares(count: int, parts: int) -> list[int]:
    """A count in equal parts; the first ones take what is over.

    Example:
        >>> shares(500, 3)
        [167, 167, 166]
    """
    return [count // parts + (part < count % parts) for part in range(parts)]


def held_out(
    rows: "pl.DataFrame", columns: Mapping[str, Column], share: float, *, seed: int
) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """Part rows into those that stay and those held out, whole documents or equal inputs at a time.

    Args:
        rows: All rows.
        columns: What the task reads.
        share: Part of the rows to hold out; rounded up to whole documents while some stay.
        seed: Which ones.

    Raises:
        RecipeError: All rows are one document.
    """
    keys = rows["document"].to_list() if "document" in rows.columns else input_keys(rows, columns)
    return units_held_out(rows, keys, share, seed=seed, what="document")


def units_held_out(
    rows: "pl.DataFrame", keys: Sequence[str], share: float, *, seed: int, what: str
) -> "tuple[pl.DataFrame, pl.DataFrame]":
    """Part rows into those that stay and those held out, whole units at a time.

    Args:
        rows: All rows.
        keys: The unit of each row.
        share: Part of the rows to hold out; rounded up to whole units while some stay.
        seed: Which ones.
        what: What a unit is called.

    Raises:
        RecipeError: All rows are one unit.
    """
    count = Counter(keys)
    taken: set[str] = set()
    size = 0
    for key in sorted(count, key=lambda key: (rank(key, seed), key)):
        if size >= share * len(rows) or size + count[key] == len(rows):
            break  # enough, or nothing would stay
        taken.add(key)
        size += count[key]
    if not taken:
        msg = (
            f"hold_out cannot part {len(rows):,} rows that are all one {what}. Name a file as "
            "valid instead."
        )
        raise RecipeError(msg)
    out = [row for row, key in enumerate(keys) if key in taken]
    stay = [row for row, key in enumerate(keys) if key not in taken]
    return rows[stay], rows[out]


def rank(key: str, seed: int) -> str:
    """Where a unit stands in a draw: the same on any machine, whatever other units there are."""
    return hashlib.sha256(f"{seed} {key}".encode()).hexdigest()
