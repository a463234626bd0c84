"""Cards divided over classes: one row a card, one column a class, each row a vote of 1.

A card with several makers, or several values of a trait, divides its vote equally among them. A
card whose class is not known has an empty row.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.cards import Cards

Positions = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Votes:
    """How the cards' votes divide over classes."""

    names: tuple[str, ...]
    """Of the classes, one a column."""
    rows: "csr_array[np.float64]"
    """``(cards, classes)``; a row sums to 1, or to 0 where nothing is known."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which cards have a class, ``(cards,)``."""
        known: NDArray[np.bool_] = np.diff(self.rows.indptr) > 0
        return known


def of_column(cards: Cards, column: str) -> Votes:
    """Votes by a column of the cards' table that holds one class each.

    Example:
        >>> table = pl.DataFrame({"name": ["a", "b", "c"], "maker": ["x", None, "x"]})
        >>> empty = pl.DataFrame()
        >>> cards = Cards(source="", unit="", table=table, parents=empty, traits=empty)
        >>> of_column(cards, "maker").rows.toarray().tolist()
        [[1.0], [0.0], [1.0]]
    """
    position = pl.int_range(pl.len(), dtype=pl.Int64).alias("card")
    told = cards.table.select(position, pl.col(column).alias("class")).drop_nulls()
    return _votes(told, cards.table.height)


def of_trait(cards: Cards, trait: str) -> Votes:
    """Votes by the values of one trait.

    Example:
        >>> table = pl.DataFrame({"name": ["a", "b"]})
        >>> traits = pl.DataFrame({"name": ["a", "a"], "trait": ["t", "t"], "value": ["u", "v"]})
        >>> cards = Cards(source="", unit="", table=table, parents=pl.DataFrame(), traits=traits)
        >>> of_trait(cards, "t").rows.toarray().tolist()
        [[0.5, 0.5], [0.0, 0.0]]
    """
    position = cards.table.select("name").with_row_index("card").cast({"card": pl.Int64})
    told = (
        cards.traits.filter(pl.col("trait") == trait)
        .join(position, on="name")
        .select("card", pl.col("value").alias("class"))
        .unique(maintain_order=True)
    )
    return _votes(told, cards.table.height)


def _votes(told: pl.DataFrame, cards: int) -> Votes:
    names = told.get_column("class").unique().sort()
    code = pl.DataFrame({"class": names}).with_row_index("code")
    placed = told.join(code, on="class").with_columns((1.0 / pl.len().over("card")).alias("vote"))
    rows = csr_array(
        (
            placed.get_column("vote").to_numpy(),
            (placed.get_column("card").to_numpy(), placed.get_column("code").to_numpy()),
        ),
        shape=(cards, len(names)),
    )
    return Votes(names=tuple(names.to_list()), rows=rows)


def members_of(cards: Cards) -> Mapping[str, Positions]:
    """Positions of each community's cards, communities in code-point order.

    Example:
        >>> table = pl.DataFrame({"name": ["a", "b"], "communities": [["x"], ["x", "y"]]})
        >>> empty = pl.DataFrame()
        >>> cards = Cards(source="", unit="", table=table, parents=empty, traits=empty)
        >>> {name: found.tolist() for name, found in members_of(cards).items()}
        {'x': [0, 1], 'y': [1]}
    """
    grouped = (
        cards.table.select("communities")
        .with_row_index("card")
        .explode("communities")
        .drop_nulls()
        .unique(maintain_order=True)
        .group_by("communities")
        .agg(pl.col("card").sort())
        .sort("communities")
    )
    return {
        name: found.to_numpy().astype(np.int64)
        for name, found in zip(
            grouped.get_column("communities"), grouped.get_column("card"), strict=True
        )
    }
