"""How good the best single model is, on other items than it was chosen on."""

from collections.abc import Sequence

import numpy as np

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import GroupMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.groups.votes import SPLITS, best_on_other_half, best_on_other_half_of_rounds


def best_accuracy_held_out(models: Sequence[Predictions]) -> float:
    r"""Accuracy of the best single model, chosen on one half of the items, scored on the other.

    \[ \operatorname{mean}_{A, B} \; a_{m^*}(B), \qquad m^* = \arg\max_m a_m(A) \]

    where A and B are random halves of the items, each used in both directions, and \(a_m\) the
    accuracy of model m; of equally good models on A the mean counts. This is what a person who
    picks the best of these models may expect of it on new items, where ``best_accuracy`` promises
    too much. The halves are drawn by the order of the items, so another order moves the value a
    little.

    Returns:
        A share from 0 to 1.

    Raises:
        UndefinedError: There is only one item, or no right answers are known.

    Example:
        Two models, each right where the other is wrong: choosing the better one is luck.

        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.zeros(1000, dtype=int)
        >>> flips = np.random.default_rng(1).integers(2, size=1000)
        >>> models = [Predictions(labels=labels, gold=gold) for labels in (flips, 1 - flips)]
        >>> round(best_accuracy_held_out(models), 1)
        0.5

    Source:
        Stone 1974, Cross-validatory choice and assessment of statistical predictions.
    """
    right = ~wrong_of(*models)
    if right.shape[1] < 2:  # noqa: PLR2004  # a half needs one
        msg = "choosing on one half of the items needs two, but there is one"
        raise UndefinedError(msg)
    return best_on_other_half(right)


def best_accuracy_held_out_of_rounds(panel: Panel) -> Floats:
    """The same for all rounds, ``(rounds,)``."""
    if panel.wrong.shape[1] < 2:  # noqa: PLR2004
        return np.full(len(panel.counts), np.nan)
    return best_on_other_half_of_rounds(~panel.wrong, panel.counts, panel.means, panel.clusters)


def how(models: Sequence[Predictions]) -> str:
    """Say how it was chosen."""
    return f"chosen among {len(models)} models on the other half; mean of {SPLITS} random halvings"


PLUGIN = GroupMeasure(
    compare=best_accuracy_held_out,
    weighted=best_accuracy_held_out_of_rounds,
    reads="predictions",
    low=0.0,
    high=1.0,
    chance=None,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names"}),
    note=how,
    source="Stone 1974, Cross-validatory choice",
)
