"""The cards of a survey as rows for a reader."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.cards import Cards
from polyculture.core.survey import Member
from polyculture.zoo.count.likeness.outliers import traits_of

MOST = 5_000
"""Rows that a page can carry."""


def members(cards: Cards, descendants: NDArray[np.int64]) -> tuple[Member, ...]:
    """All cards, or those with the most descendants.

    Args:
        cards: Of all sources.
        descendants: Number of cards below each card, ``(cards,)``.

    Returns:
        At most 5,000, in code-point order of their names.
    """
    order = np.lexsort((np.arange(len(descendants)), -descendants))[:MOST]
    chosen = np.sort(order)
    table = cards.table[chosen.tolist()]
    names = table.select("name")
    parents = cards.parents.join(names.rename({"name": "child"}), on="child", how="semi")
    bases = _lists(parents.filter(pl.col("kind") == "base"))
    copies = _lists(parents.filter(pl.col("kind") == "copy"))
    traits = traits_of(cards.traits, names.get_column("name").to_list())
    return tuple(
        Member(
            name=row["name"],
            communities=tuple(row["communities"] or ()),
            year=row["year"],
            maker=row["maker"] or "",
            parameters=row["parameters"],
            parents=tuple(bases.get(row["name"], ())),
            copied_from=tuple(copies.get(row["name"], ())),
            descendants=int(descendants[number]),
            traits=traits.get(row["name"], {}),
            is_built=bool(row["is_built"]),
            reason=row["reason"] or "",
        )
        for number, row in zip(chosen, table.iter_rows(named=True), strict=True)
    )


def _lists(parents: pl.DataFrame) -> Mapping[str, Sequence[str]]:
    """Parents of each child, the one with most behind it first."""
    ordered = parents.sort("child", "count", "parent", descending=[False, True, False])
    grouped = ordered.group_by("child", maintain_order=True).agg("parent")
    return dict(grouped.iter_rows())
