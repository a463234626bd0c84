"""What the vote adds to the best single model."""

from collections.abc import Sequence

import numpy as np

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import GroupMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.groups.votes import (
    SPLITS,
    best_on_other_half,
    best_on_other_half_of_rounds,
    is_right,
    plurality,
)


def vote_gain(models: Sequence[Predictions]) -> float:
    r"""Accuracy of the plurality vote less that of the best single model on held-out items.

    \[ a_{vote} - \operatorname{mean}_{A, B} \; a_{m^*}(B), \qquad m^* = \arg\max_m a_m(A) \]

    The best model \(m^*\) is chosen on one half of the items and scored on the other, so that the
    vote, for which nothing is chosen, meets a fair opponent.

    Returns:
        A difference of shares, from -1 to 1. Above 0 the vote is worth its cost.

    Raises:
        UndefinedError: There is only one item, or no right answers are known.

    Example:
        Three models, each wrong on its own fifth: the vote is always right.

        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.zeros(300, dtype=int)
        >>> labels = [1 * (np.arange(300) % 5 == m) for m in range(3)]
        >>> models = [Predictions(labels=l, gold=gold) for l in labels]
        >>> round(vote_gain(models), 1)
        0.2

    Source:
        Kuncheva 2004, Combining Pattern Classifiers; choice on other items after Stone 1974.
    """
    wrong = wrong_of(*models)
    if wrong.shape[1] < 2:  # noqa: PLR2004  # a half needs one
        msg = "choosing on one half of the items needs two, but there is one"
        raise UndefinedError(msg)
    labels = np.stack([model.labels for model in models])
    vote = is_right(plurality(labels)[0], labels, wrong)
    return float(vote.mean()) - best_on_other_half(~wrong)


def vote_gain_of_rounds(panel: Panel) -> Floats:
    """The same for all rounds, ``(rounds,)``."""
    if panel.wrong.shape[1] < 2:  # noqa: PLR2004
        return np.full(len(panel.counts), np.nan)
    vote = panel.mean_of(panel.vote_is_right)
    best = best_on_other_half_of_rounds(~panel.wrong, panel.counts, panel.means, panel.clusters)
    return vote - best


def how(models: Sequence[Predictions]) -> str:
    """Say whom the vote is held against."""
    return f"best of {len(models)} models chosen on the other half; mean of {SPLITS} halvings"


PLUGIN = GroupMeasure(
    compare=vote_gain,
    weighted=vote_gain_of_rounds,
    reads="predictions",
    low=-1.0,
    high=1.0,
    chance=None,
    needs=frozenset({"gold"}),
    note=how,
    source="Kuncheva 2004, Combining Pattern Classifiers",
)
