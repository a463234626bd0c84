"""How concentrated a zoo is, over lineages, makers and traits, in all and in each community."""

import itertools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyculture.core.cards import Cards
from polyculture.core.survey import Concentration
from polyculture.core.values import Undefined, Value
from polyculture.zoo.count.draws.intervals import CLOSE, p_of_low, with_chance, with_interval
from polyculture.zoo.count.lineages.attachment import Attachments, attachments
from polyculture.zoo.count.lineages.lineage_repair import Graph, Kind
from polyculture.zoo.count.shares.classes import members_of
from polyculture.zoo.count.shares.concentration_figures import FIGURES, HILL1, spread
from polyculture.zoo.count.shares.divisions import Division, divisions, graphs_of, weights_of
from polyculture.zoo.count.shares.random_subsets import Pool, random_sets, resampled

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
FEWEST = 2
"""Members that a figure takes."""
THREADS = 2
"""More would not help: the steps between NumPy's are Python's."""


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is drawn."""

    draws: int
    resamples: int


def concentrations(
    cards: Cards,
    *,
    draws: int = 1000,
    resamples: int = 1000,
    seed: int = 1,
    graphs: Mapping[Kind, Graph] | None = None,
    grown: Mapping[Kind, Attachments] | None = None,
) -> tuple[Concentration, ...]:
    """Concentration over all that the cards say, for all cards and for each community.

    Over root lineages a card's one vote is divided as ``root_shares`` says; over a trait with
    several values, equally among them. Lineages of bases and of copies are counted apart where both
    occur. Lineages and makers are also weighted by downloads and by parameters where at least half
    of the cards know them.

    The chance level of a community, and its p value, are of equally large sets drawn at random from
    all cards that have a class. For all cards together over lineages they are of uniform
    attachment; over anything else there is nothing to compare them with.

    Intervals draw the members with replacement and are a sensitivity. A set drawn so lacks members,
    so that its effective numbers are too low; that bias is taken off, see
    ``similarity.sensitivity``.

    Args:
        cards: Of one source, or of several that were joined.
        draws: Sets behind each chance level; fewer for large zoos, see ``draw_budget.affordable``.
        resamples: Sets behind each interval; likewise.
        seed: Seed of all drawing.
        graphs: Lineages, where they are mended already.
        grown: Chance for lineages, where it is drawn already; see ``chance_of_lineages``.

    Returns:
        For each division all cards first, then the communities in code-point order. A division that
        no card has a class of is one entry, undefined with its reason.
    """
    lineages = graphs_of(cards) if graphs is None else graphs
    if grown is None:
        grown = chance_of_lineages(cards, lineages, draws=draws, seed=seed)
    groups = members_of(cards)
    effort = Effort(draws=draws, resamples=resamples)

    def of_one(number: int, division: Division) -> list[Concentration]:
        return list(_concentrated(division, groups, effort, np.random.default_rng([seed, number])))

    with ThreadPoolExecutor(THREADS) as team:  # NumPy and SciPy let others run meanwhile
        found = team.map(of_one, itertools.count(), divisions(cards, lineages, grown))
        return tuple(itertools.chain.from_iterable(found))


def chance_of_lineages(
    cards: Cards, graphs: Mapping[Kind, Graph], *, draws: int = 1000, seed: int = 1
) -> Mapping[Kind, Attachments]:
    """Lineages grown by uniform attachment, for each graph that has edges.

    Args:
        cards: Whose weights count.
        graphs: What ``graphs_of`` gives.
        draws: Number of draws, fewer for large zoos.
        seed: Seed of all drawing.
    """
    weights = {str(name): values for name, values in weights_of(cards).items()}
    return {
        kind: attachments(graph, draws=draws, seed=seed, weights=weights)
        for kind, graph in graphs.items()
        if len(graph.child)
    }


def _concentrated(
    division: Division,
    groups: Mapping[str, Positions],
    effort: Effort,
    rng: np.random.Generator,
) -> Iterator[Concentration]:
    everyone = np.arange(division.votes.rows.shape[0])
    pool, place = _pool(division)
    if division.why_not or not pool.size:
        lacking = division.why_not or "no card has a class"
        yield _undefined(_Group(division, "", len(everyone), pool), lacking)
        return
    found = {name: place[group][place[group] >= 0] for name, group in groups.items()}
    compared = {name: len(rows) for name, rows in found.items() if FEWEST <= len(rows) < pool.size}
    drawn = random_sets(pool, compared, draws=effort.draws, rng=rng)
    yield _counted(_Group(division, "", len(everyone), pool), division.grown, effort, rng)
    for name, rows in found.items():
        group = _Group(division, name, len(groups[name]), pool.part(rows))
        yield _counted(group, drawn.get(name), effort, rng)


def _pool(division: Division) -> tuple[Pool, Positions]:
    """The cards that have a class, and each card's row among them, -1 where it has none."""
    votes = division.votes
    known = np.flatnonzero(votes.known)
    place = np.full(len(votes.known), -1)
    place[known] = np.arange(len(known))
    pool = Pool(
        votes=votes.rows[known],
        classes=np.arange(votes.rows.shape[1]),
        counts_cards=division.weight == "count",
    )
    return pool, place


