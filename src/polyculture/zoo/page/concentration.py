"""Concentration over makers, licences and traits, for all cards and for each community."""

from collections.abc import Sequence

from polyculture.core.survey import Concentration, Survey
from polyculture.core.values import Known
from polyculture.page.blocks import Block, Cell, Column, Prose, Section, Table
from polyculture.page.numbers import coefficient, count, effective, share
from polyculture.zoo.page import findings
from polyculture.zoo.page.language import Language, shown
from polyculture.zoo.page.tables import DASH, columns

COLUMNS = ("over", "members", "classes", "hill1", "hhi", "gini", "top_share")
SHELVES = ("maker", "licence", "library")
"""Classes that are not traits."""


def section(survey: Survey, language: Language) -> Section:
    """One table for all cards, one a community in a fold."""
    overall = [one for one in survey.concentrations if not one.community]
    overs = tuple(dict.fromkeys(one.over for one in overall if one.over != "lineage"))
    blocks: list[Block] = [_overall(overall, language)] if overall else []
    if overs and len(survey.communities) > 1:
        blocks.append(_by_community(survey, overs, language))
    return Section(
        key="spread",
        title=language.say("spread.title"),
        lead=language.say("spread.lead"),
        blocks=tuple(blocks) or (Prose(text=language.say("spread.none")),),
    )


def _overall(found: Sequence[Concentration], language: Language) -> Table:
    return Table(
        caption=language.say("spread.caption"),
        columns=columns(language, "spread", COLUMNS, numbers=COLUMNS[1:]),
        rows=tuple(_row(one, language) for one in found),
        note=language.say("spread.note"),
    )


def _over(one: Concentration, language: Language) -> str:
    key = f"over.{one.over}"
    return language.say(key) if key in language.phrases else language.term(one.over)


def _row(one: Concentration, language: Language) -> tuple[Cell, ...]:
    weight = "" if one.weight == "count" else language.say(f"weight.{one.weight}")
    unknown = language.say("spread.unknown", unknown=count(one.unknown)) if one.unknown else ""
    unknown = unknown.replace(" ", "\u00a0")
    return (
        Cell(text=_over(one, language), note=weight),
        Cell(text=count(one.members), note=unknown),
        Cell(text=count(one.classes)),
        language.cell(one.hill1, effective),
        language.cell(one.hhi, share),
        language.cell(one.gini, coefficient),
        language.cell(one.top_share, share, shown(language.term(one.top))),
    )


def _by_community(survey: Survey, overs: Sequence[str], language: Language) -> Table:
    heads = [findings.concentration(survey, over) for over in overs]
    labels = [_over(one, language) for one in heads if one is not None]
    rows = tuple(
        (
            Cell(text=language.name_of(community.name)),
            *(_cell(survey, over, community.name, language) for over in overs),
        )
        for community in findings.largest_first(survey)
    )
    return Table(
        caption=language.say("spread.communities"),
        columns=(
            Column(label=language.say("communities.community")),
            *(Column(label=label, is_number=True) for label in labels),
        ),
        rows=rows,
        note=language.say("spread.communities.note"),
        is_folded=True,
    )


def _cell(survey: Survey, over: str, community: str, language: Language) -> Cell:
    found = findings.concentration(survey, over, community)
    if found is None:
        return DASH
    if not isinstance(found.hill1, Known) or found.hill1.chance is None:
        return language.cell(found.hill1, effective)
    chance = language.chance(found.hill1, effective, found.p_value)
    note = language.say("spread.chance", chance=chance.text, p=chance.note)
    return Cell(text=effective(found.hill1.number), note=note, tone=chance.tone)
