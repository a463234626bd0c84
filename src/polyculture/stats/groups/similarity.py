"""Similarity of two descriptions: of the fields of two records, or of two multisets."""

from collections import Counter
from collections.abc import Mapping, Sequence

from polyculture.core.errors import UndefinedError
from polyculture.core.views import Module

Plain = str | int | float | bool | None


def overlap(a: Counter[str], b: Counter[str]) -> float:
    """Members that two multisets share, of all that are in either (weighted Jaccard).

    Raises:
        UndefinedError: Both are empty.

    Example:
        >>> overlap(Counter(["linear", "linear", "gelu"]), Counter(["linear", "gelu"]))
        0.6666666666666666
    """
    whole = (a | b).total()
    if whole == 0:
        msg = "neither has any"
        raise UndefinedError(msg)
    return (a & b).total() / whole


def nearness(a: Plain, b: Plain) -> float:
    """Similarity of two values of one field: numbers by their ratio, all else by equality.

    A ratio is a difference on a log scale, so a rate of 1e-5 is as far from 1e-4 as 10 from 100.
    Numbers of different sign are not alike.

    Example:
        >>> nearness(256, 384), nearness("gelu", "relu"), nearness(0, 0), nearness(True, 1)
        (0.6666666666666666, 0.0, 1.0, 0.0)
    """
    if type(a) is bool or type(b) is bool:
        return float(a is b)
    if isinstance(a, int | float) and isinstance(b, int | float):
        if a == b:
            return 1.0
        small, large = sorted((abs(a), abs(b)))
        return small / large if a * b > 0 else 0.0
    return float(a == b)


def gower(a: Mapping[str, Plain], b: Mapping[str, Plain]) -> float:
    """Mean similarity over the fields that both records have.

    Raises:
        UndefinedError: They have no field in common.

    Example:
        >>> gower({"layers": 6, "act": "gelu", "only": 1}, {"layers": 12, "act": "gelu"})
        0.75

    Source:
        Gower 1971, A general coefficient of similarity; the range of a number, which only a whole
        population has, is replaced by the larger of the two.
    """
    shared = a.keys() & b.keys()
    if not shared:
        msg = "they have no field in common"
        raise UndefinedError(msg)
    return sum(nearness(a[name], b[name]) for name in sorted(shared)) / len(shared)


def leaf_kinds(modules: Sequence[Module]) -> Counter[str]:
    """How often each operator occurs among the modules that hold no other.

    Example:
        >>> modules = [Module(kind="block"), *[Module(kind="linear", parents=(0,))] * 2]
        >>> leaf_kinds(modules)
        Counter({'linear': 2})
    """
    holders = {parent for module in modules for parent in module.parents}
    return Counter(module.kind for n, module in enumerate(modules) if n not in holders)
