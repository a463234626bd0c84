"""What each figure means, what it is held against, and what nobody can tell from it."""

from polyculture.core.survey import Survey
from polyculture.page.blocks import Block, Facts, Points, Section
from polyculture.zoo.page.language import Language

FIGURES = (
    "lineage",
    "hill1",
    "hhi",
    "gini",
    "d1",
    "null",
    "growth",
    "interval",
    "jsd",
    "kernel",
    "correction",
    "trend",
    "uniform",
    "flaw",
    "map",
)
LIMITS = ("names", "weights", "count")


def section(survey: Survey, language: Language) -> Section:
    """Figures in plain words, limits of all surveys, and those of this source."""
    facts = [(language.say(f"method.{one}"), language.say(f"method.{one}.is")) for one in FIGURES]
    if survey.is_census:
        facts.insert(
            FIGURES.index("interval"),
            (language.say("method.census"), language.say("method.census.is")),
        )
    limits = [language.say(f"limit.{one}") for one in LIMITS]
    limits.append(language.say("limit.year", means=language.term(survey.year_means)))
    blocks: list[Block] = [
        Facts(title=language.say("method.figures"), facts=tuple(facts)),
        Points(title=language.say("method.limits"), points=tuple(limits)),
    ]
    if survey.blind:
        blocks.append(Points(title=language.say("method.blind"), points=survey.blind))
    return Section(
        key="method",
        title=language.say("method.title"),
        lead=language.say("method.lead"),
        blocks=tuple(blocks),
    )
