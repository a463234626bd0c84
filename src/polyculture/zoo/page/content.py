"""Everything the page says, in both languages, computed before anything is drawn."""

from dataclasses import replace

from polyculture.core.survey import Survey
from polyculture.page.blocks import Link, Report
from polyculture.page.drawing import charts_unchecked
from polyculture.page.language import file_name
from polyculture.zoo.page import (
    architecture_map,
    communities,
    concentration,
    distances,
    lineage,
    lineage_repair,
    members,
    method,
    opening,
    outliers,
    reproduce,
    years,
)
from polyculture.zoo.page.language import Language
from polyculture.zoo.page.languages import CHINESE, ENGLISH


def report_of(survey: Survey, *, title: str = "", command: str = "") -> Report:
    """The report on a survey in English, with the Chinese one among its translations."""
    chinese = in_language(survey, CHINESE, other=ENGLISH, title=title, command=command)
    english = in_language(survey, ENGLISH, other=CHINESE, title=title, command=command)
    return english.model_copy(update={"translations": (chinese,)})


@charts_unchecked
def in_language(
    survey: Survey, language: Language, *, other: Language, title: str, command: str
) -> Report:
    """The report in one language, with a link to the other."""
    from polyculture import __version__

    unit = survey.unit if language.has(f"unit.{survey.unit}") else "card"
    survey = survey.model_copy(update={"unit": unit})
    language = replace(language, places=language.units(unit))
    sections = (
        communities.section(survey, language),
        architecture_map.section(survey, language),
        distances.section(survey, language),
        years.section(survey, language),
        lineage.section(survey, language),
        outliers.section(survey, language),
        concentration.section(survey, language),
        members.section(survey, language),
        lineage_repair.section(survey, language),
        method.section(survey, language),
        reproduce.section(survey, language, version=__version__, command=command),
    )
    return Report(
        title=title or language.say("title", sources=language.listed(survey.sources)),
        verdict=opening.verdict(survey, language),
        deck=opening.deck(survey, language),
        answers=opening.answers(survey, language),
        sections=sections,
        version=__version__,
        language=language.code,
        links=(Link(language=other.code, name=other.name, address=file_name(other.code)),),
    )
