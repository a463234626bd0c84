"""Which model is better than which, by the exact paired test."""

from typing import Literal

from polyculture.core.audit import Audit, Contest
from polyculture.core.values import Known
from polyculture.page.blocks import Block, Cell, Column, Fold, Table
from polyculture.page.numbers import SURE
from polyculture.report.language import Language

MOST = 200
"""Pairs that a page shows; the record has all."""


def blocks(audit: Audit, language: Language) -> list[Block]:
    """The best model against each other one, and all pairs on request."""
    if not audit.contests:
        return []
    best = _best(audit)
    against = [contest for contest in audit.contests if best in {contest.a, contest.b}]
    others = [contest for contest in audit.contests if best not in {contest.a, contest.b}]
    caption = language.say("contests.caption", best=best)
    parts: list[Block] = [_contest_table(against[:MOST], caption, audit, language)]
    if others:
        caption = language.say("contests.others.caption")
        table = _contest_table(others[:MOST], caption, audit, language)
        parts.append(Fold(title=language.say("contests.others"), blocks=(table,)))
    return parts


def _best(audit: Audit) -> str:
    """The model that loses no contest by count: the highest accuracy, the first at a tie."""
    known = [(m.name, m.accuracy) for m in audit.models if isinstance(m.accuracy, Known)]
    return max(known, key=lambda pair: pair[1].number)[0]


def _contest_table(
    contests: list[Contest], caption: str, audit: Audit, language: Language
) -> Table:
    pairs = language.counted(len(audit.contests), "pair")
    drawn = audit.settings.get("resampled", "items")
    return Table(
        caption=caption,
        columns=(
            Column(label=language.say("contests.a")),
            Column(label=language.say("contests.b")),
            Column(label=language.say("contests.alone"), is_number=True),
            Column(label=language.say("contests.verdict")),
        ),
        rows=tuple(_row(contest, language) for contest in contests),
        note=language.say(f"contests.note.{drawn}", pairs=pairs),
        is_folded=len(contests) > 30,  # noqa: PLR2004  # a screen
    )


def _row(contest: Contest, language: Language) -> tuple[Cell, ...]:
    alone = language.say("contests.against", a=f"{contest.a_only:,}", b=f"{contest.b_only:,}")
    return Cell(text=contest.a), Cell(text=contest.b), Cell(text=alone), _verdict(contest, language)


def _verdict(contest: Contest, language: Language) -> Cell:
    if not isinstance(contest.p_corrected, Known):
        reason = language.reason(contest.p_corrected.reason)
        return Cell(text=language.say("undefined.because", reason=reason), tone="quiet")
    p = contest.p_corrected.number
    verdict: tuple[str, Literal["good", "quiet"]]
    verdict = ("yes", "good") if p < SURE else ("not_shown", "quiet")
    return Cell(text=language.verdict(verdict[0], p), tone=verdict[1])
