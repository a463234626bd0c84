"""Over what a survey counts concentration: lineages, makers, licences, libraries, traits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.cards import Cards
from polyculture.zoo.count.lineages.attachment import Attachments
from polyculture.zoo.count.lineages.lineage import root_shares
from polyculture.zoo.count.lineages.lineage_repair import Graph, Kind, mend
from polyculture.zoo.count.shares.classes import Votes, of_column, of_trait

Floats = NDArray[np.float64]
Weight = Literal["count", "downloads", "parameters"]
OVER: Mapping[Kind, str] = {
    "any": "lineage",
    "base": "lineage of bases",
    "copy": "lineage of copies",
}
COLUMNS = ("maker", "licence", "library")
WEIGHED_COLUMNS = {"maker"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Division:
    """Cards divided over classes, each card with its weight."""

    over: str
    weight: Weight = "count"
    votes: Votes
    grown: Floats | None = None
    """Figures of lineages grown by uniform attachment, ``(draws, 6)``."""
    why_not: str = ""
    """Why nothing can be counted."""


def graphs_of(cards: Cards) -> Mapping[Kind, Graph]:
    """The graph of all parents and, where there are two kinds of them, of each kind."""
    kinds = cards.parents.get_column("kind").n_unique()
    wanted: tuple[Kind, ...] = get_args(Kind) if kinds > 1 else ("any",)
    return {kind: mend(cards, kind) for kind in wanted}


def weights_of(cards: Cards) -> Mapping[Weight, Floats]:
    """How much each card weighs, by each weight that at least half of the cards know.

    Not known is NaN; so is a weight below 0. A weight that is 0 throughout is left out.

    Example:
        >>> table = pl.DataFrame({"name": ["a", "b"], "downloads": [3.0, None],
        ...                       "parameters": [None, None]})
        >>> cards = Cards(source="", unit="", table=table, parents=pl.DataFrame(),
        ...               traits=pl.DataFrame())
        >>> {name: weights.tolist() for name, weights in weights_of(cards).items()}
        {'count': [1.0, 1.0], 'downloads': [3.0, nan]}
    """
    found: dict[Weight, Floats] = {"count": np.ones(cards.table.height)}
    extra: tuple[Weight, ...] = ("downloads", "parameters")
    for name in extra:
        column = cards.table.get_column(name).cast(pl.Float64).to_numpy().astype(np.float64)
        known = np.where(column >= 0, column, np.nan)
        if (~np.isnan(known)).mean() >= 0.5 and np.nansum(known) > 0:  # noqa: PLR2004 - half
            found[name] = known
    return found


def divisions(
    cards: Cards, graphs: Mapping[Kind, Graph], grown: Mapping[Kind, Attachments]
) -> Iterator[Division]:
    """All divisions, one after the other: each may be as large as the zoo.

    Args:
        cards: Of the zoo.
        graphs: What ``graphs_of`` gives.
        grown: Chance for each of them; those without edges have none.
    """
    weights = weights_of(cards)
    for kind, graph in graphs.items():
        votes = lineage_votes(graph)
        why_not = "" if len(graph.child) else "no card has a parent"
        for weight, of_card in weights.items():
            spreads = grown[kind].spreads.get(weight) if kind in grown else None
            yield Division(
                over=OVER[kind],
                weight=weight,
                votes=weighted(votes, of_card),
                grown=spreads,
                why_not=why_not,
            )
    for column in COLUMNS:
        votes = of_column(cards, column)
        why_not = "" if votes.names else f"no card has a {column}"
        for weight, of_card in weights.items():
            if weight == "count" or column in WEIGHED_COLUMNS:
                yield Division(
                    over=column, weight=weight, votes=weighted(votes, of_card), why_not=why_not
                )
    for trait in cards.traits.get_column("trait").unique().sort():
        yield Division(over=trait, votes=of_trait(cards, trait))


def lineage_votes(graph: Graph) -> Votes:
    """Votes for root lineages; classes are the roots that some card comes from."""
    shares = root_shares(graph)
    used = np.unique(shares.indices)
    place = np.zeros(graph.nodes, dtype=np.int64)
    place[used] = np.arange(len(used))
    rows = csr_array(
        (shares.data, place[shares.indices], shares.indptr), shape=(graph.cards, len(used))
    )
    return Votes(names=tuple(graph.names.gather(used).to_list()), rows=rows)


def weighted(votes: Votes, weights: Floats) -> Votes:
    """Votes times weights; a card whose weight is not known has no vote.

    Example:
        >>> votes = Votes(names=("x",), rows=csr_array(np.array([[1.0], [1.0]])))
        >>> weighted(votes, np.array([7.0, np.nan])).rows.toarray().tolist()
        [[7.0], [0.0]]
    """
    sizes = np.diff(votes.rows.indptr)
    known = ~np.isnan(weights)
    of_entry = np.repeat(weights, sizes)
    kept = ~np.isnan(of_entry)
    starts = np.concatenate([[0], np.cumsum(sizes * known)])
    rows = csr_array(
        ((votes.rows.data * of_entry)[kept], votes.rows.indices[kept], starts),
        shape=votes.rows.shape,
    )
    return Votes(names=votes.names, rows=rows)
