"""Effective numbers: how many different members a set amounts to."""

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import UndefinedError
from polyculture.stats.scores import Numbers

ROUNDING = 1e-8
"""An eigenvalue this far below 0, as a share of the largest, is more than rounding."""


def vendi(kernel: NDArray[np.float64], order: float = 1.0) -> float:
    r"""Vendi score: the Hill number of a similarity matrix's eigenvalues.

    \[ \Big(\sum_j \lambda_j^q\Big)^{1/(1-q)}, \qquad \exp\Big(-\sum_j \lambda_j\log\lambda_j\Big)
       \text{ at } q = 1, \qquad 1/\max_j \lambda_j \text{ at } q = \infty \]

    Args:
        kernel: Similarities, ``(n, n)``, symmetric and positive semidefinite, 1 on the diagonal.
        order: q; the higher, the less rare members count.

    Returns:
        From 1 to n.

    Raises:
        UndefinedError: The matrix is not positive semidefinite.

    Example:
        >>> kernel = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
        >>> [round(vendi(kernel, q), 6) for q in (0, 1, 2, np.inf)]
        [3.0, 2.1573, 1.948052, 1.578947]

    Source:
        Friedman and Dieng 2022, arXiv:2210.02410; Pasarkar and Dieng 2023, arXiv:2310.12952.
    """
    values = np.linalg.eigvalsh(kernel / len(kernel))
    largest = values[-1]
    if values[0] < -ROUNDING * largest:
        msg = "the matrix of similarities is not positive semidefinite"
        raise UndefinedError(msg)
    known = values[values > len(kernel) * np.finfo(np.float64).eps * largest]
    if order == 1:
        return float(np.exp(-(known * np.log(known)).sum()))
    if order == np.inf:
        return float(1 / largest)
    return float((known**order).sum() ** (1 / (1 - order)))


def leinster_cobbold(shares: Numbers, kernel: Numbers, order: float = 1.0) -> Numbers:
    r"""Similarity-sensitive diversity: forty renamed copies of one model are one model.

    \[ \Big(\sum_i p_i (Zp)_i^{q-1}\Big)^{1/(1-q)}, \qquad
       \exp\Big(-\sum_i p_i \log (Zp)_i\Big) \text{ at } q = 1, \qquad
       1/\max_i (Zp)_i \text{ at } q = \infty \]

    where \((Zp)_i\) is how ordinary member i is: its expected similarity to a member drawn from the
    set. It is not the Vendi score: the two differ on one and the same matrix.

    Args:
        shares: How much each member counts, ``(..., n)``, 0 or more; brought to a sum of 1.
        kernel: Similarities Z, ``(n, n)``, 0 or more, 1 on the diagonal.
        order: q, 0 or more; the higher, the less rare members count.

    Returns:
        An effective number for each row of ``shares``, from 1 to n where no similarity exceeds 1.
        With nothing alike it is the Hill number.

    Raises:
        UndefinedError: A row has no members, or the matrix has a negative similarity or a member
            that is not wholly like itself.

    Example:
        >>> kernel = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
        >>> [round(float(leinster_cobbold(np.ones(3), kernel, q)), 4) for q in (0, 1, 2, np.inf)]
        [2.0526, 1.9556, 1.875, 1.5789]

    Source:
        Leinster and Cobbold 2012, Measuring diversity: the importance of species similarity.
    """
    if (kernel.diagonal() != 1).any():
        msg = "the matrix of similarities has a member that is not wholly like itself"
        raise UndefinedError(msg)
    if (kernel < 0).any():
        msg = "the matrix of similarities has a negative one"
        raise UndefinedError(msg)
    total = shares.sum(axis=-1, keepdims=True)
    if shares.shape[-1] == 0 or (total <= 0).any():
        msg = "there are no members"
        raise UndefinedError(msg)
    parts = shares / total
    return effective_number(parts, parts @ kernel, order)


def effective_number(shares: Numbers, ordinary: Numbers, order: float) -> Numbers:
    """The number of equally common, wholly different members that would be as diverse.

    Args:
        shares: Share of each member, ``(..., n)``; every row sums to 1.
        ordinary: How ordinary each member is, ``(..., n)``, above 0 where its share is. The shares
            themselves give the Hill numbers.
        order: q, 0 or more.

    Example:
        >>> half = np.array([0.5, 0.5, 0.0])
        >>> [float(effective_number(half, half, q)) for q in (0, 2, np.inf)]
        [2.0, 2.0, 2.0]

    Source:
        Hill 1973; Leinster and Cobbold 2012.
    """
    known = np.where(shares > 0, ordinary, 1.0)
    if order == 1:
        return np.asarray(np.exp(-(shares * np.log(known)).sum(axis=-1)))
    if order == np.inf:
        return np.asarray(1 / np.where(shares > 0, ordinary, 0.0).max(axis=-1))
    powers = (shares / known ** (1 - order)).sum(axis=-1)
    return np.asarray(powers ** (1 / (1 - order)))
