"""From parents as a source gives them to a graph without cycles, with what was mended."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from polyculture.core.cards import Cards
from polyculture.zoo.first_few import SHOWN, first_few

Kind = Literal["any", "base", "copy"]
Positions = NDArray[np.int64]
UNKNOWN_YEAR = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """Who comes from whom: cards, then the parents that are not among them, without cycles."""

    kind: Kind
    names: pl.Series
    """Of all nodes: the cards in the order of their table, then the outsiders by code point."""
    cards: int
    """How many of the nodes are cards."""
    years: Positions
    """Of the cards, ``(cards,)``; -1 where it is not known."""
    child: Positions
    """Of each edge, ``(edges,)``, rising; an outsider is never a child."""
    parent: Positions
    """Of each edge, ``(edges,)``, rising among the edges of one child."""
    weights: NDArray[np.float64]
    """How many classes or comments stand behind each edge, ``(edges,)``, above 0."""
    named_by: Positions
    """How many cards name each node as a parent, ``(nodes,)``: themselves not counted, and before
    cycles were cut."""
    notes: tuple[str, ...] = ()
    """What was mended, with counts and up to five names."""

    @property
    def nodes(self) -> int:
        """Number of cards and outsiders."""
        return len(self.names)

    @property
    def outside(self) -> pl.Series:
        """Names that are known as parents only."""
        return self.names.slice(self.cards)


def mend(cards: Cards, kind: Kind = "any") -> Graph:
    """A graph of parents without cycles, and what had to be cut or joined for it.

    A card that names itself loses that edge. Edges that lie on a cycle are all cut: none of them
    says who came first. A parent that is not among the cards stays, as a root of its own. An edge
    that is given more than once is one edge with the counts of all; so is an edge of both kinds,
    which is not a fault and is not noted.

    Args:
        cards: Of one source, or of several that were joined.
        kind: Whether all parents count, or those of one kind.

    Example:
        >>> table = pl.DataFrame({"name": ["a", "b"], "year": [2020, None]})
        >>> rows = {"child": ["b", "b", "a"], "parent": ["a", "x", "a"], "kind": ["base"] * 3,
        ...         "count": [2, 1, 1]}
        >>> cards = Cards(source="", unit="card", table=table, parents=pl.DataFrame(rows),
        ...               traits=pl.DataFrame())
        >>> graph = mend(cards)
        >>> graph.child.tolist(), graph.parent.tolist(), graph.weights.tolist()
        ([1, 1], [0, 2], [2.0, 1.0])
        >>> for note in graph.notes:
        ...     print(note)
        1 card names itself as its parent, which was dropped: a.
        1 parent is not among the cards and is kept as a root of its own: x.
    """
    own = cards.table.get_column("name")
    rows = cards.parents if kind == "any" else cards.parents.filter(pl.col("kind") == kind)
    rows, nameless = _named(rows, own)
    rows, selfish = _without_themselves(rows)
    rows, repeated = _joined(rows)
    outside, strangers = _outside(rows, own)
    names = pl.concat([own, outside])
    child, parent, weights = _edges(rows, outside, len(own))
    named_by = np.bincount(parent, minlength=len(names))
    kept, cycles = _without_cycles(child, parent, names)
    return Graph(
        kind=kind,
        names=names,
        cards=len(own),
        years=_years(cards.table),
        child=child[kept],
        parent=parent[kept],
        weights=weights[kept],
        named_by=named_by,
        notes=(*nameless, *selfish, *repeated, *cycles, *strangers),
    )


def _years(table: pl.DataFrame) -> Positions:
    return table.get_column("year").cast(pl.Int64).fill_null(UNKNOWN_YEAR).to_numpy()


def _named(rows: pl.DataFrame, own: pl.Series) -> tuple[pl.DataFrame, list[str]]:
    """Rows that name a card and a parent, with the places of both; a stranger has none."""
    places = pl.DataFrame({"name": own}).with_row_index("place").cast({"place": pl.Int64})
    said = rows.select("child", "parent", "kind", pl.col("count").cast(pl.Float64))
    usable = said.drop_nulls("parent").join(
        places.rename({"name": "child", "place": "below"}), on="child"
    )
    lost = rows.height - usable.height
    placed = usable.join(
        places.rename({"name": "parent", "place": "above"}), on="parent", how="left"
    )
    why = "for want of a parent's name or of a child among the cards"
    return placed, [f"Dropped, {why}: {_counted(lost, 'row')} of parents."] if lost else []


def _without_themselves(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    own = pl.col("child") == pl.col("parent")
    selfish = rows.filter(own).get_column("child").unique().sort()
    if selfish.is_empty():
        return rows, []
    verb = "names itself as its" if len(selfish) == 1 else "name themselves as their"
    note = f"{_counted(len(selfish), 'card')} {verb} parent, which was dropped: {_some(selfish)}."
    return rows.filter(~own), [note]


def _joined(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """One row a child and parent; an edge without a count, or with one below 1, counts once."""
    edge = ["below", "above", "parent"]
    whole = rows.with_columns(pl.col("count").fill_null(1.0).clip(lower_bound=1.0))
    of_kind = whole.group_by(*edge, "kind").agg(pl.col("count").sum(), times=pl.len())
    joined = of_kind.group_by(edge).agg(pl.col("count").sum()).sort("below", "above", "parent")
    again = of_kind.filter(pl.col("times") > 1)
    if again.is_empty():
        return joined, []
    parents = again.sort("below", "parent").get_column("parent").unique(maintain_order=True)
    verb = "is" if again.height == 1 else "are"
    told = f"{_counted(again.height, 'edge')} {verb} given more than once and joined"
    return joined, [f"{told}, to: {_some(parents)}."]


def _outside(rows: pl.DataFrame, own: pl.Series) -> tuple[pl.Series, list[str]]:
    outside = rows.filter(pl.col("above").is_null()).get_column("parent").unique().sort()
    outside = outside.cast(own.dtype).alias(own.name)
    if outside.is_empty():
        return outside, []
    one = len(outside) == 1
    kept = "is kept as a root of its own" if one else "are kept as roots of their own"
    note = f"{_counted(len(outside), 'parent')} {'is' if one else 'are'} not among the cards and "
    return outside, [f"{note}{kept}: {_some(outside)}."]


def _edges(
    rows: pl.DataFrame, outside: pl.Series, cards: int
) -> tuple[Positions, Positions, NDArray[np.float64]]:
    places = pl.DataFrame({"parent": outside}).with_row_index("beyond", offset=cards)
    placed = (
        rows.join(places, on="parent", how="left")
        .with_columns(pl.coalesce("above", pl.col("beyond").cast(pl.Int64)).alias("above"))
        .sort("below", "above")
    )
    return (
        placed.get_column("below").to_numpy().astype(np.int64),
        placed.get_column("above").to_numpy().astype(np.int64),
        placed.get_column("count").to_numpy().astype(np.float64),
    )


def _without_cycles(
    child: Positions, parent: Positions, names: pl.Series
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which edges stay: those between different strongly connected parts."""
    links = csr_array(
        (np.ones(len(child), dtype=np.int8), (child, parent)), shape=(len(names), len(names))
    )
    _, part = connected_components(links, directed=True, connection="strong")
    cut = part[child] == part[parent]
    if not cut.any():
        return ~cut, []
    among = names.gather(np.unique(child[cut]))
    verb = "lies on a cycle and was" if cut.sum() == 1 else "lie on cycles and were"
    told = f"{_counted(int(cut.sum()), 'edge')} {verb} cut"
    return ~cut, [f"{told}, among {_counted(len(among), 'card')}: {_some(among.sort())}."]


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _some(names: pl.Series) -> str:
    return first_few(names.head(SHOWN + 1).to_list())  # of millions, perhaps
