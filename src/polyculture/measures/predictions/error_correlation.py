"""Correlation of two models' mistakes."""

import numpy as np

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import PairMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.scores import ratio


def error_correlation(a: Predictions, b: Predictions) -> float:
    r"""Correlation of being wrong, over items (the phi coefficient).

    \[ \phi = \frac{n_{00} - e_a e_b}{\sqrt{e_a (1 - e_a)\, e_b (1 - e_b)}} \]

    where \(n_{00}\) is the share of items that both models fail and \(e_a, e_b\) their error
    rates. It equals ``error_consistency`` when both are equally accurate. Its ends can be reached
    only by equally accurate models. Kish's effective number of votes is made from it.

    Returns:
        A correlation, from -1 to 1; 0 for independent models.

    Raises:
        UndefinedError: One of the models never fails or always fails, or no right answers are
            known.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.array([0, 0, 0, 0])
        >>> a = Predictions(labels=np.array([1, 1, 0, 0]), gold=gold)
        >>> b = Predictions(labels=np.array([1, 0, 1, 0]), gold=gold)
        >>> error_correlation(a, b)
        0.0

    Source:
        Pearson's phi; as a measure of classifier diversity Kuncheva and Whitaker 2003.
    """
    wrong = wrong_of(a, b)
    rates = wrong.mean(axis=1)
    for rate in rates:
        if rate in {0, 1}:
            what = "fails on none" if rate == 0 else "fails on each"
            msg = f"one of the models {what} of the {wrong.shape[1]} items"
            raise UndefinedError(msg)
    covariance = wrong.all(axis=0).mean() - rates.prod()
    return float(covariance / np.sqrt((rates * (1 - rates)).prod()))


def error_correlation_of_pairs(panel: Panel) -> Floats:
    """The same for all pairs and rounds, ``(pairs, rounds)``."""
    left, right = panel.pairs
    spread = np.sqrt(panel.error_rates * (1 - panel.error_rates))
    return ratio(panel.error_covariance, spread[left] * spread[right])


PLUGIN = PairMeasure(
    compare=error_correlation,
    weighted=error_correlation_of_pairs,
    low=-1.0,
    high=1.0,
    same=1.0,
    chance=0.0,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Kuncheva and Whitaker 2003, Measures of diversity in classifier ensembles",
)
