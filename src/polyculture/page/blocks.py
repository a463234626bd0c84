"""A report as a record: finished strings, numbers and chart specifications, in reading order.

Nothing is computed after this: HTML, Markdown and JSON are three drawings of one ``Report``.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from polyculture.core.record import Record

SCHEMA_NUMBER = 1


class Cell(Record):
    """One cell of a table."""

    text: str
    note: str = ""
    """What stands small below it: an interval, a reason."""
    tone: Literal["plain", "quiet", "alarm", "good"] = "plain"


class Column(Record):
    """The head of one column."""

    label: str
    is_number: bool = False
    """Set to the right, in figures of one width."""


class Table(Record):
    """Rows of cells; the first cell of a row is its head."""

    kind: Literal["table"] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    is_folded: bool = False
    """On a screen it opens on request."""
    is_searchable: bool = False
    """It is long: a box above it hides the rows that do not hold what is typed there."""


class Chart(Record):
    """A Vega-Lite specification, what it shows in words, and the same numbers as a table."""

    kind: Literal["chart"] = "chart"
    title: str
    words: str
    """What a reader sees in it; also for those who cannot see it."""
    specification: dict[str, Any]
    table: Table | None = None


class Charts(Record):
    """Small charts side by side."""

    kind: Literal["charts"] = "charts"
    charts: tuple[Chart, ...]


class Prose(Record):
    """A paragraph."""

    kind: Literal["prose"] = "prose"
    text: str


class Points(Record):
    """A list of sentences."""

    kind: Literal["points"] = "points"
    title: str = ""
    points: tuple[str, ...]


class Facts(Record):
    """Labels with plain values."""

    kind: Literal["facts"] = "facts"
    title: str = ""
    facts: tuple[tuple[str, str], ...]


class Code(Record):
    """Something to copy."""

    kind: Literal["code"] = "code"
    text: str


class SharedAnswer(Record):
    """One answer to an item, and the models that gave it."""

    answer: str
    models: tuple[str, ...]
    is_missing: bool = False


class Failure(Record):
    """An item that every model fails."""

    item: str
    group: str = ""
    gold: str
    text: str | None = None
    """None where the text is withheld or was never given."""
    cut: str = ""
    """What of the text is not shown."""
    answers: tuple[SharedAnswer, ...]
    """The most common first."""


class Failures(Record):
    """Items that every model fails, one after another."""

    kind: Literal["failures"] = "failures"
    failures: tuple[Failure, ...]


class Node(Record):
    """One line of a tree."""

    name: str
    depth: int
    """0 for a root; at most one more than the line before."""
    note: str = ""
    """What stands small beside it."""


class Tree(Record):
    """Names under names, in the order of reading; a box above it searches them."""

    kind: Literal["tree"] = "tree"
    title: str
    words: str
    nodes: tuple[Node, ...]


class Fold(Record):
    """Blocks behind a line of text that opens them."""

    kind: Literal["fold"] = "fold"
    title: str
    blocks: tuple["Block", ...]


Block = Annotated[
    Table | Chart | Charts | Prose | Points | Facts | Code | Failures | Tree | Fold,
    Field(discriminator="kind"),
]


class Section(Record):
    """A part of the page with a heading."""

    key: str
    """Its address within the page."""
    title: str
    lead: str = ""
    """What it says, in a sentence or two."""
    blocks: tuple[Block, ...]


class Answer(Record):
    """One of the questions that a reader comes with, answered on the first screen."""

    question: str
    figure: str = ""
    """The one number to remember."""
    unit: str = ""
    """What the figure counts."""
    sentences: tuple[str, ...]
    details: tuple[str, ...] = ()
    """What stands smaller below."""
    is_alarming: bool = False
    """The figure is one to worry about, and is set in that colour."""


class Link(Record):
    """The same page in another language."""

    language: str
    name: str
    """Of the language, in itself."""
    address: str
    """Relative to the page."""


class Report(Record):
    """Everything that a page says."""

    schema_number: int = SCHEMA_NUMBER
    title: str
    verdict: str
    """The finding in one sentence."""
    deck: str
    """What was compared, on what."""
    caveats: tuple[str, ...] = ()
    """What a reader must know before any number, one sentence each."""
    answers: tuple[Answer, ...]
    sections: tuple[Section, ...]
    version: str
    """The version of polyculture that computed it."""
    language: Literal["en", "zh-CN"] = "en"
    links: tuple[Link, ...] = ()
    translations: tuple["Report", ...] = ()
    """The same in other languages, drawn beside it."""
    kind: Literal["report"] = "report"


Fold.model_rebuild()
Report.model_rebuild()
