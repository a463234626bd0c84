"""Labels with so few training rows that a model can hardly learn them."""

from polyculture.core.finding import Finding, Found, Grid, Point
from polyculture.datacheck.applies import to_labels
from polyculture.datacheck.counters.labels import LabelCounter
from polyculture.datacheck.subject import Subject

FEW = 10
SHOWN = 40
NAMED = 5
"""Labels that a sentence names."""


def report(_: Subject, labels: LabelCounter) -> Found:
    """Labels of train with fewer than ten rows, and labels that no other split measures."""
    first = labels.first()
    train = first[1].get("train") if first else None
    if first is None or not train:
        return Found(severity="skipped", points=(Point(key="skipped.no_train_labels"),))
    others = {split: counted for split, counted in first[1].items() if split != "train"}
    rare = sorted((name for name, rows in train.items() if rows < FEW), key=lambda n: (train[n], n))
    unmeasured = {
        split: sorted(set(train) - set(counted)) for split, counted in others.items() if counted
    }
    points = []
    if rare:
        points.append(Point(key="rare", values={"count": len(rare), "of": len(train), "few": FEW}))
    points += [
        Point(
            key="rare.unmeasured",
            values={
                "split": split,
                "count": len(missing),
                "labels": ", ".join(missing[:NAMED]) + ("…" if len(missing) > NAMED else ""),
            },
        )
        for split, missing in unmeasured.items()
        if missing
    ]
    if not points:
        return Found(severity="fine", points=(Point(key="rare.fine", values={"few": FEW}),))
    return Found(
        severity="warning" if rare else "note",
        count=len(rare),
        of=len(train),
        points=tuple(points),
        advice=(Point(key="rare.fix"),) if rare else (Point(key="rare.measure"),),
        pictures=(
            Grid(
                key="rare.grid",
                columns=("label", *first[1]),
                rows=tuple((n, *(by[n] for by in first[1].values())) for n in rare[:SHOWN]),
            ),
        )
        if rare
        else (),
        protocol={"column": first[0]},
    )


PLUGIN = Finding(report=report, why_not=to_labels, count=LabelCounter)
