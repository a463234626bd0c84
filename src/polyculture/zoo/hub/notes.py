"""What is to be said of a hub's snapshot: how it was taken, what is missing, what bases are for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pydantic import ValidationError

from polyculture.zoo.hub.snapshot import METADATA, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import polars as pl

FIRST_KEPT = date(2022, 3, 2)
"""Day on which the largest hub began to keep dates: whatever is older bears this one."""


def taken(paths: Iterable[Path]) -> tuple[str, ...]:
    """How snapshots were taken, where they say so themselves."""
    return tuple(sentence for path in paths for sentence in _taken(path))


def _taken(path: Path) -> tuple[str, ...]:
    import polars as pl

    try:
        facts = Facts.model_validate_json(pl.read_parquet_metadata(path)[METADATA])
    except (KeyError, ValidationError):  # made by somebody else
        return ()
    asked = ", ".join(facts.wish.communities) or "all communities"
    most = f"at most {facts.wish.limit:,} of each" if facts.wish.limit else "all of them"
    dropped = f"; {facts.malformed:,} malformed entries were dropped" if facts.malformed else ""
    return (f"Taken on {facts.taken} from {facts.hub}: {asked}, {most}{dropped}.",)


def told(counts: Mapping[str, int]) -> tuple[str, ...]:
    """One sentence for each count that is not zero.

    Example:
        >>> told({"Without a community": 1200, "Without a name": 0})
        ('Without a community: 1,200.',)
    """
    return tuple(f"{what}: {count:,}." for what, count in counts.items() if count)


def notes_of(kept: pl.DataFrame, edges: pl.DataFrame, today: date) -> tuple[str, ...]:
    """What is missing or was mended in the rows that are kept.

    Args:
        kept: One row a repository.
        edges: Child and parent, as often as the snapshot says so.
        today: Later dates are none.
    """
    created = kept["created"]
    counts = {
        "Without a date of creation, so of no year": created.null_count(),
        f"Created after {today}, so of no year": int((created > today).sum()),
        f"Created on {FIRST_KEPT}, when the hub began to keep dates, or before": int(
            (created == FIRST_KEPT).sum()
        ),
        "Without a community": kept["community"].null_count(),
        "With downloads below zero, taken as not known": int((kept["downloads"] < 0).sum()),
        "Bases that a repository names twice, counted once": len(edges) - len(edges.unique()),
    }
    return (*told(counts), *_relations(kept))


def _relations(kept: pl.DataFrame) -> tuple[str, ...]:
    """What was done with bases, the most frequent first."""
    import polars as pl

    some = kept.filter(pl.col("relations").list.len() > 0)
    said = some.select(relation="relations").explode("relation").fill_null("not said")
    counts = said["relation"].value_counts().sort("count", "relation", descending=[True, False])
    if counts.is_empty():
        return ()
    return (f"Made of a base by: {', '.join(f'{n} {c:,}' for n, c in counts.iter_rows())}.",)
