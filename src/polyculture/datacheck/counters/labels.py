"""How many rows of each split carry each label, or a span of each type."""

from collections import Counter
from collections.abc import Mapping

import polars as pl

from polyculture.core.task import Column
from polyculture.datacheck.cells import LABELS, SPANS, of_kind
from polyculture.stats.spans.entities import conlleval_spans

MOST = 100_000
"""Labels that are told apart; a column with more of them holds no labels."""


class LabelCounter:
    """Rows (of spans: spans) of each label, by column and split."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = columns
        self.names = of_kind(columns, LABELS | SPANS, gold=True)
        self.counts: dict[str, dict[str, Counter[str]]] = {name: {} for name in self.names}
        self.is_full = False

    def add(self, split: str, rows: pl.DataFrame) -> None:
        """Count the labels of some more rows."""
        for name in self.names:
            if name in rows.columns:
                counted = self.counts[name].setdefault(split, Counter())
                self._count(counted, rows[name], self.columns[name].kind)
                self.is_full = self.is_full or len(counted) >= MOST

    def _count(self, counted: Counter[str], cells: pl.Series, kind: str) -> None:
        if len(counted) >= MOST:
            return
        if kind == "label":
            counted.update(cell for cell in cells.to_list() if cell is not None)
            return
        for cell in cells.drop_nulls().to_list():
            if kind == "labels":
                counted.update(set(cell))
            elif kind == "tags":
                counted.update(label for label, _, _ in conlleval_spans(cell))
            else:
                counted.update(str(span["label"]) for span in cell)

    def first(self) -> tuple[str, dict[str, Counter[str]]] | None:
        """The first column that any row has, with its counts by split."""
        return next(((name, by) for name, by in self.counts.items() if by), None)
