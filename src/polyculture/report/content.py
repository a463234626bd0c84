"""Everything a page says, computed before anything is drawn."""

from polyculture.core.audit import Audit
from polyculture.core.report_input import ReportInput
from polyculture.page.blocks import Block, Facts, Points, Prose, Report, Section
from polyculture.report import (
    alike,
    caveats,
    concord,
    failures,
    joint,
    opening,
    reproduce,
    scores,
)


def report_of(content: ReportInput) -> Report:
    """The report on an audit."""
    from polyculture import __version__

    audit = content.audit
    return Report(
        title=content.title,
        verdict=opening.verdict(audit),
        deck=opening.deck(content),
        caveats=audit.caveats,
        answers=opening.answers(content),
        sections=(
            _asked(content),
            *_advised(content.audit),
            scores.section(content),
            joint.section(audit),
            failures.section(content),
            alike.section(audit),
            concord.section(audit),
            caveats.section(content),
            reproduce.section(content, __version__),
        ),
        version=__version__,
    )


def _asked(content: ReportInput) -> Section:
    blocks: list[Block] = []
    if content.asked:
        facts = ((label[:1].upper() + label[1:], value) for label, value in content.asked.items())
        blocks.append(Facts(facts=tuple(facts)))
    return Section(
        key="asked",
        title="What was asked",
        blocks=tuple(blocks) or (Prose(text="Nothing was recorded about the question."),),
    )


def _advised(audit: Audit) -> tuple[Section, ...]:
    if not audit.advice:
        return ()
    sentences = tuple(advice.sentence for advice in audit.advice)
    return (
        Section(
            key="advice",
            title="What to do",
            lead="Computed from the comparisons below; each sentence says what it rests on.",
            blocks=(Points(points=sentences),),
        ),
    )
