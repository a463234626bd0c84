"""Exact and randomisation tests of two models on the same items."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from polyculture.core.errors import ProbeMismatchError
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.scores import Numbers

NO_INTERVAL = "a p value has no interval"
ROUNDS = 10_000
SEED = 20_262
CHUNK = 4_000_000
"""Most signs held at once."""


def better(a: Sequence[float], b: Sequence[float]) -> tuple[Value, int, int]:
    r"""A paired test of whether A is better than B, by grades of the same items.

    Where every grade is 0 or 1 this is the exact McNemar test: only items that one gets right and
    the other wrong count. Under "no difference" each of these n items is a fair coin, so

    \[ p = \min(1,\; 2 \sum_{i=0}^{\min(n_a, n_b)} \binom{n}{i} 2^{-n}) \]

    Where an answer may be partly right it is the exact test of sign flips (``sign_flips``) of the
    differences, each rounded to a hundredth.

    Args:
        a: Grades of A's answers, 0 wrong to 1 right. For spans an item is a sentence: right if all
            its spans are right.
        b: Grades of B's answers to the same items.

    Returns:
        The two-sided p, 0 to 1; on how many items A has the higher grade; on how many B has.

    Raises:
        ProbeMismatchError: The lists are not of one length.

    Example:
        Of six items, five only A gets right, none only B.

        >>> p, a_only, b_only = better([1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0])
        >>> p.number, a_only, b_only
        (0.0625, 5, 0)
        >>> better([0.5, 0.25, 0.5], [0.25, 0.0, 0.25])[0].number
        0.25

    Source:
        McNemar 1947, the exact binomial form; Fisher 1935, The Design of Experiments, section 21.
    """
    if len(a) != len(b):
        msg = (
            "A paired test needs grades of the same items, "
            f"but got {len(a)} of one model and {len(b)} of the other."
        )
        raise ProbeMismatchError(msg)
    if not len(a):
        return Undefined(reason="there are no items"), 0, 0
    a_grades, b_grades = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    a_only, b_only = int((a_grades > b_grades).sum()), int((b_grades > a_grades).sum())
    is_all_or_nothing = bool(np.isin(np.concatenate([a_grades, b_grades]), (0.0, 1.0)).all())
    if is_all_or_nothing:
        p = mcnemar(a_only, b_only)
    else:
        p = sign_flips(np.rint(100 * (a_grades - b_grades)).astype(np.int64))
    return Known(number=p, no_interval=NO_INTERVAL), a_only, b_only


def mcnemar(a_only: int, b_only: int) -> float:
    """The exact two-sided p of so uneven a split of the items that only one gets right.

    Example:
        >>> mcnemar(5, 0), mcnemar(0, 0)
        (0.0625, 1.0)
    """
    return min(1.0, 2 * float(bdtr(min(a_only, b_only), a_only + b_only, 0.5)))


def sign_flips(differences: NDArray[np.int64]) -> float:
    """The exact two-sided p of a sum of differences, each of which might have had either sign.

    With items that come from documents, a document's difference (items that only A gets right
    less items that only B gets right) is the unit: items of one document are not independent, but
    if A and B were alike, their answers to a document could be swapped as a whole. Where every
    document has one item this is the exact McNemar test.

    Args:
        differences: Whole numbers, one a document, ``(documents,)``.

    Returns:
        The share of all choices of signs whose sum is at least as far from 0, above 0 to 1.

    Example:
        >>> [sign_flips(np.array(units)) for units in ([1, 1, 1, 1, 1], [5], [2, 1])]
        [0.0625, 1.0, 0.5]

    Source:
        Fisher 1935, The Design of Experiments, section 21. The distribution is computed whole, from
        its characteristic function, the product of cos(size t).
    """
    sizes, times = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    reach = int((sizes * times).sum())  # sums go from -reach to reach
    if reach == 0:
        return 1.0
    turns = 2 * np.pi * np.arange(reach + 1) / (2 * reach + 1)
    waves = np.prod(np.cos(sizes[:, None] * turns) ** times[:, None], axis=0)
    chances = np.fft.irfft(waves, n=2 * reach + 1)  # of the sums 0, 1, ..., reach, -reach, ..., -1
    sums = np.fft.fftfreq(2 * reach + 1, d=1 / (2 * reach + 1))
    p = float(chances[np.abs(sums).round() >= abs(int(differences.sum()))].sum())
    return min(1.0, max(p, 0.5 ** int(times.sum() - 1)))


def randomised_f1(a: Numbers, b: Numbers, *, rounds: int = ROUNDS, seed: int = SEED) -> Value:
    r"""The approximate randomisation test of a difference in micro F1.

    If A and B were alike, their answers to a sentence could be swapped. Swapping each sentence by
    a fair coin, again and again, shows how large a difference chance makes:
    \(p = (1 + \text{rounds at least as large}) / (1 + \text{rounds})\).

    Args:
        a: Right answers, answers and gold of each sentence, all types together,
            ``(sentences, 3)``.
        b: The same of the other model; its gold is the same.
        rounds: Number of random swaps.
        seed: Seed of the coins.

    Returns:
        The two-sided p, above 0 to 1. Undefined where there is neither gold nor an answer.

    Example:
        >>> a = np.tile([1.0, 1, 1], (20, 1))
        >>> b = np.tile([0.0, 1, 1], (20, 1))
        >>> randomised_f1(a, b).number < 0.001, randomised_f1(a, a).number
        (True, 1.0)

    Source:
        Noreen 1989; Yeh 2000, More accurate tests for the statistical significance of result
        differences.
    """
    total = a.sum(axis=0) + b.sum(axis=0)
    if total[1] + total[2] == 0:
        return Undefined(reason="there is neither gold nor an answer")
    rng = np.random.default_rng(seed)
    observed = abs(_difference(a.sum(axis=0), b.sum(axis=0)))
    as_large = 0
    step = max(1, CHUNK // len(a))
    for start in range(0, rounds, step):
        swapped = rng.integers(2, size=(min(step, rounds - start), len(a)))
        moved = swapped @ (b - a)
        differences = np.abs(_difference(a.sum(axis=0) + moved, b.sum(axis=0) - moved))
        as_large += int((differences >= observed - 1e-12).sum())
    return Known(number=(1 + as_large) / (1 + rounds), no_interval=NO_INTERVAL)


def _difference(a: Numbers, b: Numbers) -> Numbers:
    f1 = [2 * x[..., 0] / np.maximum(x[..., 1] + x[..., 2], 1) for x in (a, b)]
    return np.asarray(f1[0] - f1[1])
