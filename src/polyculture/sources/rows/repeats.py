"""Find repeated rows, and drop them before anything is split."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyculture.core.columns import originals
from polyculture.core.task import Column
from polyculture.sources.rows.cells import with_contents

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """Which rows stay, and how many were dropped."""

    kept: tuple[int, ...]
    """Row numbers, ascending: the first of each text."""
    repeated: int
    """Rows dropped because an earlier one has the same text and label."""
    conflicting: int
    """Rows dropped because the same text also has another label: all of that text."""


def without_repeats(texts: Sequence[str], labels: Sequence[str]) -> Repeats:
    """Keep each text once; letter case and spacing make no difference.

    Example:
        >>> without_repeats(["Good  film", "good film", "bad", "Bad"], ["+", "+", "-", "+"])
        Repeats(kept=(0,), repeated=1, conflicting=2)
    """
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        rows_of[" ".join(text.casefold().split())].append(row)
    kept, repeated, conflicting = [], 0, 0
    for rows in rows_of.values():
        if len({labels[row] for row in rows}) > 1:
            conflicting += len(rows)
        else:
            kept.append(rows[0])
            repeated += len(rows) - 1
    return Repeats(kept=tuple(sorted(kept)), repeated=repeated, conflicting=conflicting)


def input_keys(rows: "pl.DataFrame", columns: Mapping[str, Column]) -> list[str]:
    """Keys that are equal if the inputs of two rows are the same.

    That is words, however they are spaced, numbers, and what files hold. Rows without any input of
    the task are all different.
    """
    names = originals(columns, rows.columns)
    if not names:
        return rows["id"].to_list()
    cells = with_contents(rows.select(names), columns)
    parts = [map(_key, cells[name].to_list()) for name in names]
    return ["\t".join(row) for row in zip(*parts, strict=True)]


def _key(cell: Any) -> str:
    if isinstance(cell, list):
        return " ".join(map(str, cell))
    return "" if cell is None else " ".join(str(cell).split())
