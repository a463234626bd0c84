"""Where each node's lineage ends: its roots, with the part of its vote that goes to each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Positions = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Roots:
    """The roots of all nodes. Nodes on one line of single parents have the same ones."""

    stem: Positions
    """Row of ``shares`` that holds for each node, ``(nodes,)``."""
    ends: Positions
    """Node of each row: a root, or a node with several parents, ``(rows,)``."""
    shares: "csr_array[np.float64]"
    """Part of a vote that each root gets, ``(rows, nodes)``; rows sum to 1."""

    @property
    def number(self) -> Positions:
        """How many roots each node has, ``(nodes,)``; a root has itself."""
        return np.asarray(np.diff(self.shares.indptr)[self.stem], dtype=np.int64)

    def votes(self, weights: Floats) -> Floats:
        """What each node gets as a root, ``(nodes,)``.

        Args:
            weights: How much the first nodes weigh, ``(cards,)``; the others have no vote.
        """
        of_row = np.bincount(self.stem[: len(weights)], weights=weights, minlength=len(self.ends))
        return self._spread(of_row, self.shares.data)

    def reach(self, cards: Positions) -> Positions:
        """How many of these cards have each node among their roots, ``(nodes,)``."""
        of_row = np.bincount(self.stem[cards], minlength=len(self.ends))
        return np.rint(self._spread(of_row, np.ones_like(self.shares.data))).astype(np.int64)

    def _spread(self, of_row: NDArray[np.generic], parts: Floats) -> Floats:
        weights = np.repeat(of_row, np.diff(self.shares.indptr)) * parts
        return np.bincount(self.shares.indices, weights=weights, minlength=self.shares.shape[1])


def roots_of(child: Positions, parent: Positions, weights: Floats, nodes: int) -> Roots:
    """The roots of all nodes of a graph without cycles.

    A node's one vote is divided among its parents in proportion to the weights of its edges; each
    part goes with that parent to its roots. A node without parents is its own root.

    Lines of single parents are first drawn together by doubling steps (a node points to where the
    node it points to points), then the nodes with several parents by squaring the matrix of steps,
    so that time grows with the logarithm of depth.

    Args:
        child: Of each edge, ``(edges,)``.
        parent: Of each edge, ``(edges,)``.
        weights: Of each edge, ``(edges,)``, above 0.
        nodes: Number of nodes.

    Example:
        Node 3 has two parents, three quarters of it from 1, which comes from 0, and the rest
        from 2.

        >>> found = roots_of(np.array([1, 3, 3]), np.array([0, 1, 2]), np.array([1.0, 3, 1]), 4)
        >>> found.shares[found.stem].toarray()[3].tolist()
        [0.75, 0.0, 0.25, 0.0]
        >>> found.votes(np.ones(4)).tolist(), found.reach(np.arange(4)).tolist()
        ([2.75, 0.0, 1.25, 0.0], [3, 0, 2, 0])
    """
    parents = np.bincount(child, minlength=nodes)
    single = parents[child] == 1
    ends = np.flatnonzero(parents != 1)
    place = np.zeros(nodes, dtype=np.int64)
    place[ends] = np.arange(len(ends))
    stem = place[_far_end(child[single], parent[single], nodes)]
    several = ~single
    steps = _steps(
        place[child[several]], stem[parent[several]], weights[several], parents[ends] == 0
    )
    while (parents[ends[steps.indices]] > 0).any():
        steps = steps @ steps
    shares = csr_array((steps.data, ends[steps.indices], steps.indptr), shape=(len(ends), nodes))
    return Roots(stem=stem, ends=ends, shares=shares)


def _far_end(child: Positions, parent: Positions, nodes: int) -> Positions:
    """Where each node's line of single parents ends."""
    to = np.arange(nodes)
    to[child] = parent
    while True:
        further = to[to]
        if np.array_equal(further, to):
            return to
        to = further


def _steps(
    row: Positions, column: Positions, weights: Floats, is_root: NDArray[np.bool_]
) -> "csr_array[np.float64]":
    """One step up of each end: to its parents' ends, or, from a root, to itself."""
    count = len(is_root)
    total = np.bincount(row, weights=weights, minlength=count)
    roots = np.flatnonzero(is_root)
    rows = np.concatenate([row, roots])
    columns = np.concatenate([column, roots])
    parts = np.concatenate([weights / total[row], np.ones(len(roots))])
    return csr_array((parts, (rows, columns)), shape=(count, count))
