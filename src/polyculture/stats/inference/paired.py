"""Exact and randomisation tests of two models on the same items."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from polyculture.core.errors import ProbeMismatchError
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.inference.resample import clusters_of
from polyculture.stats.scores import Numbers

NO_INTERVAL = "a p value has no interval"
ROUNDS = 10_000
SEED = 20_262
CHUNK = 4_000_000
"""Most signs held at once."""
NOISE = 1e-9
"""Grades that are less apart are equal: what rounding leaves."""
RESOLVED = 1e-12
"""Smaller p are lost in the rounding of the transform that finds them."""
GRID = 65_536
"""Units that the sizes of all differences add up to, at least, where they are no whole numbers."""
MOST_SIZES, SIZES_AN_OCTAVE = 400, 24
"""Of more different sizes than the first, neighbours become one: so many between x and 2 x."""


def better(
    a: Sequence[float], b: Sequence[float], documents: Sequence[str | None] | None = None
) -> tuple[Value, int, int]:
    r"""A paired test of whether A is better than B, by grades of the same items.

    Where every grade is 0 or 1 this is the exact McNemar test: only items that one gets right and
    the other wrong count. Under "no difference" each of these n items is a fair coin, so

    \[ p = \min(1,\; 2 \sum_{i=0}^{\min(n_a, n_b)} \binom{n}{i} 2^{-n}) \]

    Where an answer may be partly right, or items come from documents, it is the exact test of sign
    flips (``sign_flips``) of the differences, of whole documents where there are such.

    Args:
        a: Grades of A's answers, 0 wrong to 1 right. For spans an item is a sentence: right if all
            its spans are right.
        b: Grades of B's answers to the same items.
        documents: The document of each item; left out, or None, an item stands alone.

    Returns:
        The two-sided p, 0 to 1; on how many items A has the higher grade; on how many B has.

    Raises:
        ProbeMismatchError: The lists are not of one length.

    Example:
        Of six items, five only A gets right, none only B; the same, if they are of two documents.

        >>> p, a_only, b_only = better([1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0])
        >>> p.number, a_only, b_only
        (0.0625, 5, 0)
        >>> p, *_ = better([1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0], list("xxxyyy"))
        >>> round(p.number, 6)
        0.5
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
    grades = np.array([a, b], dtype=float)
    differences = grades[0] - grades[1]
    differences[np.abs(differences) < NOISE] = 0
    a_only, b_only = int((differences > 0).sum()), int((differences < 0).sum())
    if documents is not None:
        p = _flipped(np.bincount(clusters_of(documents), weights=differences).astype(float))
    elif np.isin(grades, (0.0, 1.0)).all():
        p = mcnemar(a_only, b_only)
    else:
        p = _flipped(differences)
    return Known(number=p, no_interval=NO_INTERVAL), a_only, b_only


def _flipped(differences: Numbers) -> float:
    """The p of sign flips of any numbers, on a grid that is fine beside their sum.

    Rounding a difference, or its size to three in a hundred where many sizes differ, keeps the
    test exact: a rounded difference might have had either sign as well.
    """
    sizes = np.abs(differences)
    if np.array_equal(sizes, np.rint(sizes)):
        return sign_flips(differences.astype(np.int64))
    units = max(GRID, 4 * len(sizes))
    sizes = np.rint(sizes * (units / sizes.sum()))
    if len(np.unique(sizes)) > MOST_SIZES:
        steps = np.rint(SIZES_AN_OCTAVE * np.log2(np.maximum(sizes, 1)))
        sizes = np.where(sizes > 0, np.rint(2 ** (steps / SIZES_AN_OCTAVE)), 0)
    whole = (np.sign(differences) * sizes).astype(np.int64)
    # Sums that are equal may be a little apart on the grid: by half a unit an item, at most.
    count = int((whole != 0).sum())
    return sign_flips(whole, slack=min(count // 2, int(count**0.5)))


def mcnemar(a_only: int, b_only: int) -> float:
    """The exact two-sided p of so uneven a split of the items that only one gets right.

    Example:
        >>> mcnemar(5, 0), mcnemar(0, 0)
        (0.0625, 1.0)
    """
    return min(1.0, 2 * float(bdtr(min(a_only, b_only), a_only + b_only, 0.5)))


def sign_flips(differences: NDArray[np.int64], *, slack: int = 0) -> float:
    """The exact two-sided p of a sum of differences, each of which might have had either sign.

    With items that come from documents, a document's difference (items that only A gets right
    less items that only B gets right) is the unit: items of one document are not independent, but
    if A and B were alike, their answers to a document could be swapped as a whole. Where every
    document has one item this is the exact McNemar test.

    Args:
        differences: Whole numbers, one a document, ``(documents,)``.
        slack: Sums that are nearer to 0 by no more than this count as equally far.

    Returns:
        The share of all choices of signs whose sum is at least as far from 0, to 1. Shares below
        1e-12 are 1e-12, but where all differences are of one size.

    Example:
        >>> [sign_flips(np.array(units)) for units in ([1, 1, 1, 1, 1], [5], [2, 1])]
        [0.0625, 1.0, 0.5]

    Source:
        Fisher 1935, The Design of Experiments, section 21. The distribution is computed whole, from
        its characteristic function, the product of cos(size t).
    """
    sizes, times = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    if not len(sizes):
        return 1.0
    if len(sizes) == 1 and slack < sizes[0]:
        return mcnemar(int((differences > 0).sum()), int((differences < 0).sum()))
    unit = np.gcd.reduce(sizes)
    sizes = sizes // unit
    reach = int((sizes * times).sum())  # sums go from -reach to reach
    turns = 2 * np.pi * np.arange(reach + 1) / (2 * reach + 1)
    waves = np.ones(reach + 1)
    for size, count in zip(sizes, times, strict=True):
        waves *= np.cos(size * turns) ** count
    chances = np.fft.irfft(waves, n=2 * reach + 1)  # of the sums 0, 1, ..., reach, -reach, ..., -1
    sums = np.fft.fftfreq(2 * reach + 1, d=1 / (2 * reach + 1))
    far = (abs(int(differences.sum())) - slack) / unit
    p = float(chances[np.abs(sums).round() >= far].sum())
    return min(1.0, max(p, RESOLVED))


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
