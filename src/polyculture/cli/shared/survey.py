"""The command line's summary of a survey: progress, headlines, the path of the page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from polyculture.core.shown import shown
from polyculture.core.values import Known

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyculture.core.survey import Survey

BETWEEN_LINES = 15.0
"""Seconds between two lines where there is no screen to draw on."""
MOST = 30
"""Communities shown; the page has all."""
ANCESTORS = 5


class Watch:
    """Shows how far reading and counting are, on the error stream; lines without a screen."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, soft_wrap=True, quiet=quiet, highlight=False)
        self.last_line = time.monotonic()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
            transient=True,
        )
        self.task = self.bar.add_task("reading", total=None)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def progress(self, done: int, of_all: int, what: str) -> None:
        """Cards are read."""
        self.bar.update(
            self.task, description=f"reading {what}", completed=done, total=of_all or None
        )
        self._line(f"reading {what}, {done:,} of {of_all:,}" if of_all else f"reading {what}")

    def stage(self, what: str) -> None:
        """Something else is counted."""
        self.bar.update(self.task, description=f"counting: {what}", total=None)
        self._line(f"counting: {what}")

    def _line(self, what: str) -> None:
        if not self.console.is_terminal and time.monotonic() - self.last_line > BETWEEN_LINES:
            self.console.print(f"  {shown(what)}", markup=False)
            self.last_line = time.monotonic()


def show_survey(survey: Survey, folder: Path | None) -> None:
    """Print the headlines of a survey."""
    from polyculture import api

    console = Console(highlight=False, soft_wrap=True)
    console.print(_communities(survey, api.survey_summary(survey)))
    left = len(survey.communities) - MOST
    if left > 0:
        console.print(f"… and {left} more; --json and the page have all.", markup=False)
    for line in _survey_lines(survey):
        console.print(shown(line), markup=False)
    if folder is not None:
        console.print(f"\nPage: {folder / 'report.html'}", markup=False)


def _communities(survey: Survey, summary: dict[str, Any]) -> Table:
    built = f", {survey.built:,} of {survey.buildable:,} built" if survey.buildable else ""
    table = Table(
        title=Text(shown(f"{survey.cards:,} cards of {', '.join(survey.sources)}{built}"))
    )
    table.add_column("community")
    heads = ["cards", "lineages", *(["built", "architectures"] if survey.built else [])]
    for head in heads:
        table.add_column(head, justify="right")
    ordered = sorted(survey.communities, key=lambda community: (-community.members, community.name))
    rows = [("all", summary["all"])]
    rows += [
        (community.name, summary["communities"][community.name]) for community in ordered[:MOST]
    ]
    for name, figures in rows:
        cells = [f"{figures['families']:,}", _short(figures["hill1"])]
        if survey.built:
            cells += [f"{figures['built']:,}", _short(figures["similarity_sensitive"], 2)]
        table.add_row(Text(shown(name)), *cells)
    table.caption = Text("Effective numbers: as many equally common ones would be as diverse.")
    return table


def _short(value: float | dict[str, str], digits: int = 1) -> str:
    return "–" if isinstance(value, dict) else f"{value:,.{digits}f}"


def _survey_lines(survey: Survey) -> Iterator[str]:
    alike = next(
        (similarity for similarity in survey.similarities if not similarity.community), None
    )
    if alike is not None and isinstance(alike.d1, Known):
        ends = "" if alike.d1.low is None else f" ({alike.d1.low:.2f} to {alike.d1.high:.2f})"
        yield (
            f"{alike.built:,} architectures count as {alike.d1.number:.2f}{ends} different ones, "
            "once likeness is taken into account."
        )
    for forest in survey.forests[:1]:
        for ancestor in forest.ancestors[:ANCESTORS]:
            cards = "1 card" if ancestor.descendants == 1 else f"{ancestor.descendants:,} cards"
            share = f"{100 * ancestor.share:.1f}%"
            yield f"If {ancestor.name} carries a flaw, {cards} ({share}) may inherit it."
    for reason, count in list(survey.reasons.items())[:ANCESTORS]:
        yield f"Not built: {count} ({reason})"
    check = survey.year_check
    if check is not None and isinstance(check.median_lag, Known):
        yield (
            f"Years beside {check.against}: {check.matched} names match, the median difference is "
            f"{check.median_lag.number:g}."
        )
    for note in (*survey.notes, *(line for forest in survey.forests[:1] for line in forest.mended)):
        yield f"Note: {note}"
