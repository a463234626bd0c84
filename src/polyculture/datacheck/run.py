"""Run every finding on a subject, and put the most severe first."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from polyculture.core.finding import (
    SEVERITIES,
    Counter,
    DataCheck,
    Finding,
    Found,
    NamedFinding,
)
from polyculture.datacheck.subject import Subject

ORDER = (
    "accepted_rows",
    "repeated_rows",
    "unseen_labels",
    "conflicting_labels",
    "label_errors",
    "near_duplicates",
    "shared_documents",
    "split_shift",
)
"""Findings that come first among equally severe ones."""


def check_subject(
    subject: Subject,
    kinds: Mapping[str, Finding],
    counters: Mapping[Callable[..., Any], Counter],
    *,
    digest: str = "",
    settings: Mapping[str, str | int | float | bool],
    say: Callable[[str], None] = lambda _: None,
) -> DataCheck:
    """All findings about one subject.

    Args:
        subject: The rows and the base.
        kinds: The findings by name.
        counters: What counted all rows, by what made it.
        digest: Of the data.
        settings: What was asked for, for the record.
        say: Told which finding is at work.
    """
    results = []
    for name, kind in kinds.items():
        say(name.replace("_", " "))
        began = time.perf_counter()
        reason = kind.why_not(subject)
        found = (
            Found(severity="skipped", points=(reason,))
            if reason is not None
            else kind.report(subject, None if kind.count is None else counters[kind.count])
        )
        seconds = round(time.perf_counter() - began, 3)
        results.append(NamedFinding(name=name, found=found, seconds=seconds))
    results.sort(key=_rank)
    return DataCheck(
        name=subject.name,
        task=str(subject.settings.kind),
        digest=digest,
        rows=dict(subject.rows),
        findings=tuple(results),
        notes=subject.notes,
        is_streamed=subject.is_streamed,
        shows_text=subject.shows_text,
        settings=dict(settings),
    )


def _rank(result: NamedFinding) -> tuple[int, int, str]:
    place = ORDER.index(result.name) if result.name in ORDER else len(ORDER)
    return SEVERITIES.index(result.found.severity), place, result.name
