"""Effective numbers: how many different members a set amounts to."""

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import UndefinedError

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
