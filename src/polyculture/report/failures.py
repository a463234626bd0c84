"""The items that every model fails, as far as the page shows them."""

from typing import Any

import polars as pl

from polyculture.core.report_input import ReportInput
from polyculture.page.blocks import Block, Failure, Failures, Prose, Section, SharedAnswer
from polyculture.report.language import Language

SHOWN = 200
LONGEST_TEXT = 400
LONGEST_ANSWER = 300
PREFIX = "answer: "


def section(content: ReportInput, language: Language) -> Section:
    """The first of the shared failures, with text, gold and every answer."""
    if "failures" not in content.items.columns:
        return _section(language.say("failures.unknown"), [], language)
    number = len(content.audit.models)
    failed = content.items.filter(pl.col("failures") == number)
    if failed.is_empty():
        return _section(language.say("failures.none"), [], language)
    lead = language.say("failures.lead", items=language.counted(len(failed), "item"))
    if len(failed) > SHOWN:
        lead = language.say("failures.cut", shown=SHOWN, all=f"{len(failed):,}")
    withheld = Prose(text=language.say("failures.withheld"))
    blocks: list[Block] = [] if content.shows_text else [withheld]
    names = [model.name for model in content.audit.models]
    failures = [
        _failure(row, names, language, shows_text=content.shows_text)
        for row in failed.head(SHOWN).to_dicts()
    ]
    return _section(lead, [*blocks, Failures(failures=tuple(failures))], language)


def _section(lead: str, blocks: list[Block], language: Language) -> Section:
    title = language.say("failures.title")
    return Section(key="failures", title=title, lead=lead, blocks=tuple(blocks))


def _failure(
    row: dict[str, Any], names: list[str], language: Language, *, shows_text: bool
) -> Failure:
    text = str(row["text"]) if shows_text and row.get("text") is not None else None
    return Failure(
        item=str(row["item"]),
        group=str(row.get("group") or ""),
        gold=shortened(str(row["gold"]), LONGEST_ANSWER),
        text=None if text is None else shortened(text, LONGEST_TEXT),
        cut=_cut(text or "", language),
        answers=_shared({name: row[PREFIX + name] for name in names}, language),
    )


def _cut(text: str, language: Language) -> str:
    """What of a text is not shown."""
    if len(text) <= LONGEST_TEXT:
        return ""
    return language.say("failures.shortened", shown=f"{LONGEST_TEXT:,}", all=f"{len(text):,}")


def _shared(answers: dict[str, str | None], language: Language) -> tuple[SharedAnswer, ...]:
    missing = language.say("failures.missing")
    models: dict[str | None, list[str]] = {}
    for name, answer in answers.items():
        models.setdefault(answer, []).append(name)
    ordered = sorted(models.items(), key=lambda pair: (-len(pair[1]), pair[0] or ""))
    return tuple(
        SharedAnswer(
            answer=missing if answer is None else shortened(str(answer), LONGEST_ANSWER),
            models=tuple(names),
            is_missing=answer is None,
        )
        for answer, names in ordered
    )


def shortened(text: str, longest: int) -> str:
    """The beginning of a text, with a sign that it goes on.

    Example:
        >>> shortened("abc", 3), shortened("abcdef", 3)
        ('abc', 'abc…')
    """
    return text if len(text) <= longest else f"{text[:longest]}…"
