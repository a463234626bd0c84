"""How good the best single model is, chosen on the very items it is scored on."""

from collections.abc import Sequence

from polyculture.core.measure import GroupMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of


def best_accuracy(models: Sequence[Predictions]) -> float:
    r"""Accuracy of the best single model, chosen in-sample: on the items it is scored on.

    \[ \max_m \frac{1}{N} \sum_i 1[a_m(i) = y_i] \]

    The best of many is best partly by luck, so this is too high as a promise for new items;
    ``best_accuracy_held_out`` chooses and scores on different items.

    Returns:
        A share from 0 to 1.

    Raises:
        UndefinedError: No right answers are known, or there are no items.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.array([0, 1])
        >>> best_accuracy([Predictions(labels=np.array(a), gold=gold) for a in ([0, 0], [0, 1])])
        1.0

    Source:
        Kuncheva 2004, Combining Pattern Classifiers (single best).
    """
    return float(1 - wrong_of(*models).mean(axis=1).min())


def in_sample(models: Sequence[Predictions]) -> str:
    """Say what a reader must not forget."""
    return f"chosen among {len(models)} models on the items it is scored on (in-sample)"


PLUGIN = GroupMeasure(
    compare=best_accuracy,
    reads="predictions",
    low=0.0,
    high=1.0,
    chance=None,
    is_share=True,
    no_interval="it is the largest of several values on the items it is scored on, and resampling "
    "these items would make it larger still",
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    note=in_sample,
    source="Kuncheva 2004, Combining Pattern Classifiers",
)
