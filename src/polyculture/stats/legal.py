"""The best tags that IOB2 allows: ``I-X`` only after ``B-X`` or ``I-X``.

A head that scores each word alone can answer ``O I-PER``, which no tagging of entities is. The
best path under the rule costs nothing in training. Source: Viterbi 1967,
doi:10.1109/TIT.1967.1054010, with forbidden transitions at minus infinity.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def may_follow(labels: Sequence[str]) -> NDArray[np.bool_]:
    """Which tag may come after which, ``(before, after)``; a sentence begins as after ``O``.

    Example:
        >>> may_follow(["O", "B-A", "I-A"]).astype(int).tolist()
        [[1, 1, 0], [1, 1, 1], [1, 1, 1]]
    """
    kinds = [label.partition("-")[2] for label in labels]
    return np.array(
        [[not after.startswith("I-") or kind == after[2:] for after in labels] for kind in kinds]
    )


def best_legal(scores: NDArray[np.floating], allowed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The path of the highest sum of log probabilities among those that are allowed.

    Args:
        scores: Logits of each word, ``(words, labels)``; minus infinity for impossible labels.
        allowed: Of ``may_follow``; its first label is ``O``.

    Returns:
        Label codes ``(words,)``.

    Example:
        >>> allowed = may_follow(["O", "B-A", "I-A"])
        >>> best_legal(np.array([[1.0, 0.9, 0.0], [0.0, 0.0, 3.0]]), allowed).tolist()
        [1, 2]
    """
    if not len(scores):
        return np.zeros(0, dtype=np.int64)
    values = scores.astype(np.float64)
    top = values.max(axis=1, keepdims=True)
    values -= top + np.log(np.exp(values - top).sum(axis=1, keepdims=True))
    walls = np.where(allowed, 0.0, -np.inf)
    best = walls[0] + values[0]
    origins = []
    for word in values[1:]:
        ways = best[:, None] + walls
        origins.append(ways.argmax(axis=0))
        best = ways.max(axis=0) + word
    path = [int(best.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1])
