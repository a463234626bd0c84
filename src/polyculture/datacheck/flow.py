"""One pass over all rows: every counter sees each of them, and a fixed sample is kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from polyculture.core import parts
from polyculture.core.finding import Counter, Finding
from polyculture.core.task import Column
from polyculture.datacheck.cells import there
from polyculture.datacheck.counters.tags import TagCounter
from polyculture.datacheck.sample import Sample
from polyculture.sources.rows.columns import with_iob2

SHELF = "datacheck.findings"
BATCH = 20_000
"""Rows that counters see at once."""
Batches = Iterable[tuple[str, pl.DataFrame]]
"""Split, and some rows of it, in the order of the files."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """What one pass over all rows gave."""

    columns: Mapping[str, Column]
    """The declared columns that the rows have."""
    rows: Mapping[str, int]
    sample: Mapping[str, pl.DataFrame]
    counters: Mapping[Callable[..., Any], Counter]
    """By what made them; findings of one kind of counter share it."""


def findings() -> dict[str, Finding]:
    """All findings on the shelf, by name."""
    return {name: parts.load(SHELF, name) for name in parts.names(SHELF)}


def pass_over(
    batches: Batches,
    columns: Mapping[str, Column],
    kinds: Sequence[Finding],
    *,
    most: int,
    seed: int,
    on_rows: Callable[[int], None] = lambda _: None,
) -> Passed:
    """Show every row to every counter, once.

    Args:
        batches: All rows, a bounded number at a time; their tags may be of any scheme.
        columns: What the task declares.
        kinds: The findings, which say what they count with.
        most: Rows of a split that the sample holds.
        seed: Of the sample.
        on_rows: Told how many rows were seen.
    """
    counters = {kind.count: kind.count(columns) for kind in kinds if kind.count is not None}
    samples: dict[str, Sample] = {}
    names: list[str] = []
    seen = 0
    for split, written in batches:
        rows = _in_iob2(written, columns)
        names += [name for name in rows.columns if name not in names]
        samples.setdefault(split, Sample(most=most, seed=seed)).add(rows)
        for made, counter in counters.items():
            counter.add(split, written if made is TagCounter else rows)
        seen += len(rows)
        on_rows(seen)
    return Passed(
        columns=there(columns, names),
        rows={split: sample.seen for split, sample in samples.items()},
        sample={split: sample.rows() for split, sample in samples.items()},
        counters=counters,
    )


def _in_iob2(rows: pl.DataFrame, columns: Mapping[str, Column]) -> pl.DataFrame:
    """Rows as a training has them."""
    for name, column in columns.items():
        if column.kind == "tags" and name in rows.columns:
            rows = with_iob2(rows, name)
    return rows


def slices(splits: Mapping[str, pl.DataFrame], size: int = BATCH) -> Batches:
    """Splits in memory, a batch at a time."""
    for split, rows in splits.items():
        for part in rows.iter_slices(size):
            yield split, part
