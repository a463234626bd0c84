"""What remains diverse: cards that are built like no other."""

from polyculture.core.survey import Outlier, Survey
from polyculture.page.blocks import Cell, Prose, Section, Table
from polyculture.page.numbers import coefficient
from polyculture.zoo.page.language import Language, shown
from polyculture.zoo.page.tables import columns

COLUMNS = ("name", "similarity", "nearest", "traits")


def section(survey: Survey, language: Language) -> Section:
    """The outliers, the least like any other first."""
    blocks: tuple[Table | Prose, ...] = (Prose(text=language.say("diverse.none")),)
    if survey.outliers:
        table = Table(
            caption=language.say("diverse.caption"),
            columns=columns(language, "diverse", COLUMNS, numbers=("similarity",)),
            rows=tuple(_row(one, language) for one in survey.outliers),
            note=language.say("diverse.note"),
        )
        blocks = (table,)
    return Section(
        key="diverse",
        title=language.say("diverse.title"),
        lead=language.say("diverse.lead"),
        blocks=blocks,
    )


def _row(one: Outlier, language: Language) -> tuple[Cell, ...]:
    communities = [language.name_of(name) for name in one.communities]
    return (
        Cell(text=shown(one.name), note=language.phrases["list.comma"].join(communities)),
        Cell(text=coefficient(one.similarity)),
        Cell(text=shown(one.nearest)),
        Cell(text=traits_of(one.traits, language) or "–"),
    )


def traits_of(traits: dict[str, str], language: Language) -> str:
    """Traits in one line."""
    said = (language.trait(name, value) for name, value in traits.items())
    return language.phrases["list.semicolon"].join(said)
