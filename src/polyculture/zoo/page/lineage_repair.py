"""What was dropped, joined or mended before anything was counted."""

from polyculture.core.survey import Survey
from polyculture.page.blocks import Block, Cell, Points, Prose, Section, Table
from polyculture.zoo.page.language import Language, shown
from polyculture.zoo.page.tables import columns

SHOWN = 1_000
"""Joined names; survey.json holds all."""
FEW = 20
"""Up to this many they are shown at once."""


def section(survey: Survey, language: Language) -> Section:
    """Notes of the source, cuts in the lineage, names that were taken for one."""
    blocks: list[Block] = []
    if survey.notes:
        blocks.append(Points(title=language.say("mended.notes"), points=survey.notes))
    for forest in survey.forests:
        if forest.mended:
            kind = language.say(f"forest.{forest.kind}")
            title = language.say("mended.forest", kind=kind)
            blocks.append(Points(title=title, points=forest.mended))
    if survey.joined:
        blocks.append(_joined(survey, language))
    return Section(
        key="mended",
        title=language.say("mended.title"),
        lead=language.say("mended.lead"),
        blocks=tuple(blocks) or (Prose(text=language.say("mended.none")),),
    )


def _joined(survey: Survey, language: Language) -> Table:
    number = len(survey.joined)
    return Table(
        caption=language.say("joined.caption", number=f"{number:,}"),
        columns=columns(language, "joined", ("written", "counted")),
        rows=tuple(
            (Cell(text=shown(written)), Cell(text=shown(counted)))
            for written, counted in survey.joined[:SHOWN]
        ),
        note=language.say("joined.cut", shown=f"{SHOWN:,}") if number > SHOWN else "",
        is_folded=number > FEW,
    )
