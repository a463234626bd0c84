"""Rows whose text occurs again: found, and dropped before anything is split."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """Which rows stay, and how many went."""

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


def text_keys(rows: "pl.DataFrame") -> list[str]:
    """What makes two rows the same text: the words, however they are spaced."""
    if "text" not in rows.columns:
        return [" ".join(tokens) for tokens in rows["tokens"].to_list()]
    keys = [" ".join(text.split()) for text in rows["text"].to_list()]
    if "text_b" in rows.columns:
        others = [" ".join((text or "").split()) for text in rows["text_b"].to_list()]
        keys = [f"{key}\t{other}" for key, other in zip(keys, others, strict=True)]
    return keys
