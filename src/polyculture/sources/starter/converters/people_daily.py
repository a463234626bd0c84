"""Names in Chinese news: words and word classes of January 1998 become spans over raw text.

A line holds words as ``word/class``, spaces between. Spans are: ``LOC`` from ns, ``ORG`` from nt,
``PER`` from nr, where surname and given name are two words and become one span. The corpus knows
compounds, ``[中央/n 人民/n 广播/vn 电台/n]nt``; they are read where they stand (the outer class
counts), but this edition has none left, so long names of organisations are mostly unmarked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyculture.core.errors import StarterError
from polyculture.sources.rows.repeats import without_repeats
from polyculture.store.reading.tables import text_lines, write_table

LABELS = {"ns": "LOC", "nt": "ORG", "nr": "PER"}
WORD = re.compile(r"(?P<open>\[?)(?P<text>.+)/(?P<kind>[A-Za-z]+)(?:\](?P<outer>[A-Za-z]+))?$")
DOUBLE_SURNAMES = frozenset(
    "欧阳 司马 上官 诸葛 司徒 皇甫 尉迟 公孙 慕容 令狐 端木 东方 夏侯 长孙 宇文 呼延 赫连".split()  # noqa: SIM905
)
LONGEST_GIVEN = 2
BLOCK = 50
"""Lines that stay together: neighbours are of one article, but articles are not marked."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word, its class, and where it lies in the text of its line."""

    text: str
    kind: str
    start: int

    @property
    def end(self) -> int:
        """One past its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A name in a text, in characters."""

    start: int
    end: int
    label: str


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write ``rows.parquet`` with ``id``, ``text``, ``spans``, ``document``."""
    import polars as pl

    (file,) = members.glob("*.txt")
    rows = []
    for number, line in enumerate(text_lines(file), start=1):
        if line.strip():
            text, spans = read_line(line, f"{file.name}, line {number}")
            document = f"lines-{(number - 1) // BLOCK + 1}"
            rows.append((f"line-{number}", text, [vars(span) for span in spans], document))
    span = pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String})
    schema: dict[str, Any] = dict.fromkeys(("id", "text", "spans", "document"), pl.String)
    schema["spans"] = pl.List(span)
    table = pl.DataFrame(rows, schema=schema, orient="row")
    table = table[list(without_repeats(table["text"].to_list(), [""] * len(table)).kept)]
    write_table(table, folder / "rows.parquet")
    labels = [span["label"] for spans in table["spans"].to_list() for span in spans]
    counts = ", ".join(f"{label} {labels.count(label):,}" for label in LABELS.values())
    return (
        (
            f"{len(rows) - len(table):,} of {len(rows):,} lines repeat another: dropped before "
            "any split."
        ),
        f"{len(table):,} lines stay, with the spans {counts}.",
        "Long names of organisations are mostly unmarked in this edition of the corpus.",
        f"Articles are not marked; blocks of {BLOCK} lines stay in one split.",
    )


def read_line(line: str, place: str) -> tuple[str, list[Span]]:
    """Text and spans of one line.

    Example:
        >>> text, spans = read_line("国家/n  主席/n  江/nr  泽民/nr  在/p  北京/ns", "example")
        >>> text, [(text[span.start : span.end], span.label) for span in spans]
        ('国家主席江泽民在北京', [('江泽民', 'PER'), ('北京', 'LOC')])
        >>> text, spans = read_line("[中国/ns  科学院/n]nt  成立/v", "example")
        >>> [(text[span.start : span.end], span.label) for span in spans]
        [('中国科学院', 'ORG')]
    """
    words, compounds = _words(line, place)
    spans = [
        Span(start=start, end=end, label=LABELS[kind])
        for start, end, kind in compounds
        if kind in LABELS
    ]
    covered = [(span.start, span.end) for span in spans]
    for start, end, kind in _names(words):
        if not any(left <= start and end <= right for left, right in covered):
            spans.append(Span(start=start, end=end, label=LABELS[kind]))
    return "".join(word.text for word in words), sorted(spans, key=lambda span: span.start)


def _words(line: str, place: str) -> tuple[list[Word], list[tuple[int, int, str]]]:
    """The words, and the compounds as (start, end, class)."""
    words: list[Word] = []
    compounds = []
    at, opened = 0, None
    for token in line.split():
        found = WORD.match(token)
        if found is None:
            msg = f"{place}: expected words as word/class, got {token[:40]!r}."
            raise StarterError(msg)
        if found["open"] and found["text"]:
            opened = at
        words.append(Word(text=found["text"], kind=found["kind"], start=at))
        at = words[-1].end
        if found["outer"] and opened is not None:
            compounds.append((opened, at, found["outer"]))
            opened = None
    return words, compounds


def _names(words: list[Word]) -> Iterator[tuple[int, int, str]]:
    """Single names as (start, end, class); a surname takes the given name behind it."""
    position = 0
    while position < len(words):
        word = words[position]
        end = word.end
        if word.kind == "nr" and position + 1 < len(words):
            after = words[position + 1]
            if _is_surname(word.text) and after.kind == "nr" and len(after.text) <= LONGEST_GIVEN:
                end = after.end
                position += 1
        if word.kind in LABELS:
            yield word.start, end, word.kind
        position += 1


def _is_surname(text: str) -> bool:
    return len(text) == 1 or text in DOUBLE_SURNAMES
