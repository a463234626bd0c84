"""Every card with its traits, or why it was not built."""

from polyculture.core.survey import Member, Survey
from polyculture.page.blocks import Block, Cell, Prose, Section, Table
from polyculture.page.numbers import count
from polyculture.zoo.page.language import Language, shown
from polyculture.zoo.page.outliers import traits_of
from polyculture.zoo.page.tables import DASH, columns

NUMBERS = ("year", "descendants", "parameters")
MILLION = 1_000_000
BILLION = 1_000_000_000


def section(survey: Survey, language: Language) -> Section:
    """A table that can be searched, and the reasons counted."""
    blocks: list[Block] = [_reasons(survey, language)] if survey.reasons else []
    if survey.members:
        blocks.append(_table(survey, language))
    cut = survey.cards - len(survey.members)
    lead = language.say("members.lead")
    if cut > 0:
        lead = language.say(
            "members.cut", shown=f"{len(survey.members):,}", all=f"{survey.cards:,}"
        )
    return Section(
        key="members",
        title=language.say("members.title"),
        lead=lead,
        blocks=tuple(blocks) or (Prose(text=language.say("members.none")),),
    )


def _reasons(survey: Survey, language: Language) -> Table:
    return Table(
        caption=language.say(
            "reasons.caption", built=f"{survey.built:,}", all=f"{survey.buildable:,}"
        ),
        columns=columns(language, "reasons", ("reason", "count"), numbers=("count",)),
        rows=tuple(
            (Cell(text=language.reason(reason)), Cell(text=count(number)))
            for reason, number in survey.reasons.items()
        ),
        is_folded=True,
    )


def _table(survey: Survey, language: Language) -> Table:
    """Columns that nobody fills are left out."""
    ordered = sorted(survey.members, key=lambda one: (-one.descendants, one.name))
    rows = [_row(member, language) for member in ordered]
    names = [name for name in rows[0] if any(row[name] != DASH for row in rows)]
    return Table(
        caption=language.say("members.caption", cards=count(len(rows))),
        columns=columns(language, "members", names, numbers=NUMBERS),
        rows=tuple(tuple(row[name] for name in names) for row in rows),
        is_searchable=True,
    )


def _row(member: Member, language: Language) -> dict[str, Cell]:
    communities = language.phrases["list.comma"].join(
        language.name_of(name) for name in member.communities
    )
    return {
        "name": Cell(text=shown(member.name), note=communities),
        "year": _cell("" if member.year is None else f"{member.year}"),
        "maker": _cell(shown(member.maker)),
        "parents": _parents(member, language),
        "descendants": _cell(count(member.descendants) if member.descendants else ""),
        "parameters": _cell("" if member.parameters is None else magnitude(member.parameters)),
        "traits": _traits(member, language),
    }


def _traits(member: Member, language: Language) -> Cell:
    if member.is_built or not member.reason:
        return _cell(traits_of(member.traits, language))
    reason = language.reason(member.reason)
    return Cell(text=language.say("members.reason", reason=reason), tone="quiet")


def _cell(text: str) -> Cell:
    return Cell(text=text) if text else DASH


def _parents(member: Member, language: Language) -> Cell:
    comma = language.phrases["list.comma"]
    copied = comma.join(shown(name) for name in member.copied_from)
    note = language.say("members.copied", names=copied) if copied else ""
    if not member.parents:
        return Cell(text="–", note=note, tone="quiet")
    return Cell(text=comma.join(shown(name) for name in member.parents), note=note)


def magnitude(number: float) -> str:
    """A number of parameters in three digits.

    Example:
        >>> magnitude(6_738_415_616), magnitude(109_482_240), magnitude(512)
        ('6.74 B', '109 M', '512')
    """
    for size, sign in ((BILLION, "B"), (MILLION, "M")):
        if number >= size:
            return (
                f"{number / size:.3g} {sign}"
                if number < 1000 * size
                else f"{number / size:,.0f} {sign}"
            )
    return count(number)
