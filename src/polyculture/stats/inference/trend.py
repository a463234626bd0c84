"""Tests of whether a figure rises or falls with the years."""

from itertools import permutations
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import UndefinedError
from polyculture.stats.scores import Numbers

FEWEST = 4
"""With three years even a perfect trend has a p of 1/3."""
ENUMERATED = 7
"""Up to seven years all orders (5,040) are enumerated."""
DRAWN = 9_999
"""Orders drawn where there are more."""
ROUNDING = 1e-12
"""Figures that differ by less, as a share of the largest, are taken as equal."""

Signs = NDArray[np.float32]


def kendall(years: NDArray[np.int64], figures: Numbers) -> float:
    r"""Kendall's rank correlation tau-b of figure and year.

    \[ \tau_b = \frac{S}{\sqrt{(n_0 - t_x)(n_0 - t_y)}}, \qquad
       S = \sum_{i<j} \mathrm{sign}(x_j - x_i)\,\mathrm{sign}(y_j - y_i) \]

    with \(n_0\) pairs, \(t_x\) of them with equal years and \(t_y\) with equal figures. It does not
    ask how steep the trend is, nor whether it is straight.

    Args:
        years: Year of each figure, ``(n,)``.
        figures: ``(n,)``.

    Returns:
        From -1 (each year below the one before) to 1 (each above).

    Raises:
        UndefinedError: There are fewer than four years, a figure is lacking, or the figure is the
            same in all years.

    Example:
        >>> round(kendall(np.array([2019, 2020, 2021, 2022]), np.array([1.0, 3.0, 2.0, 4.0])), 4)
        0.6667

    Source:
        Kendall 1945, The treatment of ties in ranking problems.
    """
    _check(years, figures)
    x, y = _signs(_ranks(years)), _signs(_ranks(figures))
    return float(x @ y) / sqrt(float(x @ x) * float(y @ y))


def mann_kendall(years: NDArray[np.int64], figures: Numbers, *, seed: int = 1) -> float:
    """Two-sided p of Kendall's tau, by permuting the figures.

    All orders of up to seven figures are enumerated, of more 9,999 are drawn. Ties need no
    correction, since they are in every order alike. The years are taken as exchangeable: figures
    that drift (a library's stock, which only grows) call for care.

    Args:
        years: Year of each figure, ``(n,)``.
        figures: ``(n,)``.
        seed: Seed of the drawn orders.

    Returns:
        The share of orders with a tau at least as far from 0, never 0.

    Raises:
        UndefinedError: As ``kendall``.

    Example:
        >>> years, figures = np.array([2019, 2020, 2021, 2022]), np.array([1.0, 2.0, 3.0, 4.0])
        >>> round(mann_kendall(years, figures) * 24)
        2

    Source:
        Mann 1945; Kendall 1975; Phipson and Smyth 2010, arXiv:1603.05766 (a p is never 0).
    """
    _check(years, figures)
    x, ranks = _signs(_ranks(years)), _ranks(figures)
    observed = abs(float(x @ _signs(ranks)))
    if len(ranks) <= ENUMERATED:
        orders = np.array(list(permutations(ranks)), dtype=np.float32)
        extra = 0  # the order as it is stands among them
    else:
        rng = np.random.default_rng(seed)
        orders = rng.permuted(np.tile(ranks, (DRAWN, 1)), axis=1)
        extra = 1
    statistics = np.abs(_signs(orders) @ x)  # whole numbers, so nothing is lost in rounding
    return float(((statistics >= observed).sum() + extra) / (len(orders) + extra))


def _check(years: NDArray[np.int64], figures: Numbers) -> None:
    if not np.isfinite(figures).all():
        msg = "a year has no figure"
        raise UndefinedError(msg)
    distinct = len(np.unique(years))
    if distinct < FEWEST:
        msg = f"a trend takes at least {FEWEST} years, but there are {distinct}"
        raise UndefinedError(msg)
    if np.ptp(_ranks(figures)) == 0:
        msg = "the figure is the same in all years"
        raise UndefinedError(msg)


def _ranks(values: NDArray[np.int64] | Numbers) -> Signs:
    """Ranks from 0 without gaps; values that differ by rounding alone share one."""
    order = np.argsort(values, kind="stable")
    ascending = np.asarray(values, dtype=np.float64)[order]
    steps = np.diff(ascending) > ROUNDING * np.abs(ascending).max()
    ranks = np.zeros(len(ascending), dtype=np.float32)
    ranks[order[1:]] = np.cumsum(steps)
    return ranks


def _signs(ranks: Signs) -> Signs:
    """Rise (1), fall (-1) or tie (0) of each pair, ``(..., pairs)``."""
    first, second = np.triu_indices(ranks.shape[-1], 1)
    signs: Signs = np.sign(ranks[..., second] - ranks[..., first])
    return signs
