"""How alike the cards of each year are, and whether that moves.

A year with many cards holds more classes than one with few, so plain effective numbers rise with
the number of cards. The chance that two cards share a class, and the mean likeness of two, do not
depend on it; effective numbers are means over sets of one size drawn from each year.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from polyculture.core.errors import UndefinedError
from polyculture.core.survey import Trend, TrendPoint
from polyculture.core.values import Known, Undefined, Value
from polyculture.stats.groups.concentration import gini, hill, top_share
from polyculture.stats.groups.diversity import leinster_cobbold
from polyculture.stats.inference.paired import NO_INTERVAL
from polyculture.stats.inference.resample import percentile_interval
from polyculture.stats.inference.trend import kendall, mann_kendall
from polyculture.stats.values import with_ends
from polyculture.zoo.count.draws.figures import Figure
from polyculture.zoo.count.likeness.kernel import Kernel
from polyculture.zoo.count.lineages.descendants import slices
from polyculture.zoo.count.shares.classes import Positions, Votes
from polyculture.zoo.count.years.years_apart import apart

YEARS = 4
"""Points below which there is no trend."""
SET = 10
"""Cards of the sets that effective numbers are means over."""
SETS = 200
FEW_SETS = 10
"""Sets for each half."""
HALVES = 100
MOST = 1_000_000
"""Cards that all halves of one figure may hold together; larger zoos draw fewer halves."""
LAID_OUT = 5_000_000
"""Cells of a table that is kept whole."""
CONFIDENCE = 0.95
TOO_FEW = "half of the cards are too few for it"
ALL_ALIKE = "all halves of the cards give one value, which says nothing about its spread"

Random = np.random.Generator


def figures(
    votes: Mapping[str, Votes],
    kernel: Kernel,
    names: list[str],
    members: Mapping[str, Positions],
    rng: Random,
) -> Iterator[Figure]:
    """The figures that can be counted.

    Args:
        votes: By ``lineage``, ``maker``, and by trait as ``trait: <name>``.
        kernel: Likeness of the built cards.
        names: Of all cards, in their order.
        members: Positions of each community's cards.
        rng: For the sets that effective numbers are means over.
    """
    for over, division in votes.items():
        trait = over.removeprefix("trait: ")
        name = "same trait" if trait != over else f"same {over}"
        sharing = _sharing(division)
        yield Figure(
            name=name,
            trait=trait if trait != over else "",
            value=sharing,
            quick=sharing,
            has=division.known,
            only_all=trait != over,
        )
        if over == "lineage":
            yield from _over_sets(division, rng)
    if kernel.names:
        places = {name: place for place, name in enumerate(kernel.names)}
        where = np.array([places.get(name, -1) for name in names])
        likeness = _likeness(kernel, where)
        yield Figure(name="mean similarity", value=likeness, quick=likeness, has=where >= 0)
        yield _of_sets("d1", _different(kernel, where), where >= 0, rng)
    traits = [division for over, division in votes.items() if over.startswith("trait: ")]
    if traits and len(members) > 1:
        yield apart(traits, members, rng)


def trends(
    found: Iterator[Figure], years: NDArray[np.int64], members: Mapping[str, Positions], rng: Random
) -> tuple[Trend, ...]:
    """The course of each figure, for all cards and for each community that has enough of them.

    Args:
        found: What ``figures`` gives.
        years: Year of each card, ``(cards,)``; -1 where it is not known.
        members: Positions of each community's cards.
        rng: For drawing halves.

    Returns:
        Trends with at least four years of at least five cards (ten for effective numbers).
    """
    everyone = np.arange(len(years))
    made: list[Trend] = []
    for figure in found:
        groups = {"": everyone} if figure.only_all else {"": everyone, **members}
        for community, group in groups.items():
            known = group[(years[group] >= 0) & figure.has[group]]
            trend = _trend(figure, community, known, years[known], rng)
            made += [] if trend is None else [trend]
    return tuple(made)


def _trend(
    figure: Figure, community: str, cards: Positions, years: NDArray[np.int64], rng: Random
) -> Trend | None:
    seen, sizes = np.unique(years, return_counts=True)
    counted = {
        int(year): value
        for year in seen[sizes >= figure.fewest]
        if not np.isnan(value := figure.value(cards[years == year]))
    }
    if len(counted) < YEARS:
        return None
    draws = max(10, min(HALVES, MOST // len(cards)))
    kept, values = np.array(list(counted)), list(counted.values())
    drawn = np.array(
        [_of_halves(figure, cards[years == year], draws, rng) for year in kept]
    )  # (years, draws)
    points = tuple(
        TrendPoint(
            year=int(year),
            members=int(sizes[seen == year][0]),
            value=_with_interval(value, row),
        )
        for year, value, row in zip(kept, values, drawn, strict=True)
    )
    tau, p_value = _test(kept, np.array(values), drawn)
    return Trend(
        figure=figure.name,
        trait=figure.trait,
        community=community,
        points=points,
        tau=tau,
        p_value=p_value,
    )


def _of_halves(figure: Figure, group: Positions, draws: int, rng: Random) -> list[float]:
    """The figure of random halves; NaN where a half would be too small for it."""
    half = len(group) // 2
    if half < figure.smallest_half:
        return [float("nan")] * draws
    return [figure.quick(rng.choice(group, half, replace=False)) for _ in range(draws)]


def _test(
    years: Positions, values: NDArray[np.float64], drawn: NDArray[np.float64]
) -> tuple[Value, Value]:
    try:
        tau, p_value = kendall(years, values), mann_kendall(years, values)
    except UndefinedError as error:
        return Undefined(reason=str(error)), Undefined(reason=str(error))
    spread = np.array([_tau_or_nan(years, column) for column in drawn.T])
    return _with_interval(tau, spread, chance=0.0), Known(number=p_value, no_interval=NO_INTERVAL)


def _tau_or_nan(years: Positions, values: NDArray[np.float64]) -> float:
    try:
        return kendall(years, values)
    except UndefinedError:
        return float("nan")


def _with_interval(number: float, drawn: NDArray[np.float64], chance: float | None = None) -> Known:
    ends = percentile_interval(np.asarray(drawn, dtype=np.float64), CONFIDENCE)
    value = with_ends(number, ends, absent=TOO_FEW, flat=ALL_ALIKE, chance=chance)
    if value.low is None or value.high is None:
        return value
    inside = {"low": min(value.low, number), "high": max(value.high, number)}
    return value.model_copy(update=inside)


def _summing(votes: Votes) -> Callable[[Positions], NDArray[np.float64]]:
    """Votes of a set of cards for each class that it votes for, classes in a fixed order.

    Small tables are laid out, which sums faster; of large ones only what the set holds is touched.
    """
    rows = votes.rows
    if rows.shape[0] * rows.shape[1] <= LAID_OUT:
        table = rows.toarray()
        return lambda cards: table[cards].sum(axis=0)

    starts = rows.indptr.astype(np.int64)

    def summed(cards: Positions) -> NDArray[np.float64]:
        cells = slices(starts, cards)
        _, place = np.unique(rows.indices[cells], return_inverse=True)
        return np.asarray(np.bincount(place, weights=rows.data[cells]), dtype=np.float64)

    return summed


def _sharing(votes: Votes) -> Callable[[Positions], float]:
    """The chance that two different cards share a class."""
    squares: NDArray[np.float64] = np.asarray(votes.rows.power(2).sum(axis=1)).ravel()
    summed = _summing(votes)

    def value(cards: Positions) -> float:
        totals = summed(cards)
        pairs = len(cards) * (len(cards) - 1)
        return float((totals @ totals - squares[cards].sum()) / pairs)

    return value


def _over_sets(lineages: Votes, rng: Random) -> Iterator[Figure]:
    """Concentration over lineages: figures that grow with the number of cards."""
    summed = _summing(lineages)
    forms = {"hill1 of lineage": hill, "gini of lineage": gini, "top share of lineage": top_share}

    def counted(
        form: Callable[[NDArray[np.float64]], NDArray[np.float64]], cards: Positions
    ) -> float:
        return float(form(summed(cards)))

    for name, form in forms.items():
        yield _of_sets(name, partial(counted, form), lineages.known, rng)


def _likeness(kernel: Kernel, where: NDArray[np.int64]) -> Callable[[Positions], float]:
    def value(cards: Positions) -> float:
        places = where[cards]
        block = kernel.matrix[np.ix_(places, places)]
        n = len(places)
        return float((block.sum() - np.trace(block)) / (n * (n - 1)))

    return value


def _different(kernel: Kernel, where: NDArray[np.int64]) -> Callable[[Positions], float]:
    def value(cards: Positions) -> float:
        places = where[cards]
        shares = np.full(len(places), 1 / len(places))
        return float(leinster_cobbold(shares, kernel.matrix[np.ix_(places, places)], 1))

    return value


def _of_sets(
    name: str, value: Callable[[Positions], float], has: NDArray[np.bool_], rng: Random
) -> Figure:
    """Means over sets of one size, so that years with many cards do not look diverse."""

    def mean(cards: Positions, sets: int) -> float:
        drawn = (rng.choice(cards, SET, replace=False) for _ in range(sets))
        return float(np.mean([value(one) for one in drawn]))

    return Figure(
        name=name,
        value=lambda cards: mean(cards, SETS),
        quick=lambda cards: mean(cards, FEW_SETS),
        has=has,
        fewest=SET,
        smallest_half=SET,
        only_all=True,
    )
