"""Do two networks consist of the same operators?"""

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import PairMeasure
from polyculture.core.views import Architecture
from polyculture.stats.groups.similarity import leaf_kinds, overlap


def module_overlap(a: Architecture, b: Architecture) -> float:
    r"""Leaf operators that two networks share, of all that are in either (weighted Jaccard).

    \[ \frac{\sum_o \min(n_a(o), n_b(o))}{\sum_o \max(n_a(o), n_b(o))} \]

    where \(n_m(o)\) is how often the operator o (linear, embedding, layer norm, gelu, ...) stands
    at the end of a branch of m's module graph. Names of classes do not matter, nor the order or
    the wiring, nor the sizes. Equal operators say nothing about equal weights.

    Returns:
        A share from 0 (no operator in common) to 1 (the same ones, equally often).

    Raises:
        UndefinedError: Neither has any module.

    Example:
        >>> from polyculture.core.views import Module
        >>> def stack(*kinds):
        ...     leaves = [Module(kind=kind, parents=(0,)) for kind in kinds]
        ...     root = Module(kind="block")
        ...     return Architecture(modules=(root, *leaves), parameters=0, configuration={})
        >>> module_overlap(stack("linear", "gelu", "linear"), stack("linear", "relu", "linear"))
        0.5

    Source:
        Jaccard 1912 for sets; Ruzicka 1958 for amounts.
    """
    kinds = [leaf_kinds(network.modules) for network in (a, b)]
    if not any(kinds):
        msg = "neither network has a module"
        raise UndefinedError(msg)
    return overlap(kinds[0], kinds[1])


PLUGIN = PairMeasure(
    compare=module_overlap,
    low=0.0,
    high=1.0,
    same=1.0,
    chance=None,
    no_interval="it is counted from the modules and does not depend on the items",
    unchanged_by=frozenset({"module_order", "sizes"}),
    source="Ruzicka 1958 (weighted Jaccard)",
)
