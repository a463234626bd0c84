"""What measures of two models' answers have in common: which items, who fails, who agrees."""

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import ProbeMismatchError, UndefinedError
from polyculture.core.views import MISSING, Predictions


def on_the_same_items(*models: Predictions) -> int:
    """Number of items, after checking that all models answered the same ones in one order.

    Raises:
        ProbeMismatchError: The models answered different items, or code their classes differently.
        UndefinedError: There are no items.

    Example:
        >>> on_the_same_items(*[Predictions(labels=np.array([0, 1]))] * 2)
        2
    """
    first = models[0]
    for other in models[1:]:
        if len(other.labels) != len(first.labels):
            msg = (
                "Models are compared on the same items, but one answered "
                f"{len(first.labels)} and another {len(other.labels)}."
            )
            raise ProbeMismatchError(msg)
        if first.items and other.items and first.items != other.items:
            msg = "Models are compared on the same items in the same order, but their ids differ."
            raise ProbeMismatchError(msg)
        if first.classes != other.classes:
            msg = (
                "Models are compared in one coding of their classes, but these differ. "
                "Bring them together with polyculture.stats.groups.panel.in_one_coding."
            )
            raise ProbeMismatchError(msg)
    if len(first.labels) == 0:
        msg = "there are no items"
        raise UndefinedError(msg)
    return len(first.labels)


def agree(a: Predictions, b: Predictions) -> NDArray[np.bool_]:
    """On which items both give the same answer, ``(items,)``. A missing one agrees with nothing.

    Example:
        >>> a, b = Predictions(labels=np.array([0, -1])), Predictions(labels=np.array([0, -1]))
        >>> agree(a, b).tolist()
        [True, False]
    """
    on_the_same_items(a, b)
    same: NDArray[np.bool_] = (a.labels == b.labels) & (a.labels != MISSING)
    return same


def chance_agreement(a: Predictions, b: Predictions) -> float:
    """Expected agreement of independent models that give each answer as often as these.

    Example:
        >>> a, b = Predictions(labels=np.array([0, 1])), Predictions(labels=np.array([0, 0]))
        >>> chance_agreement(a, b)
        0.5
    """
    size = 1 + max(int(a.labels.max(initial=0)), int(b.labels.max(initial=0)))
    shares = [np.bincount(m.labels[~m.missing], minlength=size) / len(m.labels) for m in (a, b)]
    return float(shares[0] @ shares[1])


def wrong_of(*models: Predictions) -> NDArray[np.bool_]:
    """Which items each model fails, ``(models, items)``.

    Raises:
        ProbeMismatchError: The models answered different items.
        UndefinedError: No right answers are known, or there are no items.

    Example:
        >>> wrong_of(Predictions(labels=np.array([0, 1]), gold=np.array([0, 0]))).tolist()
        [[False, True]]
    """
    on_the_same_items(*models)
    return np.stack([model.wrong for model in models])
