"""How these numbers came about, and how to make them again."""

from polyculture.core.survey import Survey
from polyculture.page.blocks import Block, Code, Facts, Section
from polyculture.page.numbers import count, duration
from polyculture.zoo.page.language import Language


def section(survey: Survey, language: Language, *, version: str, command: str) -> Section:
    """Command, sources, digest, settings."""
    blocks: list[Block] = [Code(text=command)] if command else []
    facts = {
        "sources": language.listed(survey.sources),
        "listed": count(survey.listed),
        "cards": count(survey.cards),
        "digest": survey.digest or "–",
        "seconds": duration(survey.seconds),
    }
    named = tuple((language.say(f"facts.{key}"), value) for key, value in facts.items())
    settings = tuple((language.term(key), _plain(v)) for key, v in survey.settings.items())
    title = language.say("facts.title")
    blocks.append(Facts(title=title, facts=(*named, ("polyculture", version))))
    if settings:
        blocks.append(Facts(title=language.say("facts.settings"), facts=settings))
    return Section(
        key="reproduce",
        title=language.say("reproduce.title"),
        lead=language.say("reproduce.lead"),
        blocks=tuple(blocks),
    )


def _plain(value: str | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return count(value) if isinstance(value, int) else f"{value}"
