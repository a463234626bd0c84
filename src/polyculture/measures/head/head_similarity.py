"""Do two models end in the same kind of task head?"""

from collections import Counter

from polyculture.core.measure import PairMeasure
from polyculture.core.views import HeadView
from polyculture.stats.groups.similarity import leaf_kinds, nearness, overlap


def head_similarity(a: HeadView, b: HeadView) -> float:
    r"""Likeness of two task heads' structure: the mean of four facts.

    \[ \tfrac14 \big( 1[\text{kind equal}] + J(\text{operators}) + J(\text{answers})
       + \min(P_a, P_b) / \max(P_a, P_b) \big) \]

    where J is the share of members of either that both have (operators count as often as they
    occur, answers are the labels the head tells apart), and P the number of parameters. It looks
    at structure alone: the weights of two equal heads may differ in every number.

    Returns:
        From 0 (nothing in common) to 1 (the same structure).

    Raises:
        UndefinedError: Never; a head without modules or labels is like another one.

    Example:
        >>> from polyculture.core.views import Module
        >>> def head(kind, *operators):
        ...     modules = (Module(kind="block"), *(Module(kind=o, parents=(0,)) for o in operators))
        ...     return HeadView(modules=modules, parameters=100, labels=("no", "yes"), kind=kind)
        >>> head_similarity(head("linear", "linear"), head("mlp", "linear", "gelu", "linear"))
        0.5833333333333333

    Source:
        Gower 1971, A general coefficient of similarity, of these four facts.
    """
    operators = [leaf_kinds(view.modules) for view in (a, b)]
    facts = (
        float(a.kind == b.kind),
        overlap(operators[0], operators[1]) if any(operators) else 1.0,
        overlap(Counter(a.labels), Counter(b.labels)) if a.labels or b.labels else 1.0,
        nearness(a.parameters, b.parameters),
    )
    return sum(facts) / len(facts)


PLUGIN = PairMeasure(
    compare=head_similarity,
    low=0.0,
    high=1.0,
    same=1.0,
    chance=None,
    no_interval="it is read from the heads' structure and does not depend on the items",
    unchanged_by=frozenset({"module_order"}),
    source="Gower 1971, A general coefficient of similarity",
)
