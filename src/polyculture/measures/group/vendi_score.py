"""How many different models the set amounts to, judged by their answers."""

from collections.abc import Sequence

import numpy as np

from polyculture.core.measure import GroupMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import agree, chance_agreement, on_the_same_items
from polyculture.stats.groups.diversity import vendi
from polyculture.stats.groups.panel import Floats, Panel


def vendi_score(models: Sequence[Predictions]) -> float:
    r"""Effective number of different models: the Vendi score of order 1 of their agreement.

    \[ VS = \exp\Big(-\sum_j \lambda_j \log \lambda_j\Big), \qquad
       \lambda = \text{eigenvalues of } K / k \]

    where \(K_{ab}\) is the share of items to which models a and b give the same answer, and 1 on
    the diagonal. This K is positive semidefinite: it is a mean of "same answer" matrices, one an
    item; a missing answer equals no other. Right answers are not used, so good models, which agree
    by being right, count as few.

    Returns:
        From 1 (all answer alike) to k (no two ever give the same answer).

    Raises:
        UndefinedError: There are no items.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> answers = [[0, 1, 2, 3], [0, 1, 2, 3], [4, 5, 6, 7]]
        >>> round(vendi_score([Predictions(labels=np.array(a)) for a in answers]), 4)
        1.8899

    Source:
        Friedman and Dieng 2022, The Vendi Score, arXiv:2210.02410.
    """
    on_the_same_items(*models)
    kernel = np.eye(len(models))
    for i, a in enumerate(models):
        for j, b in enumerate(models[:i]):
            kernel[i, j] = kernel[j, i] = agree(a, b).mean()
    return float(vendi(kernel))


def vendi_score_of_rounds(panel: Panel) -> Floats:
    """The same for all rounds, ``(rounds,)``."""
    left, right = panel.pairs
    scores = np.empty(len(panel.counts))
    kernel = np.eye(len(panel.models))
    for number in range(len(scores)):
        kernel[left, right] = kernel[right, left] = panel.agreement[:, number]
        scores[number] = vendi(kernel)
    return scores


def independent_vendi_score(models: Sequence[Predictions]) -> float:
    """What independent models would show that give each answer as often as these."""
    kernel = np.eye(len(models))
    for i, a in enumerate(models):
        for j, b in enumerate(models[:i]):
            kernel[i, j] = kernel[j, i] = chance_agreement(a, b)
    return float(vendi(kernel))


PLUGIN = GroupMeasure(
    compare=vendi_score,
    weighted=vendi_score_of_rounds,
    reads="predictions",
    low=1.0,
    high=float("inf"),
    chance=independent_vendi_score,
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Friedman and Dieng 2022, arXiv:2210.02410",
)
