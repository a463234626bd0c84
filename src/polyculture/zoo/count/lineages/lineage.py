"""The forest of who comes from whom: roots, descendants, single points of failure."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyculture.core.survey import Ancestor, Forest
from polyculture.core.values import Undefined, Value
from polyculture.zoo.count.draws.intervals import with_chance, with_interval
from polyculture.zoo.count.lineages.attachment import Attachments, attachments
from polyculture.zoo.count.lineages.descendants import Descent, descent
from polyculture.zoo.count.lineages.lineage_repair import Graph
from polyculture.zoo.count.lineages.lineage_roots import Roots, roots_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Positions = NDArray[np.int64]
Floats = NDArray[np.float64]
MOST_ANCESTORS = 200
MOST_PARENTS = 10_000
RIVALS = 32
"""Roots that may become the most fruitful one when cards are resampled."""


def graph_roots(graph: Graph) -> Roots:
    """The roots of all nodes of a graph."""
    return roots_of(graph.child, graph.parent, graph.weights, graph.nodes)


def root_shares(graph: Graph) -> "csr_array[np.float64]":
    """How each card's one vote is divided among root lineages.

    A card's vote is divided among its parents in proportion to the weights of its edges; each part
    goes with that parent to its roots. A card without parents is its own root.

    Returns:
        ``(cards, nodes)``; every row sums to 1.

    Example:
        >>> import polars as pl
        >>> graph = Graph(kind="any", names=pl.Series(["a", "b", "c"]), cards=3,
        ...               years=np.full(3, -1), child=np.array([2, 2]), parent=np.array([0, 1]),
        ...               weights=np.array([1.0, 3.0]), named_by=np.array([1, 1, 0]))
        >>> root_shares(graph).toarray().tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.25, 0.75, 0.0]]
    """
    roots = graph_roots(graph)
    return roots.shares[roots.stem[: graph.cards]]


def descendants(graph: Graph) -> Positions:
    """Cards below each node by any path, each counted once, ``(nodes,)``; exact.

    Example:
        >>> import polars as pl
        >>> graph = Graph(kind="any", names=pl.Series(["a", "b", "c", "d"]), cards=4,
        ...               years=np.full(4, -1), child=np.array([1, 2, 3, 3]),
        ...               parent=np.array([0, 0, 1, 2]), weights=np.ones(4),
        ...               named_by=np.array([2, 1, 1, 0]))
        >>> descendants(graph).tolist()
        [3, 1, 1, 0]
    """
    return descent(graph, graph_roots(graph)).descendants


def forest(
    graph: Graph,
    *,
    draws: int = 100,
    resamples: int = 1000,
    seed: int = 1,
    grown: Attachments | None = None,
) -> Forest:
    """The lineage forest, with its most fruitful ancestors.

    The interval of ``largest`` draws cards with replacement and keeps who descends from whom: it is
    a sensitivity, see ``similarity.sensitivity``. Its chance level is under uniform attachment.

    Args:
        graph: Without cycles.
        draws: Lineages grown by uniform attachment; fewer for large graphs.
        resamples: Rounds behind the interval.
        seed: Seed of all drawing.
        grown: Lineages that were grown already; otherwise they are grown here.
    """
    roots = graph_roots(graph)
    below = descent(graph, roots)
    parents = np.bincount(graph.child, minlength=graph.nodes)[: graph.cards]
    children = np.bincount(graph.parent, minlength=graph.nodes)
    has_children = children[: graph.cards] > 0
    drawn = grown
    if drawn is None and len(graph.child):
        drawn = attachments(graph, draws=draws, seed=seed)
    return Forest(
        kind=graph.kind,
        cards=graph.cards,
        edges=len(graph.child),
        roots=int(((parents == 0) & has_children).sum()),
        alone=int(((parents == 0) & ~has_children).sum()),
        depth=int(below.depth.max(initial=0)),
        several_parents=int((parents > 1).sum()),
        largest=_largest(
            graph, roots, below, drawn, resamples=resamples, rng=np.random.default_rng(seed)
        ),
        ancestors=_ancestors(graph, below, children),
        parents=_parents(graph),
        mended=graph.notes,
    )


def _ancestors(graph: Graph, below: Descent, children: Positions) -> tuple[Ancestor, ...]:
    names = graph.names
    return tuple(
        Ancestor(
            name=names[node],
            is_card=node < graph.cards,
            children=int(children[node]),
            descendants=int(below.descendants[node]),
            share=float(below.descendants[node] / graph.cards),
            depth=int(below.depth[node]),
            sole=int(below.sole[node]),
        )
        for node in _first(graph, below.descendants, MOST_ANCESTORS)
    )


def _parents(graph: Graph) -> dict[str, int]:
    nodes = _first(graph, graph.named_by, MOST_PARENTS)
    return {graph.names[node]: int(graph.named_by[node]) for node in nodes}


def _first(graph: Graph, counts: Positions, most: int) -> list[int]:
    """Nodes with the highest counts above 0; equal ones in code-point order of their names."""
    some = np.flatnonzero(counts)
    if len(some) > most:
        least = np.partition(counts[some], -most)[-most]
        some = some[counts[some] >= least]
    names = graph.names.gather(some).to_list()
    ordered = sorted(zip((-counts[some]).tolist(), names, some.tolist(), strict=True))
    return [node for _, _, node in ordered[:most]]


def _largest(
    graph: Graph,
    roots: Roots,
    below: Descent,
    grown: Attachments | None,
    *,
    resamples: int,
    rng: np.random.Generator,
) -> Value:
    if not len(graph.child) or grown is None:
        return Undefined(reason="no card has a parent")
    most = float(below.descendants.max() / graph.cards)
    rounds = _resampled(graph, roots, below.descendants, resamples, rng)
    return with_chance(with_interval(most, rounds, low=0.0, high=1.0), grown.largest)


def _resampled(
    graph: Graph, roots: Roots, counts: Positions, resamples: int, rng: np.random.Generator
) -> Floats:
    """Share below the most fruitful root in each set of cards drawn with replacement.

    The most fruitful ancestor is a root, since whatever descends from a node descends from its
    roots too. Cards below the same ones of the largest roots are alike, so that only their
    numbers are drawn.
    """
    is_root = np.bincount(graph.child, minlength=graph.nodes) == 0
    fruitful = np.flatnonzero(is_root & (counts > 0))
    rivals = fruitful[np.argsort(-counts[fruitful], kind="stable")[:RIVALS]]
    is_below = (roots.shares[:, rivals] > 0).astype(np.int64)
    marks = np.asarray(is_below @ (np.int64(1) << np.arange(len(rivals))))[roots.stem]
    marks[rivals] = 0  # a root is not its own descendant
    patterns, sizes = np.unique(marks[: graph.cards], return_counts=True)
    drawn = rng.multinomial(graph.cards, sizes / graph.cards, size=resamples)
    member = (patterns[:, None] >> np.arange(len(rivals))) & 1
    return np.asarray((drawn @ member).max(axis=1) / graph.cards, dtype=np.float64)
