"""How often two models give the same answer."""

from polyculture.core.measure import PairMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import agree, chance_agreement
from polyculture.stats.groups.panel import Floats, Panel


def agreement(a: Predictions, b: Predictions) -> float:
    r"""Share of items to which two models give the same answer, right or wrong.

    \[ \frac{1}{N} \sum_{i=1}^{N} 1[a_i = b_i] \]

    A missing answer agrees with nothing, not even with another missing one. Two good models agree
    because both are right, so this number rises with accuracy; for likeness of their mistakes see
    ``error_consistency``.

    Returns:
        A share from 0 to 1.

    Raises:
        UndefinedError: There are no items.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> a = Predictions(labels=np.array([0, 1, 2, 0]))
        >>> b = Predictions(labels=np.array([0, 1, 1, 0]))
        >>> agreement(a, b)
        0.75

    Source:
        Scott 1955 and Cohen 1960 correct it for chance; by itself it is the plain proportion.
    """
    return float(agree(a, b).mean())


def agreement_of_pairs(panel: Panel) -> Floats:
    """The same for all pairs and rounds, ``(pairs, rounds)``."""
    return panel.agreement


PLUGIN = PairMeasure(
    compare=agreement,
    weighted=agreement_of_pairs,
    low=0.0,
    high=1.0,
    same=1.0,
    chance=chance_agreement,
    is_share=True,
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Cohen 1960, A coefficient of agreement for nominal scales (the observed agreement)",
)
