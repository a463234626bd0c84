"""How often two models fail together."""

from polyculture.core.measure import PairMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel


def double_fault(a: Predictions, b: Predictions) -> float:
    r"""Share of items that both models fail: where neither can stand in for the other.

    \[ \frac{1}{N} \sum_{i=1}^{N} 1[a_i \ne y_i]\, 1[b_i \ne y_i] \]

    Weak models fail together often without being alike: read it beside its chance level, the
    product of the two error rates.

    Returns:
        A share from 0 to 1.

    Raises:
        UndefinedError: No right answers are known, or there are no items.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.array([0, 0, 0, 0])
        >>> a = Predictions(labels=np.array([1, 1, 0, 0]), gold=gold)
        >>> b = Predictions(labels=np.array([1, 0, 0, 0]), gold=gold)
        >>> double_fault(a, b)
        0.25

    Source:
        Giacinto and Roli 2001, Design of effective neural network ensembles.
    """
    return float(wrong_of(a, b).all(axis=0).mean())


def double_fault_of_pairs(panel: Panel) -> Floats:
    """The same for all pairs and rounds, ``(pairs, rounds)``."""
    return panel.both_wrong


def independent_double_fault(a: Predictions, b: Predictions) -> float:
    """What independent models of these error rates would show."""
    return float(wrong_of(a, b).mean(axis=1).prod())


PLUGIN = PairMeasure(
    compare=double_fault,
    weighted=double_fault_of_pairs,
    low=0.0,
    high=1.0,
    same=None,
    chance=independent_double_fault,
    is_share=True,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Giacinto and Roli 2001, Design of effective neural network ensembles",
)
