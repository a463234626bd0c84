"""Chance for lineages: every card keeps how many parents it has, but chooses them at random."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyculture.zoo.count.draws.draw_budget import affordable, batches
from polyculture.zoo.count.draws.permutations import orders
from polyculture.zoo.count.lineages.lineage_repair import UNKNOWN_YEAR, Graph
from polyculture.zoo.count.lineages.lineage_roots import Roots, roots_of
from polyculture.zoo.count.shares.concentration_figures import spread

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Random = np.random.Generator


@dataclass(frozen=True, kw_only=True, eq=False)
class Attachments:
    """Lineages grown by uniform attachment."""

    largest: Floats
    """Share of all cards below the most fruitful ancestor, ``(draws,)``."""
    spreads: Mapping[str, Floats]
    """By name of a weight: figures over root lineages, ``(draws, 6)``, ordered as ``FIGURES``."""


def attachments(
    graph: Graph,
    *,
    draws: int = 1000,
    seed: int = 1,
    weights: Mapping[str, Floats] | None = None,
) -> Attachments:
    """What lineages would look like if no parent were more attractive than another.

    In each draw the cards are put in an order: by year, within a year at random; a card whose year
    is not known takes the year of a card drawn at random. Each card then chooses, for each edge it
    has, one of the nodes before it, all with the same chance; nodes that are known as parents only
    come before all cards. Two edges of a card may meet the same parent. A card with nothing before
    it becomes a root. Edges keep their weights.

    Args:
        graph: Without cycles.
        draws: Number of draws, fewer for large graphs, see ``affordable``.
        seed: Seed of all drawing.
        weights: How much each card weighs, ``(cards,)`` each, NaN where that is not known; none for
            the number of cards alone.

    Example:
        A root and two cards that come one after the other: the third chooses the first or the
        second, and is a descendant of the first either way.

        >>> import polars as pl
        >>> graph = Graph(kind="any", names=pl.Series(["a", "b", "c"]), cards=3,
        ...               years=np.array([2020, 2021, 2022]), child=np.array([1, 2]),
        ...               parent=np.array([0, 1]), weights=np.ones(2), named_by=np.array([1, 1, 0]))
        >>> attachments(graph, draws=3).largest.round(4).tolist()
        [0.6667, 0.6667, 0.6667]
    """
    rng = np.random.default_rng(seed)
    weighed = weights if weights is not None else {"count": np.ones(graph.cards)}
    whole = np.bincount(graph.child).max(initial=0) <= 1  # no vote is divided
    largest: list[Floats] = []
    spreads: dict[str, list[Floats]] = {name: [] for name in weighed}
    for at_once in batches(affordable(draws, graph.nodes), graph.nodes):
        roots = _grown(graph, at_once, rng)
        largest.append(_largest(graph, roots, at_once))
        for name, one in weighed.items():
            found = spread(_votes(graph, roots, one, at_once), whole=whole and name == "count")
            spreads[name].append(found)
    return Attachments(
        largest=np.concatenate(largest) if largest else np.empty(0),
        spreads={name: np.concatenate(found) for name, found in spreads.items() if found},
    )


def _grown(graph: Graph, draws: int, rng: Random) -> Roots:
    """Roots of several draws side by side: cards of all draws, then outsiders of all draws."""
    cards, outside = graph.cards, graph.nodes - graph.cards
    order, rank = _ordered(graph, draws, rng)
    before = outside + rank[:, graph.child]  # (draws, edges)
    choice = np.floor(rng.random(before.shape) * before).astype(np.int64)
    draw = np.arange(draws)[:, None]
    chosen = np.where(
        choice < outside,
        draws * cards + draw * outside + choice,
        draw * cards + np.take_along_axis(order, np.maximum(choice - outside, 0), axis=1),
    )
    able = before > 0
    return roots_of(
        (graph.child + draw * cards)[able],
        chosen[able],
        np.broadcast_to(graph.weights, before.shape)[able],
        draws * graph.nodes,
    )


def _ordered(graph: Graph, draws: int, rng: Random) -> tuple[Positions, Positions]:
    """Cards in the order of each draw, and each card's place in it, both ``(draws, cards)``."""
    years = np.broadcast_to(graph.years, (draws, graph.cards))
    known = graph.years[graph.years != UNKNOWN_YEAR]
    if len(known) < graph.cards:
        stand_in = rng.choice(known if len(known) else np.zeros(1, dtype=np.int64), years.shape)
        years = np.where(years == UNKNOWN_YEAR, stand_in, years)
    order = orders(draws, graph.cards, rng, leading=years - years.min())
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(graph.cards)[None, :], axis=1)
    return order, rank


def _largest(graph: Graph, roots: Roots, draws: int) -> Floats:
    cards = draws * graph.cards
    reach = roots.reach(np.arange(cards))
    reach[:cards] -= reach[:cards] > 0  # a root is not its own descendant
    most = reach[:cards].reshape(draws, graph.cards).max(axis=1)
    if graph.nodes > graph.cards:
        most = np.maximum(most, reach[cards:].reshape(draws, -1).max(axis=1))
    return np.asarray(most / graph.cards, dtype=np.float64)


def _votes(graph: Graph, roots: Roots, weights: Floats, draws: int) -> Floats:
    """What each root gets in each draw, ``(draws, nodes)``."""
    cards = draws * graph.cards
    got = roots.votes(np.tile(np.nan_to_num(weights), draws))
    return np.hstack([got[:cards].reshape(draws, -1), got[cards:].reshape(draws, -1)])
