"""Where each node's lineage ends: its roots, with the part of its vote that goes to each."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Positions = NDArray[np.int64]
Floats = NDArray[np.float64]
Shares: TypeAlias = "csr_array[np.float64]"
FEW = 2**31
"""Nodes whose numbers fit into four bytes, which halves what is moved."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Roots:
    """The roots of all nodes. Nodes on one line of single parents have the same ones."""

    stem: Positions
    """Row of ``shares`` that holds for each node, ``(nodes,)``."""
    ends: Positions
    """Node of each row, ``(rows,)``: the roots, then the nodes with several parents."""
    shares: Shares
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
        found = np.bincount(self.shares.indices, weights=weights, minlength=self.shares.shape[1])
        return found.astype(np.float64, copy=False)


def roots_of(child: Positions, parent: Positions, weights: Floats, nodes: int) -> Roots:
    """The roots of all nodes of a graph without cycles.

    A node's one vote is divided among its parents in proportion to the weights of its edges; each
    part goes with that parent to its roots. A node without parents is its own root.

    Lines of single parents are first drawn together by doubling steps (a node points to where the
    node it points to points), then the nodes with several parents by squaring the matrix of steps
    among them, so that time grows with the logarithm of depth.

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
    roots, merges = np.flatnonzero(parents == 0), np.flatnonzero(parents > 1)
    ends = np.concatenate([roots, merges])
    place = np.zeros(nodes, dtype=np.int64)
    place[ends] = np.arange(len(ends))
    stem = place[_far_end(child[single], parent[single], nodes)]
    several = ~single
    merged = _merged(
        place[child[several]] - len(roots),
        stem[parent[several]],
        weights[several],
        (len(merges), len(roots)),
    )
    itself = np.arange(len(roots) + 1)
    shares = csr_array(
        (
            np.concatenate([np.ones(len(roots)), merged.data]),
            np.concatenate([roots, roots[merged.indices]]),
            np.concatenate([itself, len(roots) + merged.indptr[1:]]),
        ),
        shape=(len(ends), nodes),
    )
    return Roots(stem=stem, ends=ends, shares=shares)


def _far_end(child: Positions, parent: Positions, nodes: int) -> NDArray[np.integer]:
    """Where each node's line of single parents ends."""
    to: NDArray[np.integer] = np.arange(nodes).astype(np.int32 if nodes < FEW else np.int64)
    to[child] = parent
    while True:
        further = to[to]
        if np.array_equal(further, to):
            return to
        to = further


def _merged(row: Positions, column: Positions, weights: Floats, shape: tuple[int, int]) -> Shares:
    """Roots of the nodes with several parents.

    Args:
        row: Which of these nodes an edge starts from.
        column: Which end it leads to: the roots first, then these nodes.
        weights: Of the edges.
        shape: Number of these nodes, and of roots.

    Returns:
        ``(nodes with several parents, roots)``.
    """
    merges, roots = shape
    parts = weights / np.bincount(row, weights=weights, minlength=merges)[row]
    ends = column < roots
    found = csr_array((parts[ends], (row[ends], column[ends])), shape=(merges, roots))
    onward = csr_array((parts[~ends], (row[~ends], column[~ends] - roots)), shape=(merges, merges))
    while onward.nnz:  # after n rounds, paths of up to 2**n steps have arrived
        found = found + onward @ found
        onward = onward @ onward
    return found
