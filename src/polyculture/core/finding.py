"""What a check of data finds before any training, and what a kind of finding offers.

    rows ─ count (every row, a batch at a time) ─▶ a counter ─ report ─▶ Found

A finding is chosen by the columns that a task declares (``Column.kind``, ``is_gold``), never by the
name of a task. What it says is a key of a catalogue with values, so that a page can say it in
several languages; it computes, and words and drawing belong to the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import Field

from polyculture.core.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from polyculture.core.task import Column

Severity = Literal["severe", "warning", "note", "fine", "skipped"]
"""``severe``: scores would be wrong or training would fail; ``warning``: look before you train;
``note``: worth knowing; ``fine``: looked for and not there; ``skipped``: did not run."""
SEVERITIES: tuple[Severity, ...] = ("severe", "warning", "note", "fine", "skipped")
"""In the order of a report."""


class Point(Record):
    """A sentence: a key of the catalogues in ``datacheck/words``, and what is put into it."""

    key: str
    values: dict[str, str | int | float] = Field(default_factory=dict)
    text: str = ""
    """The sentence itself in English, of a finding that no catalogue knows; with the same
    places."""


class Instance(Record):
    """One example of what was found."""

    rows: tuple[str, ...]
    """The rows that it is about, by split and id, or by number where only a sample was kept."""
    text: str = ""
    """What they hold; empty where texts are withheld."""
    about: str = ""
    """What is wrong with it, in a few words or a number."""


class Grid(Record):
    """A small table of numbers."""

    kind: Literal["grid"] = "grid"
    key: str
    """``KEY.caption``, and the names of the columns, are in the catalogues."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]
    in_percent: tuple[str, ...] = ()
    """Columns that are shares."""


class Bars(Record):
    """Numbers of named things, one series a split."""

    kind: Literal["bars"] = "bars"
    key: str
    names: tuple[str, ...]
    series: dict[str, tuple[float, ...]]
    """By split, one number a name."""
    in_percent: bool = False
    left_out: int = 0
    """Names that are not drawn."""


class Histogram(Record):
    """How often a number falls between two edges, one series a split."""

    kind: Literal["histogram"] = "histogram"
    key: str
    edges: tuple[float, ...]
    series: dict[str, tuple[int, ...]]
    """By split, one count for each pair of neighbouring edges."""
    line: float | None = None
    """A limit that is drawn across."""


Picture = Annotated[Grid | Bars | Histogram, Field(discriminator="kind")]


class Found(Record):
    """What one finding says of some data."""

    severity: Severity
    count: int = 0
    """How many rows, labels, pairs, … are concerned."""
    of: int | None = None
    """Of how many."""
    points: tuple[Point, ...] = ()
    """What was found; the first is the headline."""
    advice: tuple[Point, ...] = ()
    """What to do about it."""
    examples: tuple[Instance, ...] = ()
    pictures: tuple[Picture, ...] = ()
    protocol: dict[str, str | int | float] = Field(default_factory=dict)
    """How it was computed: thresholds, samples, seeds."""
    table: tuple[dict[str, str | int | float | None], ...] = ()
    """Rows to review, which are written as a table of their own."""


class NamedFinding(Record):
    """A finding with the name of its file."""

    name: str
    found: Found
    seconds: float = 0.0


class DataCheck(Record):
    """All findings about the data of one recipe."""

    schema_number: int = 1
    name: str
    """Of the data."""
    task: str
    digest: str = ""
    """Of the data; empty where the files were streamed."""
    rows: dict[str, int]
    """By split."""
    findings: tuple[NamedFinding, ...]
    """The most severe first."""
    notes: tuple[str, ...] = ()
    """What the source said while reading."""
    is_streamed: bool = False
    shows_text: bool = True
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """What the check was asked for: seed, sizes of samples."""
    kind: Literal["data_check"] = "data_check"

    def worst(self) -> Severity:
        """The severity of the worst finding; ``fine`` if nothing was found.

        Example:
            >>> DataCheck(name="x", task="spans", rows={}, findings=()).worst()
            'fine'
        """
        there = {one.found.severity for one in self.findings} - {"skipped"}
        return next((severity for severity in SEVERITIES if severity in there), "fine")


class Counter(Protocol):
    """Counts over all rows, in memory that does not grow with them."""

    def add(self, split: str, rows: pl.DataFrame) -> None:
        """Count some more rows of a split."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A kind of finding."""

    report: Callable[[Any, Any], Found]
    """(subject, counter): what is found. See ``datacheck/subject.py`` for the subject; the counter
    is None for a finding that counts nothing."""
    why_not: Callable[[Any], Point | None] = lambda _: None
    """(subject): why it does not apply to these columns or this base; None if it does."""
    count: Callable[[Mapping[str, Column]], Counter] | None = None
    """(columns that the rows have): what sees every row. Findings that name the same callable share
    one counter."""
