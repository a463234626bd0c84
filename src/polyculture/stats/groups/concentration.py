r"""How unevenly members spread over classes: effective numbers, HHI, Gini, the largest share.

Every function takes counts ``(..., classes)`` and gives one value a row, so that the draws of a
null or a bootstrap are computed at once. Classes without members are left out: they change
nothing. Counts may be weights (downloads, parts of a vote) unless a function says otherwise.
"""

import numpy as np

from polyculture.core.errors import UndefinedError
from polyculture.stats.groups.diversity import effective_number
from polyculture.stats.scores import Numbers

FEWEST = 2
"""Members that a pair takes."""


def hill(counts: Numbers, order: float = 1.0) -> Numbers:
    r"""Hill number: how many equally large classes would be as diverse.

    \[ \Big(\sum_i p_i^q\Big)^{1/(1-q)}, \qquad \exp\Big(-\sum_i p_i \log p_i\Big)
       \text{ at } q = 1, \qquad 1/\max_i p_i \text{ at } q = \infty \]

    In a small sample it is biased downwards: classes that are rare have not been met yet.

    Args:
        counts: Members of each class, ``(..., classes)``.
        order: q: 0 counts the classes, 1 is Shannon's effective number, 2 is 1 / HHI, infinity
            looks at the largest class alone.

    Returns:
        One number a row, from 1 to the number of classes that occur.

    Raises:
        UndefinedError: A row has no members.

    Example:
        >>> counts = np.array([5.0, 3.0, 2.0, 0.0])
        >>> [round(float(hill(counts, q)), 4) for q in (0, 1, 2, np.inf)]
        [3.0, 2.8001, 2.6316, 2.0]

    Source:
        Hill 1973, Diversity and evenness.
    """
    shares = _shares(counts)
    return effective_number(shares, shares, order)


def hhi(counts: Numbers) -> Numbers:
    r"""The Herfindahl-Hirschman index \(\sum_i p_i^2\), from 1 / classes to 1.

    It is the chance that two members share a class, where the second is drawn after the first was
    put back. With few members that overstates concentration; see ``hhi_unbiased``.

    Raises:
        UndefinedError: A row has no members.

    Example:
        >>> round(float(hhi(np.array([5.0, 3.0, 2.0]))), 4)
        0.38

    Source:
        Hirschman 1945; Herfindahl 1950. Simpson 1949 in ecology.
    """
    return np.asarray((_shares(counts) ** 2).sum(axis=-1))


def hhi_unbiased(counts: Numbers) -> Numbers:
    r"""The chance that two different members share a class, from 0 to 1.

    \[ \frac{\sum_i c_i (c_i - 1)}{N (N - 1)} \]

    Args:
        counts: Whole numbers of members, ``(..., classes)``. That they are whole is the caller's
            duty: with weights or parts of votes the figure means nothing.

    Raises:
        UndefinedError: A row has fewer than two members.

    Example:
        >>> round(float(hhi_unbiased(np.array([5, 3, 2]))), 4)
        0.3111

    Source:
        Simpson 1949, Measurement of diversity.
    """
    total = _totals(counts)
    if (total < FEWEST).any():
        msg = f"a pair takes at least {FEWEST} members, but there are {total.min():g}"
        raise UndefinedError(msg)
    known = np.asarray(counts, dtype=np.float64)
    return np.asarray((known * (known - 1)).sum(axis=-1) / (total * (total - 1)))


def gini(counts: Numbers) -> Numbers:
    r"""Gini's coefficient among the classes that occur, from 0 (all alike) to 1 - 1 / classes.

    \[ \frac{\sum_i (2i - S - 1)\, x_{(i)}}{S \sum_i x_i} \]

    where \(x_{(1)} \le \dots \le x_{(S)}\) are the sizes of the S classes with members.

    Raises:
        UndefinedError: A row has no members.

    Example:
        >>> round(float(gini(np.array([5.0, 0.0, 3.0, 2.0]))), 4)
        0.2

    Source:
        Gini 1912.
    """
    total = _totals(counts)
    sizes = np.sort(np.asarray(counts, dtype=np.float64), axis=-1)  # ascending, the zeros first
    occurring = (sizes > 0).sum(axis=-1)
    ranks = np.arange(1.0 - sizes.shape[-1], 1.0)  # counted from the largest, which has 0
    ranked = 2 * (sizes @ ranks) + (occurring - 1) * total
    return np.asarray(ranked / (occurring * total))


def top_share(counts: Numbers) -> Numbers:
    """Share of the largest class, from 1 / classes to 1 (Berger and Parker's index).

    Raises:
        UndefinedError: A row has no members.

    Example:
        >>> float(top_share(np.array([5.0, 3.0, 2.0])))
        0.5

    Source:
        Berger and Parker 1970.
    """
    return np.asarray(_shares(counts).max(axis=-1))


def jensen_shannon(counts: Numbers) -> Numbers:
    r"""How differently groups spread over the same classes, each group weighing the same.

    \[ H\Big(\frac{1}{J}\sum_j P_j\Big) - \frac{1}{J}\sum_j H(P_j) \]

    with Shannon's entropy H in bits. Its square root is a metric; this is not.

    Args:
        counts: Members of each class in each group, ``(..., groups, classes)``.

    Returns:
        One value for each set of groups, from 0 (the same shares) to log2 of the number of groups
        (nothing in common): to 1 for two.

    Raises:
        UndefinedError: A group has no members.

    Example:
        >>> round(float(jensen_shannon(np.array([[5.0, 3.0, 2.0], [2.0, 3.0, 5.0]]))), 6)
        0.095816
        >>> float(jensen_shannon(np.array([[4.0, 0.0], [0.0, 1.0]])))
        1.0

    Source:
        Lin 1991, Divergence measures based on the Shannon entropy.
    """
    shares = _shares(counts)
    apart = _entropy(shares.mean(axis=-2)) - _entropy(shares).mean(axis=-1)
    return np.asarray(np.clip(apart, 0.0, np.log2(shares.shape[-2])))


def _shares(counts: Numbers) -> Numbers:
    return np.asarray(counts / _totals(counts)[..., None])


def _totals(counts: Numbers) -> Numbers:
    """Members of each row."""
    total = np.asarray(counts, dtype=np.float64).sum(axis=-1)
    if (total <= 0).any() or total.size == 0:
        msg = "there are no members"
        raise UndefinedError(msg)
    return np.asarray(total)


def _entropy(shares: Numbers) -> Numbers:
    """In bits; what does not occur adds nothing."""
    bits = np.log2(np.where(shares > 0, shares, 1.0))
    return np.asarray(-(shares * bits).sum(axis=-1))
