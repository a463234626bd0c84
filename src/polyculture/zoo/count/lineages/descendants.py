"""What lies below each node of a lineage: how deep, how many cards, how many with no other root.

A descendant that is reached by several paths counts once. Below a node hang lines of single
parents, which add up, and nodes with several parents, of which each is counted once for each of
its ancestors; so only the pairs of such a node and an ancestor of it are ever written down.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

from polyculture.zoo.count.lineages.lineage_repair import Graph
from polyculture.zoo.count.lineages.lineage_roots import Roots

Positions = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Descent:
    """What lies below each node, ``(nodes,)`` each."""

    depth: Positions
    """Edges on the longest path down."""
    descendants: Positions
    """Cards below it, by any path."""
    sole: Positions
    """Of these, the cards that have no root but this node or one above it."""


def descent(graph: Graph, roots: Roots) -> Descent:
    """Depth and descendants of every node, exactly.

    Args:
        graph: Without cycles.
        roots: Of its nodes.
    """
    parents = np.bincount(graph.child, minlength=graph.nodes)
    depth, below = _upwards(graph, parents)
    merges = np.flatnonzero(parents > 1)
    merge, ancestor = _ancestors(graph, parents, merges, roots)
    size = 1 + below[merge]
    only = roots.number[merge] == roots.number[ancestor]
    return Descent(
        depth=depth,
        descendants=below + _summed(ancestor, size, graph.nodes),
        sole=below + _summed(ancestor[only], size[only], graph.nodes),
    )


def slices(starts: Positions, rows: Positions) -> Positions:
    """Places of all entries of some rows, where row r has those from ``starts[r]`` on.

    Example:
        >>> slices(np.array([0, 2, 2, 5]), np.array([2, 0])).tolist()
        [2, 3, 4, 0, 1]
    """
    sizes = starts[rows + 1] - starts[rows]
    ends = np.cumsum(sizes)
    within = np.arange(int(sizes.sum()), dtype=np.int64)
    return np.asarray(within + np.repeat(starts[rows] - (ends - sizes), sizes))


def _upwards(graph: Graph, parents: Positions) -> tuple[Positions, Positions]:
    """Longest path down, and cards on lines of single parents below, leaves first."""
    starts = np.concatenate([[0], np.cumsum(parents)])
    waiting = np.bincount(graph.parent, minlength=graph.nodes)
    depth = np.zeros(graph.nodes, dtype=np.int64)
    below = np.zeros(graph.nodes, dtype=np.int64)
    level = np.flatnonzero(waiting == 0)
    while len(level):
        edges = slices(starts, level)
        child, parent = graph.child[edges], graph.parent[edges]
        single = parents[child] == 1
        np.maximum.at(depth, parent, depth[child] + 1)
        np.add.at(below, parent[single], below[child[single]] + 1)
        np.subtract.at(waiting, parent, 1)
        level = np.unique(parent[waiting[parent] == 0])
    return depth, below


def _ancestors(
    graph: Graph, parents: Positions, merges: Positions, roots: Roots
) -> tuple[Positions, Positions]:
    """All pairs of a node with several parents and one of its ancestors."""
    place = np.zeros(graph.nodes, dtype=np.int64)
    place[merges] = np.arange(len(merges))
    edges = parents[graph.child] > 1
    row, start = place[graph.child[edges]], graph.parent[edges]
    lines = _boolean(*_lines(graph, parents, row, start), (len(merges), graph.nodes))
    end = roots.ends[roots.stem[start]]
    inner = parents[end] > 1
    steps = _boolean(row[inner], place[end[inner]], (len(merges), len(merges)))
    pairs = (_closed(steps) @ lines).tocoo()
    return merges[pairs.coords[0]], np.asarray(pairs.coords[1], dtype=np.int64)


def _lines(
    graph: Graph, parents: Positions, row: Positions, node: Positions
) -> tuple[Positions, Positions]:
    """Each start's line of single parents, with both ends, as pairs of row and node."""
    above = np.arange(graph.nodes)
    single = parents[graph.child] == 1
    above[graph.child[single]] = graph.parent[single]
    rows, nodes = [row], [node]
    while len(node):
        goes_on = parents[node] == 1
        row, node = row[goes_on], above[node[goes_on]]
        rows.append(row)
        nodes.append(node)
    return np.concatenate(rows), np.concatenate(nodes)


def _closed(steps: "csr_array[np.bool_]") -> "csr_array[np.bool_]":
    """From single steps to any number of them, none among these, by squaring."""
    reached = steps + eye_array(steps.shape[0], dtype=np.bool_, format="csr")
    while True:
        further = reached @ reached
        if further.nnz == reached.nnz:
            return reached
        reached = further


def _boolean(row: Positions, column: Positions, shape: tuple[int, int]) -> "csr_array[np.bool_]":
    return csr_array((np.ones(len(row), dtype=np.bool_), (row, column)), shape=shape)


def _summed(node: Positions, size: Positions, nodes: int) -> Positions:
    return np.rint(np.bincount(node, weights=size, minlength=nodes)).astype(np.int64)
