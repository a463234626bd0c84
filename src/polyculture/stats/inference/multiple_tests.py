"""Corrections of p values for multiple tests."""

import numpy as np

from polyculture.stats.scores import Numbers


def benjamini_hochberg(p_values: Numbers) -> Numbers:
    """Correct so that, of all findings called real, an expected share of at most q is not.

    For exploring many comparisons. It holds where the tests are independent or positively
    dependent.

    Args:
        p_values: Any order, ``(tests,)``, 0 to 1.

    Returns:
        The q value of each test, in the same order, never below its p.

    Example:
        >>> benjamini_hochberg(np.array([0.3, 0.001, 0.04, 0.01, 0.02])).round(4).tolist()
        [0.3, 0.005, 0.05, 0.025, 0.0333]

    Source:
        Benjamini and Hochberg 1995.
    """
    tests = len(p_values)
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * tests / np.arange(1, tests + 1)
    lowest_above = np.minimum.accumulate(scaled[::-1])[::-1]
    corrected = np.empty(tests)
    corrected[order] = np.minimum(lowest_above, 1.0)
    return corrected


def holm(p_values: Numbers) -> Numbers:
    """Correct so that the chance of even one false finding stays below the level, always.

    For a few named comparisons; it holds however the tests depend on one another.

    Args:
        p_values: Any order, ``(tests,)``, 0 to 1.

    Returns:
        The corrected p of each test, in the same order.

    Example:
        >>> holm(np.array([0.3, 0.001, 0.04, 0.01, 0.02])).round(4).tolist()
        [0.3, 0.005, 0.08, 0.04, 0.06]

    Source:
        Holm 1979.
    """
    tests = len(p_values)
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(tests, 0, -1)
    corrected = np.empty(tests)
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return corrected
