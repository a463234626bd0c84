"""Do two models fail on the same items, beyond what their accuracies explain?"""

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import PairMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.scores import ratio


def error_consistency(a: Predictions, b: Predictions) -> float:
    r"""Agreement on which items are hard, beyond what two accuracies alone would give.

    \[ \kappa = \frac{c_{obs} - c_{exp}}{1 - c_{exp}}, \qquad
       c_{exp} = p_a p_b + (1 - p_a)(1 - p_b) \]

    where \(c_{obs}\) is the share of items that both models get right or both get wrong, and
    \(p_a, p_b\) are their accuracies. This is Cohen's kappa of right and wrong. It does not
    ask *which* wrong answer was given.

    Returns:
        A coefficient without unit, from -1 to 1. 0 is what independent models of these
        accuracies would show, 1 means that they fail on exactly the same items. The lowest
        value that can be reached depends on the accuracies.

    Raises:
        UndefinedError: Both models are right on every item, or both are wrong on every item, or
            no right answers are known.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.array([0, 1, 2, 3])
        >>> a = Predictions(labels=np.array([0, 1, 2, 0]), gold=gold)
        >>> b = Predictions(labels=np.array([0, 1, 1, 0]), gold=gold)
        >>> error_consistency(a, b)
        0.5

    Source:
        Geirhos, Meding and Wichmann 2020, Beyond accuracy, arXiv:2006.16736.
    """
    wrong_a, wrong_b = wrong_of(a, b)  # (items,) each
    observed = (wrong_a == wrong_b).mean()
    expected = wrong_a.mean() * wrong_b.mean() + (1 - wrong_a.mean()) * (1 - wrong_b.mean())
    if expected == 1:
        answer = "wrong" if wrong_a.all() else "right"
        msg = f"both models are {answer} on all {len(wrong_a)} items"
        raise UndefinedError(msg)
    return float((observed - expected) / (1 - expected))


def error_consistency_of_pairs(panel: Panel) -> Floats:
    """The same for all pairs and rounds, ``(pairs, rounds)``."""
    left, right = panel.pairs
    a, b = panel.error_rates[left], panel.error_rates[right]
    return ratio(2 * panel.error_covariance, a + b - 2 * a * b)


PLUGIN = PairMeasure(
    compare=error_consistency,
    weighted=error_consistency_of_pairs,
    low=-1.0,
    high=1.0,
    same=1.0,
    chance=0.0,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Geirhos et al. 2020, arXiv:2006.16736",
)
