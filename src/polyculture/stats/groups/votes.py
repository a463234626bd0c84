"""Votes of several models, and choosing among models on other items than those reported on."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from polyculture.core.views import MISSING


def plurality(labels: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The most frequent answer to each item; a tie goes to the lowest code.

    A missing answer does not vote. If no model answers, the vote is missing too.

    Args:
        labels: Codes of the answers, ``(models, items)``.

    Returns:
        The vote on each item and whether it was a tie, ``(items,)`` each.

    Example:
        >>> vote, tied = plurality(np.array([[2, 0, -1], [2, 1, -1], [0, -1, -1]]))
        >>> vote.tolist(), tied.tolist()
        ([2, 0, -1], [False, True, False])
    """
    items = labels.shape[1]
    size = 1 + int(labels.max(initial=0))
    answered = labels != MISSING
    place = np.nonzero(answered)[1].astype(np.int64)
    # One number an (item, answer) that occurs, so the work does not grow with the classes.
    occurring, votes = np.unique(place * size + labels[answered], return_counts=True)
    item, label = np.divmod(occurring, size)
    most = np.zeros(items, dtype=np.int64)
    np.maximum.at(most, item, votes)
    winners = votes == most[item]
    vote = np.full(items, MISSING, dtype=np.int64)
    first_item, first = np.unique(item[winners], return_index=True)
    vote[first_item] = label[winners][first]
    return vote, np.bincount(item[winners], minlength=items) > 1


def is_right(
    vote: NDArray[np.integer], labels: NDArray[np.integer], wrong: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which items a vote gets right: it is as right as the models whose answer it is.

    Args:
        vote: Code of the vote on each item, ``(items,)``.
        labels: Codes of the models' answers, ``(models, items)``.
        wrong: Which items each model fails, ``(models, items)``.

    Example:
        >>> labels, wrong = np.array([[2, 0], [2, 1]]), np.array([[False, True], [False, False]])
        >>> is_right(np.array([2, 0]), labels, wrong).tolist()
        [True, False]
    """
    right: NDArray[np.bool_] = ((labels == vote) & ~wrong).any(axis=0)
    return right


def halves(items: int, splits: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Random halves of the items, for choosing on one and reporting on the other.

    Args:
        items: Number of items, at least 2.
        splits: Number of ways to halve them.
        rng: Source of chance.

    Returns:
        Which items are in the first half, ``(splits, items)``.

    Example:
        >>> halves(5, 3, np.random.default_rng(1)).sum(axis=1).tolist()
        [2, 2, 2]
    """
    first = np.zeros((splits, items), dtype=bool)
    for row in first:
        row[rng.permutation(items)[: items // 2]] = True
    return first


SPLITS = 20
"""Ways to halve the items; each gives two choices and two scores."""
SPLIT_SEED = 1


def halves_of(items: int, clusters: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    """The halves that all results of an audit are chosen and scored on, ``(SPLITS, items)``.

    Args:
        items: Number of items.
        clusters: Number of each item's document, from 0; a document is in one half as a whole.
    """
    units = items if clusters is None else int(clusters.max()) + 1
    first = halves(units, SPLITS, np.random.default_rng(SPLIT_SEED))
    return first if clusters is None else first[:, clusters]


def best_on_other_half(right: NDArray[np.bool_]) -> float:
    """Accuracy of the model that is best on one half of the items, on the other half.

    The mean over random halves, each used in both directions. Where several models are equally
    good on the choosing half, the mean of their scores counts.

    Args:
        right: Which items each model gets right, ``(models, items)``, at least 2 items.

    Example:
        >>> best_on_other_half(np.array([[True] * 4, [False] * 4]))
        1.0
    """
    splits = halves_of(right.shape[1], None)
    scores = []
    for first in splits:
        for choosing in (first, ~first):
            chosen = right[:, choosing].sum(axis=1)
            best = chosen == chosen.max()
            scores.append(right[best][:, ~choosing].mean())
    return float(np.mean(scores))


def best_on_other_half_of_rounds(
    right: NDArray[np.bool_],
    counts: NDArray[np.uint8],
    means: Callable[[int, Callable[[slice], NDArray[np.bool_]]], NDArray[np.float64]],
    clusters: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """The same under item weights; both copies of a repeated item are in one half.

    Args:
        right: Which items each model gets right, ``(models, items)``.
        counts: How often each item counts in each round, ``(rounds, items)``.
        means: ``Panel.means`` of the same counts.
        clusters: Number of each item's document; a document is in one half as a whole.

    Returns:
        One value a round, ``(rounds,)``; NaN where a half is empty.
    """
    models, items = right.shape
    splits = halves_of(items, clusters)
    rounds, totals = len(counts), counts.sum(axis=1, dtype=np.float64)

    def on_first(block: slice) -> NDArray[np.bool_]:
        some = splits[:, None, block] & right[None, :, block]
        return some.reshape(SPLITS * models, -1)

    whole = means(models, lambda block: right[:, block])  # (models, rounds)
    first = means(SPLITS * models, on_first).reshape(SPLITS, models, rounds)
    size = means(SPLITS, lambda block: splits[:, block])  # (splits, rounds)
    score = np.zeros(rounds)
    for part, share in ((first, size), (whole - first, 1 - size)):
        # Shares of N draws: sums of ones over N, so equal models differ by rounding at most.
        best = part > part.max(axis=1, keepdims=True) - 0.5 / totals
        other = (best * (whole - part)).sum(axis=1) / best.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            score += (other / (1 - share)).mean(axis=0)
    return score / 2
