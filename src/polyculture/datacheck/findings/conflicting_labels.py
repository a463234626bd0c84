"""Equal inputs with different right answers: one is wrong, or too little tells them apart."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from polyculture.core.finding import Finding, Found, Instance, Point
from polyculture.datacheck.applies import to_gold
from polyculture.datacheck.counters.keys import UNKNOWN, KeyCounter, by_number
from polyculture.datacheck.subject import Subject

EXAMPLES = 20
MANY = 0.01


def report(subject: Subject, keys: KeyCounter) -> Found:
    """Rows whose input also has another answer, in any split."""
    rows: Counter[str] = Counter()
    inputs = 0
    examples: list[list[tuple[int, int]]] = []
    for records, starts in keys.groups():
        known = records["answer"] != UNKNOWN
        sizes = np.diff([*starts, len(records)])
        for group in np.flatnonzero(sizes > 1):
            start, end = starts[group], starts[group] + sizes[group]
            some = records[start:end][known[start:end]]
            if len(np.unique(some["answer"])) > 1:
                inputs += 1
                rows.update(keys.splits[split] for split in some["split"])
                if len(examples) < EXAMPLES:
                    examples.append(_one_of_each(some))
    if not inputs:
        return Found(severity="fine", points=(Point(key="conflicts.fine"),))
    total, of = sum(rows.values()), sum(keys.rows.values())
    points = [Point(key="conflicts", values={"inputs": inputs, "count": total, "of": of})]
    points += [
        Point(key="conflicts.split", values={"split": s, "count": rows[s], "of": keys.rows[s]})
        for s in keys.splits
        if rows[s]
    ]
    return Found(
        severity="severe" if total / of >= MANY else "warning",
        count=total,
        of=of,
        points=tuple(points),
        advice=(Point(key="conflicts.fix"),),
        examples=tuple(_instance(subject, keys, one) for one in examples),
    )


def _one_of_each(some: NDArray[np.void]) -> list[tuple[int, int]]:
    _, first = np.unique(some["answer"], return_index=True)
    return [(int(row["split"]), int(row["row"])) for row in some[np.sort(first)][:4]]


def _instance(subject: Subject, keys: KeyCounter, places: list[tuple[int, int]]) -> Instance:
    named = [(keys.splits[split], place) for split, place in places]
    unnamed = by_number(subject, named)
    if unnamed is not None:
        return unnamed
    gold = [name for name, column in subject.columns.items() if column.is_gold]
    rows = [subject.sample[split].select(gold).row(place) for split, place in named]
    answers = ["; ".join(str(cell) for cell in row if cell is not None)[:80] for row in rows]
    return subject.instance(named, " ≠ ".join(answers) if subject.shows_text else "")


PLUGIN = Finding(report=report, why_not=to_gold, count=KeyCounter)
