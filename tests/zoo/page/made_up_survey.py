"""Made-up surveys: what a page is drawn from where no zoo has been counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import get_args

import numpy as np

from polyculture.core.survey import (
    Ancestor,
    Community,
    Concentration,
    Distance,
    Forest,
    Member,
    Outlier,
    Place,
    Similarity,
    Survey,
    TraitHistory,
    Trend,
    TrendPoint,
    YearCheck,
)
from polyculture.core.values import Known, Undefined, Value

FOUNDERS = ("bert", "gpt2", "t5", "wav2vec2", "vit", "llama", "detr", "clip", "whisper", "esm")
COMMUNITIES = (
    *("causal text", "multimodal", "vision", "masked text", "detection", "segmentation", "speech"),
    *("text-to-text", "audio", "video", "document", "time series", "depth", "protein", "keypoints"),
    *("table", "retrieval", "control"),
)
VALUES = {
    "mixer": ("attention", "convolution", "state space", "recurrent"),
    "attention": ("multi-head", "grouped-query", "latent"),
    "normalisation": ("layer_norm", "rms_norm", "batch_norm"),
    "activation": ("gelu", "silu", "relu"),
    "position": ("learned", "rotary", "relative"),
    "experts": ("dense", "mixture"),
    "tokeniser": ("BPE", "WordPiece", "Unigram", "none"),
}
MODERN = {"normalisation": "rms_norm", "activation": "silu", "position": "rotary"}
"""Values that take over from the middle year on."""
OUTSIDE = "a model without a card"
FIRST, LAST = 2018, 2026
REASON = "ImportError: this family requires the timm library"
FRACTIONS = Undefined(reason="it counts pairs of cards, which parameters do not make")
NO_PARENT = Undefined(reason="no card has a parent")

Random = np.random.Generator


def made_up_survey(members: int = 550, *, seed: int = 1) -> Survey:
    """A survey like one of a library: built, dated, with traits and lineage.

    Figures are roughly what such members would give, and not counted from them.

    Args:
        members: How many families there are; at least 30.
        seed: Of all drawing.

    Example:
        >>> survey = made_up_survey(40)
        >>> len(survey.members), survey.unit
        (40, 'family')
    """
    rng = np.random.default_rng(seed)
    zoo = _Zoo(members=_members(members, rng))
    names = [name for name in COMMUNITIES if zoo.of(name)]
    return Survey(
        sources=("transformers 5.24.0",),
        unit="family",
        digest="3f9a" * 8,
        listed=members + 4,
        cards=members,
        built=sum(member.is_built for member in zoo.members),
        buildable=members,
        is_census=True,
        year_means="year of the port",
        communities=tuple(
            Community(
                name=name,
                members=len(zoo.of(name)),
                built=sum(member.is_built for member in zoo.of(name)),
            )
            for name in names
        ),
        concentrations=_concentrations(zoo, names),
        similarities=tuple(_similarity(zoo, name) for name in ("", *names)),
        distances=_distances(names, rng),
        trends=_trends(names, rng),
        forests=_forests(zoo),
        histories=_histories(),
        outliers=_outliers(zoo),
        places=_places(zoo, names, rng),
        members=tuple(sorted(zoo.members, key=lambda one: (-one.descendants, one.name))),
        reasons=dict(Counter(one.reason for one in zoo.members if not one.is_built)),
        joined=(("gpt_neox_japanese", "gpt_neox"),),
        year_check=YearCheck(
            against="Epoch AI",
            matched=61,
            median_lag=Known(number=0.5, no_interval="all names that match are counted"),
            largest=(("esm", 2022, 2020), ("t5", 2020, 2019)),
        ),
        blind=("Weights and training data are not in the library.",),
        notes=("4 folders hold no configuration and no network.",),
        settings={"draws": 1000, "resamples": 1000, "seed": 1},
        seconds=74.2,
    )


@dataclass(frozen=True, kw_only=True)
class _Zoo:
    members: Sequence[Member]

    def of(self, community: str) -> Sequence[Member]:
        if not community:
            return self.members
        return [one for one in self.members if community in one.communities]


def _members(count: int, rng: Random) -> list[Member]:
    """Families that draw their parents among earlier ones, the fruitful more often."""
    names = [*FOUNDERS, *(f"family_{number:03}" for number in range(len(FOUNDERS), count))]
    years = np.sort(rng.integers(FIRST, LAST + 1, size=count))
    heirs = np.ones(count)
    parents: list[tuple[int, ...]] = []
    for place in range(count):
        number = 0 if place < len(FOUNDERS) else int(rng.choice(4, p=(0.3, 0.4, 0.2, 0.1)))
        weights = heirs[:place] ** 1.3
        own = rng.choice(place, number, replace=False, p=weights / weights.sum()) if number else ()
        parents.append(tuple(int(parent) for parent in own))
        heirs[list(parents[-1])] += 1
    below = _descendants(parents)
    return [
        _member(names[i], int(years[i]), [names[p] for p in parents[i]], len(below[i]), rng)
        for i in range(count - 1)
    ] + [_member(names[-1], LAST, [OUTSIDE], 0, rng)]


def _descendants(parents: Sequence[Sequence[int]]) -> list[set[int]]:
    below: list[set[int]] = [set() for _ in parents]
    for child in reversed(range(len(parents))):
        for parent in parents[child]:
            below[parent] |= below[child] | {child}
    return below


def _member(name: str, year: int, parents: Sequence[str], descendants: int, rng: Random) -> Member:
    weights = 1 / np.arange(1, len(COMMUNITIES) + 1) ** 0.8
    number = int(rng.choice((1, 2, 3), p=(0.75, 0.2, 0.05)))
    own = rng.choice(COMMUNITIES, number, replace=False, p=weights / weights.sum())
    copied = len(parents) - 1 if len(parents) > 1 else 0
    is_built = bool(rng.random() > 0.05)
    return Member(
        name=name,
        communities=tuple(sorted(str(one) for one in own)),
        year=year,
        maker="",
        parameters=float(10 ** rng.uniform(7, 10)) if is_built else None,
        parents=tuple(sorted(parents[: len(parents) - copied])),
        copied_from=tuple(sorted(parents[len(parents) - copied :])),
        descendants=descendants,
        traits={trait: _trait(trait, year, rng) for trait in VALUES} if is_built else {},
        is_built=is_built,
        reason="" if is_built else REASON,
    )


def _trait(trait: str, year: int, rng: Random) -> str:
    middle = (FIRST + LAST) / 2
    if trait in MODERN and rng.random() < 0.9 / (1 + np.exp(middle - year)):
        return MODERN[trait]
    return str(rng.choice(VALUES[trait][:2], p=(0.85, 0.15)))


def _around(number: float, spread: float = 0.12, chance: float | None = None) -> Known:
    return Known(
        number=number, low=number * (1 - spread), high=number * (1 + spread), chance=chance
    )


def _share(number: float) -> Known:
    return Known(number=number, low=0.88 * number, high=min(1.0, 1.12 * number))


def _p(number: float) -> Known:
    return Known(number=number, no_interval="it is a probability of its own")


def _root(member: Member, by_name: Mapping[str, Member]) -> str:
    while member.parents or member.copied_from:
        parent = (*member.parents, *member.copied_from)[0]
        if parent not in by_name:
            return parent
        member = by_name[parent]
    return member.name


def _concentrations(zoo: _Zoo, names: Sequence[str]) -> tuple[Concentration, ...]:
    by_name = {member.name: member for member in zoo.members}
    made = []
    for community in ("", *names):
        own = zoo.of(community)
        roots = Counter(_root(member, by_name) for member in own)
        made.append(_concentration("lineage", community, roots, 0, 1.35))
        for trait in VALUES:
            counts = Counter(one.traits[trait] for one in own if trait in one.traits)
            if counts:
                unknown = len(own) - sum(counts.values())
                made.append(_concentration(trait, community, counts, unknown, 1.1))
    whole = made[0]
    heavy = whole.model_copy(update={"weight": "parameters", "hhi_unbiased": FRACTIONS})
    return (whole, heavy, *made[1:])


def _concentration(
    over: str, community: str, counts: Mapping[str, int], unknown: int, chance: float
) -> Concentration:
    sizes = np.array(list(counts.values()), dtype=np.float64)
    total = sizes.sum()
    shares = np.sort(sizes / total)
    hhi = float((shares**2).sum())
    hill1 = float(np.exp(-(shares * np.log(shares)).sum()))
    ranks = np.arange(1, len(shares) + 1)
    gini = float((2 * ranks - len(shares) - 1) @ shares / len(shares))
    level = None if not community and over != "lineage" else hill1 * chance
    why = Undefined(reason="it holds all cards, so there is nothing to draw a set from")
    return Concentration(
        over=over,
        community=community,
        members=int(total),
        unknown=unknown,
        classes=len(shares),
        hhi=_share(hhi),
        hhi_unbiased=_share(hhi * 0.99),
        hill1=_around(hill1, chance=level),
        hill2=_around(1 / hhi),
        gini=_share(gini),
        top_share=_share(float(shares[-1])),
        top=max(counts, key=lambda name: counts[name]),
        p_value=why if level is None else _p(0.004 if community in COMMUNITIES[:4] else 0.31),
    )


def _similarity(zoo: _Zoo, community: str) -> Similarity:
    built = sum(member.is_built for member in zoo.of(community))
    if built < 3:
        few = Undefined(reason=f"it takes at least 3 built cards, but there are {built}")
        none: dict[str, Value] = dict.fromkeys(("d0", "d1", "d2", "mean", "p_value"), few)
        return Similarity(community=community, built=built, **none)
    d1 = 0.9 * built**0.55
    chance = d1 * 1.15 if community else None
    return Similarity(
        community=community,
        built=built,
        d0=_around(d1 * 1.2),
        d1=_around(d1, chance=chance),
        d2=_around(d1 * 0.8),
        mean=_around(0.21),
        p_value=_p(0.012)
        if community
        else Undefined(
            reason="it holds all built cards, so there is nothing to draw a set of equal size from"
        ),
    )


def _distances(names: Sequence[str], rng: Random) -> tuple[Distance, ...]:
    where = {name: rng.normal(size=2) for name in names}
    made = []
    for a, b in combinations(names, 2):
        far = float(np.linalg.norm(where[a] - where[b]))
        p = float(np.clip(np.exp(-4 * far), 0.002, 1))
        is_small = {a, b} & set(names[-2:])
        few = Undefined(reason=f"it takes at least 5 built cards in each, but {b} has 3")
        made.append(
            Distance(
                a=a,
                b=b,
                jensen_shannon=Known(number=min(1.0, 0.12 * far), chance=0.05),
                jensen_shannon_p=_p(p),
                jensen_shannon_q=_p(min(1.0, 1.5 * p)),
                kernel=few if is_small else Known(number=0.05 * far - 0.01, chance=0.0),
                kernel_p=few if is_small else _p(p),
                kernel_q=few if is_small else _p(min(1.0, 1.5 * p)),
            )
        )
    return tuple(made)


def _trends(names: Sequence[str], rng: Random) -> tuple[Trend, ...]:
    figures = get_args(Trend.model_fields["figure"].annotation)
    made = []
    for figure in figures:
        for trait in VALUES if figure == "same trait" else ("",):
            only = figure not in {"same lineage", "same maker", "mean similarity"}
            communities = ("",) if only else ("", *names[:6])
            made += [_trend(figure, trait, community, rng) for community in communities]
    return tuple(made)


def _trend(figure: str, trait: str, community: str, rng: Random) -> Trend:
    scale = 6.0 if figure in {"hill1 of lineage", "d1"} else 0.25
    years = range(FIRST, LAST + 1)
    points = tuple(
        TrendPoint(
            year=year,
            members=20 + 8 * place,
            value=Undefined(reason="a year has no figure")
            if place == 2 and figure == "same maker"
            else _around(scale * (1 + 0.06 * place + 0.1 * float(rng.normal())), 0.1),
        )
        for place, year in enumerate(years)
    )
    if community == COMMUNITIES[3]:
        few = Undefined(reason="a trend takes at least 4 years, but there are 3")
        tau, p_value = few, few
        return Trend(
            figure=figure, trait=trait, community=community, points=points, tau=tau, p_value=p_value
        )
    return Trend(
        figure=figure,
        trait=trait,
        community=community,
        points=points,
        tau=Known(number=0.61, low=0.33, high=0.78, chance=0.0),
        p_value=_p(0.024 if not community else 0.2),
    )


def _forests(zoo: _Zoo) -> tuple[Forest, ...]:
    made = []
    for kind in ("any", "base", "copy"):
        children: Counter[str] = Counter()
        for member in zoo.members:
            own = {"base": member.parents, "copy": member.copied_from}
            children.update(own.get(kind, (*member.parents, *member.copied_from)))
        ranked = sorted(zoo.members, key=lambda one: (-one.descendants, one.name))
        ancestors = tuple(
            Ancestor(
                name=one.name,
                is_card=place != 3,
                children=children[one.name],
                descendants=one.descendants,
                share=one.descendants / len(zoo.members),
                depth=max(1, 9 - place // 3),
                sole=one.descendants // 3,
            )
            for place, one in enumerate(ranked[:200])
            if one.descendants
        )
        made.append(
            Forest(
                kind=kind,
                cards=len(zoo.members),
                edges=sum(children.values()),
                roots=len(FOUNDERS),
                alone=12,
                depth=9,
                several_parents=160,
                largest=Known(number=ancestors[0].share, low=0.3, high=0.6, chance=0.21),
                ancestors=ancestors,
                parents=dict(children),
                mended=("2 of a card's own names among its parents were dropped: bert, vit.",)
                if kind == "any"
                else (),
            )
        )
    return tuple(made)


def _histories() -> tuple[TraitHistory, ...]:
    def one(trait: str, value: str, year: int | None, share: float) -> TraitHistory:
        first = (
            _around(2.6)
            if trait != "experts"
            else Undefined(reason="only 2 years have 5 cards or more")
        )
        return TraitHistory(
            trait=trait,
            value=value,
            first_year=year,
            share=share,
            effective_first=first,
            effective_last=_around(1.7),
        )

    return (
        one("mixer", "attention", FIRST, 0.91),
        one("experts", "dense", FIRST, 0.82),
        one("position", "rotary", 2023, 0.74),
        one("normalisation", "rms_norm", 2024, 0.68),
        one("tokeniser", "BPE", None, 0.41),
    )


def _outliers(zoo: _Zoo) -> tuple[Outlier, ...]:
    built = [member for member in zoo.members if member.is_built]
    return tuple(
        Outlier(
            name=one.name,
            communities=one.communities,
            nearest=built[0].name,
            similarity=0.05 + 0.02 * place,
            traits=one.traits,
        )
        for place, one in enumerate(built[-12:])
    )


def _places(zoo: _Zoo, names: Sequence[str], rng: Random) -> tuple[Place, ...]:
    centres = {name: 6 * rng.normal(size=2) for name in names}
    made = []
    for member in zoo.members:
        if member.is_built:
            x, y = centres[member.communities[0]] + 1.4 * rng.normal(size=2)
            made.append(Place(name=member.name, x=float(x), y=float(y)))
    return tuple(made)


def without_architectures(survey: Survey) -> Survey:
    """The same as a hub's listing would give it: nothing built, no traits, sampled."""
    bare = {"traits": {}, "is_built": False, "reason": "", "parameters": None}
    lineages = [one for one in survey.concentrations if one.over == "lineage"]
    makers = [one.model_copy(update={"over": "maker"}) for one in lineages]
    used = lineages[0].model_copy(update={"weight": "downloads", "unknown": 12})
    return survey.model_copy(
        update={
            "sources": ("hub snapshot models.parquet",),
            "unit": "repository",
            "cards": 2_000_000,
            "built": 0,
            "buildable": 0,
            "is_census": False,
            "communities": tuple(one.model_copy(update={"built": 0}) for one in survey.communities),
            "concentrations": (*lineages, used, *makers),
            "similarities": (),
            "distances": (),
            "trends": tuple(
                one for one in survey.trends if one.figure in {"same lineage", "same maker"}
            ),
            "histories": (),
            "outliers": (),
            "places": (),
            "members": tuple(
                one.model_copy(update={**bare, "maker": f"maker {len(one.name)}"})
                for one in survey.members
            ),
            "reasons": {},
            "year_check": None,
        }
    )


def with_nothing_known(survey: Survey) -> Survey:
    """The same zoo with one community, no years, no parents, no architectures."""
    bare = without_architectures(survey)
    lineage = bare.concentrations[0]
    figures = ("hhi", "hhi_unbiased", "hill1", "hill2", "gini", "top_share", "p_value")
    unknown = lineage.model_copy(update=dict.fromkeys(figures, NO_PARENT))
    alone = {"parents": (), "copied_from": (), "descendants": 0, "year": None}
    forest = survey.forests[0].model_copy(
        update={"edges": 0, "ancestors": (), "parents": {}, "largest": NO_PARENT, "mended": ()}
    )
    return bare.model_copy(
        update={
            "cards": len(survey.members),
            "communities": survey.communities[:1],
            "concentrations": (unknown,),
            "trends": (),
            "forests": (forest,),
            "members": tuple(one.model_copy(update=alone) for one in bare.members),
            "joined": (),
            "notes": (),
            "blind": (),
        }
    )
