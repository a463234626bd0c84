"""Are two networks built the same way, operators and nesting together?"""

from collections import Counter
from hashlib import blake2b
from math import sqrt

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import PairMeasure
from polyculture.core.views import Architecture

ROUNDS = 3
"""How far a module looks around: three steps see a Transformer's layer from its linear leaf."""
LONGEST = 80
"""Characters of a label that is kept as it is."""


def module_graph(a: Architecture, b: Architecture) -> float:
    r"""Likeness of two module graphs: the Weisfeiler-Lehman subtree kernel, brought to [0, 1].

    \[ \frac{\sum_{t=0}^{3} \langle \phi_t(a), \phi_t(b) \rangle}{\sqrt{k(a, a)\, k(b, b)}} \]

    where \(\phi_t\) counts the labels of all modules after t rounds. A label is the kind of
    operator at first; in each round it takes in the labels of the modules around it, those it
    lies in and those that lie in it. Names of classes do not matter, nor the sizes.

    Repeated layers weigh as their number squared, so the depth of a stack shows less than what it
    is a stack of. Equal graphs say nothing about equal weights.

    Returns:
        From 0 (no operator in common) to 1 (the same counts of all neighbourhoods).

    Raises:
        UndefinedError: One of the networks has no modules.

    Example:
        >>> from polyculture.core.views import Module
        >>> def chain(*kinds):
        ...     made = [Module(kind=k, parents=(n - 1,) if n else ()) for n, k in enumerate(kinds)]
        ...     return Architecture(modules=tuple(made), parameters=0, configuration={})
        >>> module_graph(chain("linear", "gelu"), chain("linear", "gelu"))
        1.0
        >>> module_graph(chain("linear", "gelu"), chain("linear", "relu"))
        0.125

    Source:
        Shervashidze et al. 2011, Weisfeiler-Lehman graph kernels.
    """
    if not a.modules or not b.modules:
        msg = "one of the networks has no modules"
        raise UndefinedError(msg)
    first, second = neighbourhoods(a), neighbourhoods(b)
    return _product(first, second) / sqrt(_product(first, first) * _product(second, second))


def neighbourhoods(network: Architecture, rounds: int = ROUNDS) -> Counter[str]:
    """How often each label occurs, over all rounds.

    Example:
        >>> from polyculture.core.views import Module
        >>> modules = (Module(kind="block"), Module(kind="gelu", parents=(0,)))
        >>> network = Architecture(modules=modules, parameters=0, configuration={})
        >>> sorted(neighbourhoods(network, rounds=1))
        ['block', 'block(gelu)', 'gelu', 'gelu(block)']
    """
    around: list[set[int]] = [set() for _ in network.modules]
    for number, module in enumerate(network.modules):
        for parent in module.parents:
            around[number].add(parent)
            around[parent].add(number)
    labels = [module.kind for module in network.modules]
    counts = Counter(labels)
    for _ in range(rounds):
        labels = [
            _short(f"{label}({','.join(sorted(labels[other] for other in near))})")
            for label, near in zip(labels, around, strict=True)
        ]
        counts.update(labels)
    return counts


def _short(label: str) -> str:
    """The label, or a digest of it: a module with hundreds of parts has labels of megabytes."""
    return label if len(label) <= LONGEST else blake2b(label.encode(), digest_size=16).hexdigest()


def _product(a: Counter[str], b: Counter[str]) -> int:
    return sum(count * b[label] for label, count in a.items() if label in b)


PLUGIN = PairMeasure(
    compare=module_graph,
    low=0.0,
    high=1.0,
    same=1.0,
    chance=None,
    no_interval="it is counted from the modules and does not depend on the items",
    unchanged_by=frozenset({"module_order", "sizes"}),
    source="Shervashidze et al. 2011, Weisfeiler-Lehman graph kernels",
)
