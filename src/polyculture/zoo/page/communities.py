"""How concentrated each community is, beside what chance alone would give."""

from polyculture.core.survey import Survey
from polyculture.page.blocks import Block, Cell, Prose, Section, Table
from polyculture.page.numbers import coefficient, count, diversity, effective, share
from polyculture.zoo.page import findings
from polyculture.zoo.page.language import Language, shown
from polyculture.zoo.page.tables import DASH, absent, columns

COLUMNS = ("community", "members", "hill1", "hill1_chance", "hhi", "d1", "d1_chance")
MORE = ("community", "hhi_unbiased", "hill2", "gini", "top_share", "d0", "d2", "mean")
ALL = ""
SHOWN = 31
"""Rows that are shown at once: all together, and the largest communities."""


def section(survey: Survey, language: Language) -> Section:
    """One row a community, the largest first, below the row of all cards."""
    names = (ALL, *(one.name for one in findings.largest_first(survey)))
    blocks: list[Block] = [_main(survey, language, names[:SHOWN])]
    blocks += [_rest(survey, language, names[SHOWN:])] if names[SHOWN:] else []
    blocks.append(_more(survey, language, names))
    if len(survey.communities) < 2:  # noqa: PLR2004
        blocks.insert(0, Prose(text=language.say("communities.one")))
    return Section(
        key="communities",
        title=language.say("communities.title"),
        lead=language.say("communities.lead"),
        blocks=tuple(blocks),
    )


def _main(survey: Survey, language: Language, names: tuple[str, ...]) -> Table:
    heads = COLUMNS if survey.similarities else COLUMNS[:-2]
    return Table(
        caption=language.say("communities.caption"),
        columns=columns(language, "communities", heads, numbers=COLUMNS[1:]),
        rows=tuple(_row(survey, language, name)[: len(heads)] for name in names),
        note=language.say("communities.note"),
    )


def _rest(survey: Survey, language: Language, names: tuple[str, ...]) -> Table:
    number = language.counted(len(names), "community")
    caption = language.say("communities.rest", number=number)
    return _main(survey, language, names).model_copy(
        update={"caption": caption, "note": "", "is_folded": True}
    )


def _row(survey: Survey, language: Language, name: str) -> tuple[Cell, ...]:
    found = findings.concentration(survey, "lineage", name)
    alike = findings.similarity(survey, name)
    if found is None:
        spread = (DASH, DASH, DASH)
    else:
        spread = (
            language.cell(found.hill1, effective),
            language.chance(found.hill1, effective, found.p_value),
            language.cell(found.hhi, share),
        )
    return (
        Cell(text=language.name_of(name)),
        _members(survey, language, name),
        *spread,
        DASH if alike is None else language.cell(alike.d1, diversity),
        DASH if alike is None else language.chance(alike.d1, diversity, alike.p_value),
    )


def _members(survey: Survey, language: Language, name: str) -> Cell:
    sizes = {one.name: (one.members, one.built) for one in survey.communities}
    members, built = sizes.get(name, (survey.cards, survey.built))
    note = language.say("communities.built", built=count(built)) if survey.buildable else ""
    return Cell(text=count(members), note=note)


def _more(survey: Survey, language: Language, names: tuple[str, ...]) -> Table:
    heads = MORE if survey.similarities else MORE[:-3]
    return Table(
        caption=language.say("communities.more"),
        columns=columns(language, "communities", heads, numbers=MORE[1:]),
        rows=tuple(_more_row(survey, language, name)[: len(heads)] for name in names),
        is_folded=True,
    )


def _more_row(survey: Survey, language: Language, name: str) -> tuple[Cell, ...]:
    found = findings.concentration(survey, "lineage", name)
    alike = findings.similarity(survey, name)
    none = absent(language, "no.lineage")
    unbuilt = absent(language, "no.architectures")
    return (
        Cell(text=language.name_of(name)),
        language.cell(found.hhi_unbiased if found else none, share),
        language.cell(found.hill2 if found else none, effective),
        language.cell(found.gini if found else none, coefficient),
        language.cell(found.top_share if found else none, share, shown(found.top) if found else ""),
        language.cell(alike.d0 if alike else unbuilt, diversity),
        language.cell(alike.d2 if alike else unbuilt, diversity),
        language.cell(alike.mean if alike else unbuilt, coefficient),
    )
