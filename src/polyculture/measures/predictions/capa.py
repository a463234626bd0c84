"""Chance-adjusted overlap of two models' probabilities."""

import numpy as np

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import PairMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import on_the_same_items
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.scores import ratio


def capa(a: Predictions, b: Predictions) -> float:
    r"""Overlap of two models' probabilities, beyond what their accuracies alone would give.

    \[ \kappa_p = \frac{c_{obs} - c_{exp}}{1 - c_{exp}}, \qquad
       c_{obs} = \frac{1}{N} \sum_i \sum_o p_a(i, o)\, p_b(i, o) \]
    \[ c_{exp} = \bar p_a \bar p_b + \frac{(1 - \bar p_a)(1 - \bar p_b)}{C - 1} \]

    where \(\bar p_m\) is the mean probability that model m gives to the right answer and C the
    number of answers to choose from. Unlike ``error_consistency`` it sees whether two models make
    the *same* mistake, and how sure they are. Unsure models overlap little: a model compared with
    itself gives less than 1 unless it is always certain.

    Returns:
        A coefficient without unit, from -1 to 1. 0 is what models would show that spread their
        mistakes evenly and independently.

    Raises:
        UndefinedError: A model has no probabilities, no right answers are known, there is only
            one answer to choose from, or both models are certain of every right answer (with two
            answers also: of every wrong one).

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.array([0, 1])
        >>> a = Predictions(labels=gold, gold=gold, probabilities=np.array([[.8, .2], [.3, .7]]))
        >>> b = Predictions(labels=gold, gold=gold, probabilities=np.array([[.6, .4], [.1, .9]]))
        >>> round(capa(a, b), 4)
        -0.04

    Source:
        Goel et al. 2025, Great models think alike and this undermines AI oversight,
        arXiv:2502.04313.
    """
    items = on_the_same_items(a, b)
    if a.probabilities is None or b.probabilities is None:
        msg = "the probabilities of at least one of the models are not known"
        raise UndefinedError(msg)
    if a.gold is None:
        msg = "no right answers (gold) are known"
        raise UndefinedError(msg)
    options = a.probabilities.shape[1]
    if options == 1:
        msg = "there is only one answer to choose from"
        raise UndefinedError(msg)
    observed = (a.probabilities * b.probabilities).sum(axis=1).mean()
    on_gold = (np.arange(items), a.gold)
    right_a, right_b = a.probabilities[on_gold].mean(), b.probabilities[on_gold].mean()
    expected = right_a * right_b + (1 - right_a) * (1 - right_b) / (options - 1)
    if expected == 1:
        what = "right" if right_a == 1 else "wrong"
        msg = f"both models are certain of the {what} answer on all {items} items"
        raise UndefinedError(msg)
    return float((observed - expected) / (1 - expected))


def capa_of_pairs(panel: Panel) -> Floats:
    """The same for all pairs and rounds, ``(pairs, rounds)``."""
    left, right = panel.pairs
    a, b = panel.gold_probability[left], panel.gold_probability[right]
    tables = [model.probabilities for model in panel.models]
    options = max((table.shape[1] for table in tables if table is not None), default=0)
    if options < 2:  # noqa: PLR2004  # no choice, or no probabilities at all
        return np.full(a.shape, np.nan)
    expected = a * b + (1 - a) * (1 - b) / (options - 1)
    return ratio(panel.overlap - expected, 1 - expected)


PLUGIN = PairMeasure(
    compare=capa,
    weighted=capa_of_pairs,
    low=-1.0,
    high=1.0,
    same=None,
    chance=0.0,
    needs=frozenset({"gold", "probabilities"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Goel et al. 2025, arXiv:2502.04313",
)
