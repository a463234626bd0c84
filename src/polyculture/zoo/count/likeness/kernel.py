"""How alike are the architectures of all built cards, each with each?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from polyculture.core.views import Architecture
from polyculture.measures.architecture.module_graph import neighbourhoods
from polyculture.stats.scores import Numbers


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """Similarities of all built cards."""

    names: tuple[str, ...]
    """Cards that have modules, in code-point order."""
    matrix: Numbers
    """``(n, n)``, symmetric and positive semidefinite, from 0 to 1 with ones on the diagonal."""

    def rows(self, names: Iterable[str]) -> NDArray[np.int64]:
        """Rows of those of the names that are built, each once, in ascending order.

        Example:
            >>> Kernel(names=("a", "b"), matrix=np.eye(2)).rows(["b", "never built", "b"]).tolist()
            [1]
        """
        wanted = set(names)
        found = [row for row, name in enumerate(self.names) if name in wanted]
        return np.array(found, dtype=np.int64)


def kernel(graphs: Mapping[str, Architecture]) -> Kernel:
    """The normalised Weisfeiler-Lehman kernel of ``architecture.module_graph``, for all pairs.

    The figures are those of that measure, so a survey and an audit agree. Repeated layers thus
    weigh as their number squared: two deep stacks of one layer are all but equal whatever else
    they hold, and a small head or stem counts for little. Sizes and names are not looked at.

    Args:
        graphs: Name of each card to its architecture. One without modules is left out: it is like
            nothing, not even like itself.

    Returns:
        The cards with modules and their similarities.

    Example:
        >>> from polyculture.core.views import Module
        >>> def chain(*kinds):
        ...     made = [Module(kind=k, parents=(n - 1,) if n else ()) for n, k in enumerate(kinds)]
        ...     return Architecture(modules=tuple(made), parameters=0, configuration={})
        >>> found = kernel({"b": chain("linear", "relu"), "a": chain("linear", "gelu")})
        >>> found.names, found.matrix.tolist()
        (('a', 'b'), [[1.0, 0.125], [0.125, 1.0]])

    Source:
        Shervashidze et al. 2011, Weisfeiler-Lehman graph kernels.
    """
    names = tuple(sorted(name for name, graph in graphs.items() if graph.modules))
    if not names:
        return Kernel(names=(), matrix=np.zeros((0, 0)))
    counts = _counts(_labels([graphs[name] for name in names]))
    products = (counts @ counts.T).toarray()  # whole numbers: nothing is lost
    own = products.diagonal()
    matrix = np.minimum(products / np.sqrt(np.multiply.outer(own, own)), 1.0)
    np.fill_diagonal(matrix, 1.0)
    return Kernel(names=names, matrix=matrix)


def _labels(graphs: Sequence[Architecture]) -> list[Counter[str]]:
    """Labels of each graph; equal graphs, which a library has many of, are read once."""
    known: dict[tuple[tuple[str, tuple[int, ...]], ...], Counter[str]] = {}
    found = []
    for graph in graphs:
        structure = tuple((module.kind, module.parents) for module in graph.modules)
        if structure not in known:
            known[structure] = neighbourhoods(graph)
        found.append(known[structure])
    return found


def _counts(labels: Sequence[Counter[str]]) -> csr_array[Any]:
    """How often each label occurs in each graph, ``(graphs, labels)``."""
    codes: dict[str, int] = {}
    columns = [codes.setdefault(label, len(codes)) for found in labels for label in found]
    values = [float(count) for found in labels for count in found.values()]
    ends = np.cumsum([0, *(len(found) for found in labels)])
    return csr_array((values, columns, ends), shape=(len(labels), len(codes)))
