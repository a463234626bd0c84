"""Tags as the files write them: how spans begin, and which tags may not follow one another."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import polars as pl

from polyculture.core.task import Column
from polyculture.stats.spans.entities import illegal

EXAMPLES = 20


@dataclass
class Tags:
    """Counts of one split."""

    rows: int = 0
    tags: int = 0
    spans: int = 0
    illegal: int = 0
    """Tags ``I-X`` that follow neither ``B-X`` nor ``I-X``: legal in IOB1, illegal in IOB2."""
    illegal_rows: int = 0
    adjacent: int = 0
    """Tags ``B-X`` right behind a tag of the same type: the only place where IOB1 writes ``B-``."""
    opened: int = 0
    """Tags ``B-X`` that do not follow a tag of the same type: none in IOB1."""
    prefixes: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, str]] = field(default_factory=list)
    """Id of a row, and the two tags."""


class TagCounter:
    """Transitions between tags, by split."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.names = [name for name, column in columns.items() if column.kind == "tags"]
        self.splits: dict[str, Tags] = {}

    def add(self, split: str, rows: pl.DataFrame) -> None:
        """Count the transitions of some more rows."""
        counted = self.splits.setdefault(split, Tags())
        for name in self.names:
            if name in rows.columns:
                for item, tags in rows.select("id", name).iter_rows():
                    _count(counted, item, [tag or "O" for tag in tags or ()])


def _count(counted: Tags, item: str, tags: list[str]) -> None:
    counted.rows += 1
    counted.tags += len(tags)
    wrong = illegal(tags)
    counted.illegal += wrong
    counted.illegal_rows += wrong > 0
    for before, tag in pairwise(["O", *tags]):
        prefix, _, kind = tag.partition("-")
        if tag == "O":
            continue
        counted.prefixes[prefix] += 1
        same = kind == before.partition("-")[2]
        counted.spans += not (prefix in {"I", "E", "L"} and same)
        counted.adjacent += prefix == "B" and same
        counted.opened += prefix == "B" and not same
        if prefix == "I" and not same and len(counted.examples) < EXAMPLES:
            counted.examples.append((item, f"{before} {tag}"))
