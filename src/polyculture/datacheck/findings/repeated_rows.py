"""Rows whose input occurs again, within a split and across splits.

After spaCy's debug data.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from polyculture.core.finding import Bars, Finding, Found, Grid, Instance, Point
from polyculture.datacheck.counters.keys import LONG, KeyCounter, by_number
from polyculture.datacheck.subject import Subject

EXAMPLES = 12
MANY = 0.1
"""Share of repeated rows within train from which they weigh in a training."""
LEAK = 0.01
"""Share of the rows of a test that train has too, from which its score flatters."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Repeated rows of all splits."""

    again: Counter[str] = field(default_factory=Counter)
    """Rows that repeat an earlier one of their split."""
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows of the first split that the second has too."""
    long: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Those of them that are no coincidence."""
    examples: list[tuple[int, tuple[tuple[int, int], ...]]] = field(default_factory=list)
    """How often some inputs occur, and split and row of some of their rows."""


def report(subject: Subject, keys: KeyCounter) -> Found:
    """Within each split the rows that repeat an earlier one; between splits those seen before."""
    counts, splits = Counts(), keys.splits
    for records, starts in keys.groups():
        is_long = records["is_long"][starts]
        groups = [_per_group(records["split"] == code, starts) for code in range(len(splits))]
        for split, rows in zip(splits, groups, strict=True):
            counts.again[split] += int(np.maximum(rows - 1, 0).sum())
            for other, others in zip(splits, groups, strict=True):
                if other != split:
                    counts.seen[split, other] += int(rows[others > 0].sum())
                    counts.long[split, other] += int(rows[(others > 0) & is_long].sum())
        counts.examples.extend(_largest(records, starts))
    return _found(subject, keys, counts)


def _per_group(mask: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    if not len(starts):
        return np.zeros(0, dtype=np.int64)
    return np.add.reduceat(mask.astype(np.int64), starts)


def _largest(
    records: NDArray[np.void], starts: NDArray[np.int64]
) -> list[tuple[int, tuple[tuple[int, int], ...]]]:
    """How often the most frequent inputs occur, long ones first, and some of their rows."""
    sizes = np.diff([*starts, len(records)])
    several = np.flatnonzero(sizes > 1)
    rank = np.lexsort((-sizes[several], ~records["is_long"][starts[several]]))
    found = []
    for group in several[rank[:EXAMPLES]]:
        first = starts[group]
        rows = records[first : first + min(sizes[group], 6)]
        places = tuple((int(row["split"]), int(row["row"])) for row in rows)
        found.append((int(sizes[group]), places))
    return found


def _found(subject: Subject, keys: KeyCounter, counts: Counts) -> Found:
    again, seen = counts.again, counts.seen
    later = [
        (split, earlier)
        for place, split in enumerate(keys.splits)
        for earlier in keys.splits[:place]
        if seen[split, earlier]
    ]
    points = [
        Point(
            key="repeated.across",
            values={
                "split": split,
                "other": earlier,
                "count": seen[split, earlier],
                "of": keys.rows[split],
                "long": counts.long[split, earlier],
                "words": LONG,
            },
        )
        for split, earlier in sorted(later, key=lambda pair: pair[1] != "train")
    ]
    points += [
        Point(key="repeated.within", values={"split": split, "count": again[split], "of": number})
        for split, number in keys.rows.items()
        if again[split]
    ]
    if not points:
        return Found(severity="fine", points=(Point(key="repeated.fine"),))
    leaks = [
        seen[split, earlier] / keys.rows[split] for split, earlier in later if earlier == "train"
    ]
    inside = max(again[split] / number for split, number in keys.rows.items())
    severe = any(share >= LEAK for share in leaks)
    advice = [Point(key="repeated.leak")] if later else []
    advice += [Point(key="repeated.weight")] if any(again.values()) else []
    return Found(
        severity="severe" if severe else "warning" if leaks or inside >= MANY else "note",
        count=sum(again.values()) + sum(seen[pair] for pair in later),
        of=sum(keys.rows.values()),
        points=tuple(points),
        advice=tuple(advice),
        examples=tuple(_instance(subject, keys, *group) for group in counts.examples[:EXAMPLES]),
        pictures=_pictures(keys, again, seen),
        protocol={"equal": "the same words, however spaced", "digest_bits": 64},
    )


def _instance(
    subject: Subject, keys: KeyCounter, times: int, rows: tuple[tuple[int, int], ...]
) -> Instance:
    named = [(keys.splits[split], place) for split, place in rows]
    about = f"× {times:,}"
    return by_number(subject, named, about) or subject.instance(named, about)


def _pictures(
    keys: KeyCounter, again: Counter[str], seen: Counter[tuple[str, str]]
) -> tuple[Grid | Bars, ...]:
    splits = keys.splits
    grid = Grid(
        key="repeated.grid",
        columns=("split", "rows", "within", *(f"in:{split}" for split in splits)),
        rows=tuple(
            (
                split,
                keys.rows[split],
                again[split],
                *(None if other == split else seen[split, other] for other in splits),
            )
            for split in splits
        ),
    )
    shares = {
        split: (
            again[split] / keys.rows[split],
            *(seen[split, other] / keys.rows[split] for other in splits),
        )
        for split in splits
    }
    names = ("within", *(f"in:{split}" for split in splits))
    return grid, Bars(key="repeated.bars", names=names, series=shares, in_percent=True)


PLUGIN = Finding(report=report, count=KeyCounter)
