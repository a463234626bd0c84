"""Drop rows whose text occurs again, before anything is split."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


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
