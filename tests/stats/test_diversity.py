"""Vendi scores equal those of its authors' package, where that is right."""

import numpy as np
import pytest

from polyculture.core.errors import UndefinedError
from polyculture.stats.diversity import vendi

KERNEL = np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]])


def test_the_example_of_its_authors() -> None:
    """Three pairs of equal samples count as three."""
    samples = np.array([0, 0, 10, 10, 20, 20])
    kernel = np.exp(-np.abs(np.subtract.outer(samples, samples)))

    assert vendi(kernel) == pytest.approx(2.999999995877701)


@pytest.mark.parametrize(
    ("order", "score"),
    [
        (0, 3),
        (0.5, 2.420348357053285),
        (1, 2.1573004833739833),
        (2, 1.948051948051948),
        (np.inf, 1.5789473684210527),
    ],
)
def test_every_order_of_one_matrix(order: float, score: float) -> None:
    """From counting all members alike to counting the largest part alone."""
    assert vendi(KERNEL, order) == pytest.approx(score)


@pytest.mark.parametrize("order", [0, 0.5, 1, 2, np.inf])
def test_copies_count_as_one(order: float) -> None:
    """Rounding in the eigenvalues makes no second member."""
    assert vendi(np.ones((3, 3)), order) == pytest.approx(1)


def test_a_matrix_that_is_no_kernel_is_refused() -> None:
    """Likeness of a to b and b to c, but none of a to c, is no matrix of inner products."""
    with pytest.raises(UndefinedError, match="positive semidefinite"):
        vendi(np.array([[1, 0.9, 0], [0.9, 1, 0.9], [0, 0.9, 1]]))
