"""Where two models are both wrong: do they say the same?"""

import numpy as np

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import PairMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import agree, wrong_of
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.scores import ratio


def same_wrong_answer(a: Predictions, b: Predictions) -> float:
    r"""Share of the items failed by both models to which they give the same wrong answer.

    \[ \frac{\#\{i : a_i = b_i \ne y_i\}}{\#\{i : a_i \ne y_i,\ b_i \ne y_i\}} \]

    With two answers to choose from it is 1 by counting. A common fall-back answer ("none of
    these") makes it high as well. A missing answer is wrong, and the same as nothing.

    Returns:
        A share from 0 to 1, of the items that both fail.

    Raises:
        UndefinedError: There is no item that both fail, or no right answers are known.

    Example:
        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.array([0, 0, 0, 0])
        >>> a = Predictions(labels=np.array([1, 1, 0, 0]), gold=gold)
        >>> b = Predictions(labels=np.array([1, 2, 0, 1]), gold=gold)
        >>> same_wrong_answer(a, b)
        0.5

    Source:
        Kim et al. 2025, Correlated errors in large language models, arXiv:2506.07962.
    """
    both = np.all(wrong_of(a, b), axis=0)
    if not both.any():
        msg = f"there is none among the {len(both)} items that both models fail"
        raise UndefinedError(msg)
    return float(agree(a, b)[both].mean())


def same_wrong_answer_of_pairs(panel: Panel) -> Floats:
    """The same for all pairs and rounds, ``(pairs, rounds)``."""
    return ratio(panel.same_wrong, panel.both_wrong)


PLUGIN = PairMeasure(
    compare=same_wrong_answer,
    weighted=same_wrong_answer_of_pairs,
    low=0.0,
    high=1.0,
    same=1.0,
    chance=None,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Kim et al. 2025, arXiv:2506.07962",
)
