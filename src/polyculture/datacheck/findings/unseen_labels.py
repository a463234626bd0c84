"""Labels that validation or test has and training does not."""

from collections import Counter

from polyculture.core.finding import Finding, Found, Grid, Point
from polyculture.datacheck.applies import out_of_scope, to_labels
from polyculture.datacheck.counters.labels import LabelCounter
from polyculture.datacheck.subject import Subject

SHOWN = 40


def report(subject: Subject, labels: LabelCounter) -> Found:
    """No model can answer them, so their rows count as wrong whatever it does."""
    first = labels.first()
    train = first[1].get("train") if first else None
    if first is None or not train:
        return Found(severity="skipped", points=(Point(key="skipped.no_train_labels"),))
    unseen: dict[str, Counter[str]] = {}
    for split, counted in first[1].items():
        for label, count in counted.items():
            if label not in train and label != out_of_scope(subject):
                unseen.setdefault(label, Counter())[split] += count
    if not unseen:
        return Found(severity="fine", points=(Point(key="unseen.fine"),))
    splits = [split for split in first[1] if split != "train"]
    order = sorted(unseen, key=lambda label: (-sum(unseen[label].values()), label))
    rows = sum(sum(counted.values()) for counted in unseen.values())
    return Found(
        severity="severe",
        count=len(unseen),
        points=(Point(key="unseen", values={"count": len(unseen), "rows": rows}),),
        advice=(Point(key="unseen.fix"),),
        pictures=(
            Grid(
                key="unseen.grid",
                columns=("label", *splits),
                rows=tuple((n, *(unseen[n][s] for s in splits)) for n in order[:SHOWN]),
            ),
        ),
        protocol={"column": first[0]},
    )


PLUGIN = Finding(report=report, why_not=to_labels, count=LabelCounter)
