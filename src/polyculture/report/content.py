"""The content of a page in each language, computed before anything is drawn."""

from collections.abc import Sequence

from polyculture.core.audit import Audit
from polyculture.core.report_input import ReportInput
from polyculture.page.blocks import Block, Facts, Link, Points, Prose, Report, Section
from polyculture.page.drawing import charts_unchecked
from polyculture.page.language import file_name
from polyculture.report import (
    caveats,
    failures,
    joint_failure,
    opening,
    reproduce,
    scores,
    similarity,
    view_correlation,
)
from polyculture.report.language import Language
from polyculture.report.languages import CHINESE, ENGLISH


def report_of(content: ReportInput, languages: Sequence[Language] = (ENGLISH, CHINESE)) -> Report:
    """The report on an audit in the first of the languages, with the others as translations."""
    first, *others = (in_language(content, language, languages) for language in languages)
    return first.model_copy(update={"translations": tuple(others)})


@charts_unchecked
def in_language(content: ReportInput, language: Language, languages: Sequence[Language]) -> Report:
    """The report in one language, with links to the others."""
    from polyculture import __version__

    audit = content.audit
    links = [
        Link(language=other.code, name=other.name, address=file_name(other.code))
        for other in languages
        if other.code != language.code
    ]
    return Report(
        title=language.recorded(content.title),
        verdict=opening.verdict(audit, language),
        deck=opening.deck(content, language),
        caveats=tuple(language.recorded(caveat) for caveat in audit.caveats),
        answers=opening.answers(content, language),
        sections=(
            _asked(content, language),
            *_advised(audit, language),
            scores.section(content, language),
            joint_failure.section(audit, language),
            failures.section(content, language),
            similarity.section(audit, language),
            view_correlation.section(audit, language),
            caveats.section(content, language),
            reproduce.section(content, __version__, language),
        ),
        version=__version__,
        language=language.code,
        links=tuple(links),
    )


def _asked(content: ReportInput, language: Language) -> Section:
    blocks: list[Block] = []
    if content.asked:
        named = ((language.term(label), value) for label, value in content.asked.items())
        facts = (
            (label[:1].upper() + label[1:], language.recorded(value)) for label, value in named
        )
        blocks.append(Facts(facts=tuple(facts)))
    return Section(
        key="asked",
        title=language.say("asked.title"),
        blocks=tuple(blocks) or (Prose(text=language.say("asked.none")),),
    )


def _advised(audit: Audit, language: Language) -> tuple[Section, ...]:
    if not audit.advice:
        return ()
    sentences = tuple(language.recorded(advice.sentence) for advice in audit.advice)
    return (
        Section(
            key="advice",
            title=language.say("advice.title"),
            lead=language.say("advice.lead"),
            blocks=(Points(points=sentences),),
        ),
    )
