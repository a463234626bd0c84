"""How evenly the labels are spread."""

from collections import Counter

import numpy as np

from polyculture.core.finding import Bars, Finding, Found, Point
from polyculture.datacheck.applies import to_labels
from polyculture.datacheck.counters.labels import LabelCounter
from polyculture.datacheck.subject import Subject
from polyculture.stats.groups.diversity import effective_number

MOST_COMMON = 0.9
"""Share of the most common label from which a model may ignore all others."""
RATIO = 50
"""Times as many rows of the most common label as of the rarest."""
EVEN = 3
"""Times as many rows up to which labels are balanced."""
DRAWN = 25


def report(_: Subject, labels: LabelCounter) -> Found:
    """Shares of the labels by split, and how many labels of equal size would be as uneven."""
    first = labels.first()
    if first is None:
        return Found(severity="skipped", points=(Point(key="skipped.no_labels"),))
    name, by_split = first
    if labels.is_full:
        point = Point(key="balance.too_many", values={"column": name})
        return Found(severity="severe", points=(point,), advice=(Point(key="balance.column"),))
    train = by_split.get("train") or next(iter(by_split.values()))
    total = sum(train.values())
    if not total:
        return Found(
            severity="severe", points=(Point(key="balance.none", values={"column": name}),)
        )
    top, most = min(train.items(), key=lambda pair: (-pair[1], pair[0]))
    low, least = min(train.items(), key=lambda pair: (pair[1], pair[0]))
    points = (
        Point(
            key="balance",
            values={"labels": len(train), "effective": round(effective(train), 1)},
        ),
        Point(key="balance.top", values={"label": top, "count": most, "share": most / total}),
        Point(key="balance.low", values={"label": low, "count": least, "ratio": most / least}),
    )
    is_uneven = most / total >= MOST_COMMON or most / least >= RATIO
    return Found(
        severity="warning" if is_uneven else "fine" if most / least < EVEN else "note",
        count=len(train),
        points=points,
        advice=(Point(key="balance.fix"),) if is_uneven else (),
        pictures=(_bars(by_split),),
        protocol={"column": name, "effective": "exponential of the entropy"},
    )


def effective(counts: Counter[str]) -> float:
    """How many labels of equal size would have the same entropy.

    Example:
        >>> round(effective(Counter(a=50, b=50)), 3), round(effective(Counter(a=99, b=1)), 3)
        (2.0, 1.058)
    """
    shares = np.array(list(counts.values())) / sum(counts.values())
    return float(effective_number(shares, shares, 1))


def _bars(by_split: dict[str, Counter[str]]) -> Bars:
    total: Counter[str] = Counter()
    for counted in by_split.values():
        total.update(counted)
    order = sorted(total, key=lambda label: (-total[label], label))
    names = order[:DRAWN]
    return Bars(
        key="balance.bars",
        names=tuple(names),
        series={
            split: tuple(counted[label] / max(1, sum(counted.values())) for label in names)
            for split, counted in by_split.items()
        },
        in_percent=True,
        left_out=len(order) - len(names),
    )


PLUGIN = Finding(report=report, why_not=to_labels, count=LabelCounter)