@dataclass(frozen=True)
class _Group:
    """A community, or all cards, divided over classes."""

    division: Division
    community: str
    cards: int
    pool: Pool
    """Those of its cards that have a class."""


def _counted(
    group: _Group, drawn: Floats | None, effort: Effort, rng: np.random.Generator
) -> Concentration:
    pool = group.pool
    if pool.size < FEWEST:
        has = "none" if pool.size == 0 else "one"
        return _undefined(group, f"it takes {FEWEST} cards with a class, and there is {has}")
    totals = pool.totals
    if totals.sum() <= 0:
        return _undefined(group, f"all cards with a class have 0 {group.division.weight}")
    observed = spread(totals[None, :], whole=pool.is_whole)[0]
    rounds = resampled(pool, rounds=effort.resamples, rng=rng, zoo=len(group.division.votes.known))
    values = {
        name: _value(group, place, observed, rounds, drawn) for place, name in enumerate(FIGURES)
    }
    return Concentration(
        **_about(group, totals),
        **values,
        p_value=_p_value(group, float(observed[HILL1]), drawn),
    )


def _undefined(group: _Group, reason: str) -> Concentration:
    nothing = Undefined(reason=reason)
    values = dict.fromkeys((*FIGURES, "p_value"), nothing)
    return Concentration(**_about(group, group.pool.totals), **values)


def _about(group: _Group, totals: Floats) -> dict[str, Any]:
    return {
        "over": group.division.over,
        "community": group.community,
        "weight": group.division.weight,
        "members": group.pool.size,
        "unknown": group.cards - group.pool.size,
        "classes": int((totals > 0).sum()),
        "top": _top(group, totals),
    }


def _top(group: _Group, totals: Floats) -> str:
    if not len(totals) or totals.max() <= 0:
        return ""
    first = group.pool.classes[totals >= totals.max() * (1 - CLOSE)]
    names = group.division.votes.names
    columns: list[int] = first.tolist()
    return min(names[column] for column in columns)


def _value(
    group: _Group, place: int, observed: Floats, rounds: Floats, drawn: Floats | None
) -> Value:
    if np.isnan(observed[place]):
        return Undefined(reason=_no_pairs(group))
    low, high = _range(FIGURES[place], group.pool.votes.nnz)
    value = with_interval(float(observed[place]), rounds[:, place], low=low, high=high)
    return value if drawn is None else with_chance(value, drawn[:, place])


def _no_pairs(group: _Group) -> str:
    if group.division.weight != "count":
        return f"it counts pairs of cards, which {group.division.weight} do not make"
    return "it counts pairs of cards, and some cards divide their vote among several classes"


def _range(figure: str, entries: int) -> tuple[float, float]:
    """Least and greatest possible value, where cards and classes meet in so many places."""
    if figure in {"hill1", "hill2"}:
        return 1.0, float(entries)
    return (1 / entries if figure in {"hhi", "top_share"} else 0.0), 1.0


def _p_value(group: _Group, hill1: float, drawn: Floats | None) -> Value:
    if drawn is not None and len(drawn):
        return p_of_low(hill1, drawn[:, HILL1])
    if drawn is not None:
        return Undefined(reason="no draws were asked for")
    if group.community:
        return Undefined(
            reason="it holds every card with a class, so that no other set is as large"
        )
    return Undefined(reason="all cards together have nothing to be compared with")
