"""How often every model is right at once."""

from collections.abc import Sequence

import numpy as np

from polyculture.core.measure import GroupMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel


def all_correct(models: Sequence[Predictions]) -> float:
    r"""Share of items that every model gets right.

    \[ \frac{1}{N} \#\{i : \text{all } k \text{ models are right on } i\} \]

    Models whose outcomes are homogeneous are all right more often than independent ones, and all
    wrong more often too.

    Returns:
        A share from 0 to 1. Independent models would show the product of their accuracies.

    Raises:
        UndefinedError: No right answers are known, or there are no items.

    Example:
        Of ten items, seven are failed by none of three models.

        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.zeros(10, dtype=int)
        >>> fails = [[0, 1], [0, 2], [0, 1, 2]]
        >>> models = [Predictions(labels=np.isin(np.arange(10), f) * 1, gold=gold) for f in fails]
        >>> all_correct(models)
        0.7

    Source:
        Toups et al. 2023, arXiv:2307.05862 (homogeneous outcomes).
    """
    return float((~wrong_of(*models)).all(axis=0).mean())


def all_correct_of_rounds(panel: Panel) -> Floats:
    """The same for all rounds, ``(rounds,)``."""
    return panel.mean_of(np.all(~panel.wrong, axis=0))


def independent_all_correct(models: Sequence[Predictions]) -> float:
    """What independent models of these accuracies would show."""
    return float((1 - wrong_of(*models).mean(axis=1)).prod())


PLUGIN = GroupMeasure(
    compare=all_correct,
    weighted=all_correct_of_rounds,
    reads="predictions",
    low=0.0,
    high=1.0,
    chance=independent_all_correct,
    is_share=True,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Toups et al. 2023, arXiv:2307.05862",
)
