"""The items that every model fails, as far as the page shows them."""

from typing import Any

import polars as pl

from polyculture.core.report_input import ReportInput
from polyculture.page.blocks import Block, Failure, Failures, Prose, Section, SharedAnswer
from polyculture.page.words import plural

SHOWN = 200
LONGEST_TEXT = 400
LONGEST_ANSWER = 300
PREFIX = "answer: "


def section(content: ReportInput) -> Section:
    """The first of the shared failures, with text, gold and every answer."""
    if "failures" not in content.items.columns:
        return _section("No right answers are known, so nobody can say which items fail.", [])
    number = len(content.audit.models)
    failed = content.items.filter(pl.col("failures") == number)
    if failed.is_empty():
        return _section("There is no item on which every model fails.", [])
    shown = failed.head(SHOWN)
    lead = f"{plural(len(failed), 'item')}, in the probe's order. All of them are in "
    lead += "shared_failures.parquet."
    if len(failed) > SHOWN:
        lead = (
            f"The first {SHOWN} of {len(failed):,} items, in the probe's order. "
            "All of them are in shared_failures.parquet."
        )
    blocks: list[Block] = [] if content.shows_text else [Prose(text=_withheld())]
    names = [model.name for model in content.audit.models]
    failures = [_failure(row, names, shows_text=content.shows_text) for row in shown.to_dicts()]
    return _section(lead, [*blocks, Failures(failures=tuple(failures))])


def _section(lead: str, blocks: list[Block]) -> Section:
    return Section(
        key="failures", title="What every model fails on", lead=lead, blocks=tuple(blocks)
    )


def _withheld() -> str:
    return (
        "Texts are withheld: their source does not allow copies. "
        "Whoever may read them finds them there by id."
    )


def _failure(row: dict[str, Any], names: list[str], *, shows_text: bool) -> Failure:
    text = str(row["text"]) if shows_text and row.get("text") is not None else None
    shown, cut = shortened(text or "", LONGEST_TEXT)
    return Failure(
        item=str(row["item"]),
        group=str(row.get("group") or ""),
        gold=shortened(str(row["gold"]), LONGEST_ANSWER)[0],
        text=None if text is None else shown,
        cut=cut,
        answers=_shared({name: row[PREFIX + name] for name in names}),
    )


def _shared(answers: dict[str, str | None]) -> tuple[SharedAnswer, ...]:
    models: dict[str | None, list[str]] = {}
    for name, answer in answers.items():
        models.setdefault(answer, []).append(name)
    ordered = sorted(models.items(), key=lambda pair: (-len(pair[1]), pair[0] or ""))
    return tuple(
        SharedAnswer(
            answer="no answer" if answer is None else shortened(str(answer), LONGEST_ANSWER)[0],
            models=tuple(names),
            is_missing=answer is None,
        )
        for answer, names in ordered
    )


def shortened(text: str, longest: int) -> tuple[str, str]:
    """The beginning of a text, and a sentence on what was left out.

    Example:
        >>> shortened("abc", 3)
        ('abc', '')
        >>> shortened("abcdef", 3)
        ('abc…', 'The first 3 of 6 characters.')
    """
    if len(text) <= longest:
        return text, ""
    return f"{text[:longest]}…", f"The first {longest:,} of {len(text):,} characters."
