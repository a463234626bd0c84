"""All findings about a zoo of models, as records: what a survey writes and a page reads."""

from typing import Literal

from polyculture.core.record import Record
from polyculture.core.values import Value


class Concentration(Record):
    """How unevenly members spread over classes (root lineages, makers, values of a trait)."""

    over: str
    """``lineage``, ``lineage of bases``, ``lineage of copies``, ``maker``, ``licence``,
    ``library``, or the name of a trait."""
    community: str
    """Empty for all cards together."""
    weight: Literal["count", "downloads", "parameters"] = "count"
    members: int
    """Cards that have a class at all; the others are left out and counted in ``unknown``."""
    unknown: int = 0
    classes: int
    hhi: Value
    """Sum of squared shares. ``chance`` is the mean of sets of the same size drawn from all cards
    (for all cards together: of lineages grown by uniform attachment; None for traits)."""
    hhi_unbiased: Value
    """For two cards drawn without putting back, the chance that they share a class."""
    hill1: Value
    """Effective number of classes, exp of Shannon's entropy."""
    hill2: Value
    """1 / HHI."""
    gini: Value
    """Among the classes that occur."""
    top_share: Value
    top: str
    """The class with the largest share; ties go to the first in code-point order."""
    p_value: Value
    """Share of the null's draws with an ``hill1`` as low or lower, the observation among them."""


class Similarity(Record):
    """How many different architectures the built cards of a community amount to."""

    community: str
    built: int
    d0: Value
    d1: Value
    """Leinster and Cobbold's diversity of order 1 with the architecture kernel."""
    d2: Value
    mean: Value
    """Mean kernel value over pairs of different cards."""
    p_value: Value
    """Share of equally large random sets of built cards with a ``d1`` as low or lower."""


class Distance(Record):
    """How differently two communities build."""

    a: str
    b: str
    jensen_shannon: Value
    """Of their traits, base 2, mean over traits; 0 the same shares, 1 nothing in common.
    ``chance`` is the mean over shuffled membership."""
    jensen_shannon_p: Value
    kernel: Value
    """Maximum mean discrepancy of their architectures, unbiased and squared."""
    kernel_p: Value
    jensen_shannon_q: Value
    """The p value after Benjamini and Hochberg's correction over all pairs."""
    kernel_q: Value


class TrendPoint(Record):
    """One year's figure."""

    year: int
    members: int
    value: Value


class Trend(Record):
    """How a figure moved over the years, whatever the number of cards that a year has.

    The first four do not depend on it; the others are means over sets of equal size drawn from each
    year: ten cards, or five of each community.
    """

    figure: Literal[
        "same lineage",
        "same maker",
        "same trait",
        "mean similarity",
        "hill1 of lineage",
        "gini of lineage",
        "top share of lineage",
        "d1",
        "distance",
    ]
    """``same lineage``, ``same maker``, ``same trait``: the chance that two cards of a year share
    it. ``mean similarity``: of two architectures. ``hill1 of lineage``, ``d1``: effective number of
    root lineages and of architectures. ``distance``: mean Jensen-Shannon divergence of the traits
    of two communities."""
    trait: str = ""
    """The trait, for ``same trait``."""
    community: str
    points: tuple[TrendPoint, ...]
    tau: Value
    """Kendall's rank correlation of figure and year; its interval draws halves of the cards."""
    p_value: Value
    """Mann-Kendall, exact or by permutation, two-sided."""


class Ancestor(Record):
    """One root or inner node of the lineage forest."""

    name: str
    is_card: bool
    """False where it is only named as a parent."""
    children: int
    descendants: int
    """All cards below it, by any path."""
    share: float
    """Of all cards, itself not counted: who inherits its flaws."""
    depth: int
    """Longest path down from it."""
    sole: int
    """Descendants that have no root but this ancestor or one above it."""


class Forest(Record):
    """The lineage forest of one kind of inheritance."""

    kind: Literal["any", "base", "copy"]
    cards: int
    edges: int
    roots: int
    """Cards without a parent that have children."""
    alone: int
    """Cards with neither parents nor children."""
    depth: int
    """Edges on the longest path."""
    several_parents: int
    largest: Value
    """Descendants of the most fruitful ancestor as a share of all cards; ``chance`` under uniform
    attachment."""
    ancestors: tuple[Ancestor, ...]
    """The most fruitful first; at most 200."""
    parents: dict[str, int]
    """Parent to number of cards that name it, themselves not counted, before cycles are cut; at
    most 10,000, the largest first."""
    mended: tuple[str, ...]
    """Self-parents, cycles, unknown and repeated parents: what was cut, with counts and names."""


class TraitHistory(Record):
    """When one trait became uniform."""

    trait: str
    value: str
    """The value that is most common at the end."""
    first_year: int | None
    """First year from which on it has at least half of the votes of each year's cards whose value
    is known; a card with two values gives half a vote to each. None if never."""
    share: float
    """Of the cards of the last three years with a value."""
    effective_first: Value
    """Effective number of values in the first three years that count."""
    effective_last: Value
    """Effective number of values in the last three years that count."""


class Outlier(Record):
    """A card whose architecture is far from all others."""

    name: str
    communities: tuple[str, ...]
    nearest: str
    similarity: float
    """Kernel value with the nearest other card."""
    traits: dict[str, str]


class Place(Record):
    """Where a card stands on the map of architectures."""

    name: str
    x: float
    y: float


class Member(Record):
    """One card as the page's table shows it."""

    name: str
    communities: tuple[str, ...]
    year: int | None
    maker: str
    parameters: float | None
    parents: tuple[str, ...]
    copied_from: tuple[str, ...]
    descendants: int
    traits: dict[str, str]
    """Trait to value; several values are joined with " + "."""
    is_built: bool
    reason: str
    """Why it was not built."""


class Community(Record):
    """A community and its main figures."""

    name: str
    members: int
    built: int


class YearCheck(Record):
    """The years of this source beside those of another, where names match."""

    against: str
    matched: int
    median_lag: Value
    """Years of this source minus years of the other."""
    largest: tuple[tuple[str, int, int], ...]
    """Name, year here, year there: the largest differences."""


class Survey(Record):
    """How alike the models of a zoo are, and where they come from."""

    schema_number: int = 1
    sources: tuple[str, ...]
    unit: str
    digest: str
    listed: int
    cards: int
    built: int
    buildable: int
    """Cards that could have been built; 0 where the source holds no architectures."""
    is_census: bool
    year_means: str
    communities: tuple[Community, ...]
    concentrations: tuple[Concentration, ...]
    similarities: tuple[Similarity, ...]
    distances: tuple[Distance, ...]
    trends: tuple[Trend, ...]
    forests: tuple[Forest, ...]
    histories: tuple[TraitHistory, ...]
    outliers: tuple[Outlier, ...]
    places: tuple[Place, ...]
    members: tuple[Member, ...]
    """All cards, or the first 5,000 by number of descendants, then by name."""
    reasons: dict[str, int]
    """Why cards were not built, with counts."""
    joined: tuple[tuple[str, str], ...]
    year_check: YearCheck | None = None
    blind: tuple[str, ...]
    notes: tuple[str, ...]
    settings: dict[str, str | int | float | bool]
    seconds: float = 0.0
    kind: Literal["survey"] = "survey"
