"""The map of architectures: what is built alike stands together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt

from polyculture.core.survey import Member, Place, Survey
from polyculture.page.blocks import Chart, Prose, Section
from polyculture.page.drawing import finished
from polyculture.page.palette import KINDS, LIGHT
from polyculture.zoo.page.language import Language, shown

SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "circle",
    "square",
)
"""One for each colour, so that nobody needs to tell eight colours apart."""
DRAWN = 3_000
"""Dots; a page of more would be too large."""
WIDTH, HEIGHT = 760, 520


class Group(NamedTuple):
    """A community with a colour; an empty name stands for all others."""

    name: str
    label: str
    colour: str
    shape: str


def section(survey: Survey, language: Language) -> Section:
    """The map, or why there is none."""
    if not survey.places:
        blocks: tuple[Chart | Prose, ...] = (Prose(text=language.say("places.none")),)
    else:
        blocks = (_map(survey, language),)
    return Section(
        key="map",
        title=language.say("places.title"),
        lead=language.say("places.lead"),
        blocks=blocks,
    )


def _map(survey: Survey, language: Language) -> Chart:
    members = {member.name: member for member in survey.members}
    places = survey.places[:DRAWN]
    groups = _groups(places, members, language)
    number = language.counted(len(places), survey.unit)
    words = language.say("places.words", number=number)
    if len(survey.places) > DRAWN:
        words += language.say("places.cut", all=f"{len(survey.places):,}")
    return Chart(
        title=language.say("places.chart"),
        words=words,
        specification=_dots(places, members, groups, language),
    )


def _groups(
    places: Sequence[Place], members: Mapping[str, Member], language: Language
) -> tuple[Group, ...]:
    """The largest communities on the map, each with a colour and a shape."""
    sizes = Counter(name for place in places for name in _communities(place, members))
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))[: len(KINDS)]
    named = tuple(
        Group(name, f"{shown(language.term(name))} ({sizes[name]:,})", colour, shape)
        for name, colour, shape in zip(largest, KINDS, SHAPES, strict=False)
    )
    return (*named, Group("", language.say("places.others"), "quiet", "circle"))


def _communities(place: Place, members: Mapping[str, Member]) -> tuple[str, ...]:
    member = members.get(place.name)
    return member.communities if member else ()


def _group_of(communities: Sequence[str], groups: Sequence[Group]) -> Group:
    """The smallest community with a colour that the card belongs to: it says most about it."""
    own = [group for group in groups if group.name in communities]
    return own[-1] if own else groups[-1]


def _dots(
    places: Sequence[Place],
    members: Mapping[str, Member],
    groups: Sequence[Group],
    language: Language,
) -> dict[str, Any]:
    dots = []
    for place in places:
        group = _group_of(_communities(place, members), groups)
        words = _words(place, members.get(place.name), language)
        dot = {"x": place.x, "y": place.y, "group": group.label, "words": words}
        dots.append({**dot, "opacity": 0.85 if group.name else 0.4})
    # Quiet dots first, so that they lie below the coloured ones.
    dots.sort(key=lambda dot: dot["group"] != groups[-1].label)
    labels = [group.label for group in groups]
    legend = alt.Legend(
        title=None,
        orient="bottom",
        columns=3,
        columnPadding=44,
        rowPadding=7,
        symbolSize=90,
        labelLimit=240,
    )
    colours = alt.Scale(domain=labels, range=[LIGHT[group.colour] for group in groups])
    shapes = alt.Scale(domain=labels, range=[group.shape for group in groups])
    scale = alt.Scale(zero=False, nice=False, padding=14)
    chart = (
        alt.Chart(alt.NamedData("dots"), width=WIDTH, height=HEIGHT)
        .mark_point(filled=True, size=46)
        .encode(
            x=alt.X("x:Q", axis=None, scale=scale),
            y=alt.Y("y:Q", axis=None, scale=scale),
            color=alt.Color("group:N", scale=colours, legend=legend),
            shape=alt.Shape("group:N", scale=shapes, legend=legend),
            opacity=alt.Opacity("opacity:Q", scale=None, legend=None),
            description=alt.Description("words:N"),
        )
    )
    return finished(chart, dots=dots)


def _words(place: Place, member: Member | None, language: Language) -> str:
    """What a dot says when it is pointed at."""
    if member is None:
        return place.name
    communities = language.listed([language.term(name) for name in member.communities])
    traits = [language.trait(name, value) for name, value in member.traits.items()]
    return "\n".join(filter(None, (member.name, communities, *traits)))
