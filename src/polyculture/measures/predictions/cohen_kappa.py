"""Agreement of two models beyond what their answers' frequencies would give."""

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import PairMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import agree, chance_agreement
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.scores import ratio


def cohen_kappa(a: Predictions, b: Predictions) -> float:
    r"""Agreement beyond that of independent models which give each answer as often.

    \[ \kappa = \frac{p_o - p_e}{1 - p_e}, \qquad p_e = \sum_c p_a(c)\, p_b(c) \]

    where \(p_o\) is the share of items with the same answer and \(p_m(c)\) the share of items to
    which model m answers c. The right answers are not used: any two good models have a high kappa,
    because both follow the truth. A missing answer agrees with nothing.

    Returns:
        A coefficient without unit, from -1 to 1. 0 is what independent models would show.

    Raises:
        UndefinedError: Both models give one and the same answer to every item.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> a = Predictions(labels=np.array([0, 1, 1, 0]))
        >>> b = Predictions(labels=np.array([0, 1, 0, 0]))
        >>> cohen_kappa(a, b)
        0.5

    Source:
        Cohen 1960, A coefficient of agreement for nominal scales.
    """
    observed = agree(a, b).mean()
    expected = chance_agreement(a, b)
    if expected == 1:
        msg = f"both models give one and the same answer to all {len(a.labels)} items"
        raise UndefinedError(msg)
    return float((observed - expected) / (1 - expected))


def cohen_kappa_of_pairs(panel: Panel) -> Floats:
    """The same for all pairs and rounds, ``(pairs, rounds)``."""
    return ratio(panel.agreement - panel.chance_agreement, 1 - panel.chance_agreement)


PLUGIN = PairMeasure(
    compare=cohen_kappa,
    weighted=cohen_kappa_of_pairs,
    low=-1.0,
    high=1.0,
    same=1.0,
    chance=0.0,
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Cohen 1960, A coefficient of agreement for nominal scales",
)
