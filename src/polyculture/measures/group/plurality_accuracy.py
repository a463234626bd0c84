"""How often the models' vote is right."""

from collections.abc import Sequence

import numpy as np

from polyculture.core.measure import GroupMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.groups.votes import is_right, plurality


def plurality_accuracy(models: Sequence[Predictions]) -> float:
    r"""Share of items on which the most frequent answer of the models is right.

    \[ \frac{1}{N} \sum_i 1[\operatorname{mode}_m\, a_m(i) = y_i] \]

    A missing answer is no vote. A tie goes to the first answer in code-point order (the lowest
    code), and ties are counted beside the value. With two models every disagreement is a tie.

    Returns:
        A share from 0 to 1.

    Raises:
        UndefinedError: No right answers are known, or there are no items.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.array([0, 1])
        >>> answers = [[0, 0], [0, 1], [1, 1]]
        >>> plurality_accuracy([Predictions(labels=np.array(a), gold=gold) for a in answers])
        1.0

    Source:
        Condorcet 1785; Kuncheva 2004, Combining Pattern Classifiers.
    """
    wrong = wrong_of(*models)
    labels = np.stack([model.labels for model in models])
    return float(is_right(plurality(labels)[0], labels, wrong).mean())


def plurality_accuracy_of_rounds(panel: Panel) -> Floats:
    """The same for all rounds, ``(rounds,)``."""
    return panel.mean_of(panel.vote_is_right)


def ties(models: Sequence[Predictions]) -> str:
    """Say how many votes were ties."""
    tied = int(plurality(np.stack([model.labels for model in models]))[1].sum())
    if not tied:
        return ""
    vote = "vote was a tie and went" if tied == 1 else "votes were ties and went"
    return f"{tied} {vote} to the first answer in code-point order"


PLUGIN = GroupMeasure(
    compare=plurality_accuracy,
    weighted=plurality_accuracy_of_rounds,
    reads="predictions",
    low=0.0,
    high=1.0,
    chance=None,
    is_share=True,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"item_order"}),
    note=ties,
    source="Kuncheva 2004, Combining Pattern Classifiers",
)
