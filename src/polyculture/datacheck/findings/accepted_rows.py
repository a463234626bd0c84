"""Would a training take these rows at all? It prepares them as a training does."""

from polyculture.core.finding import Finding, Found, Point
from polyculture.datacheck.subject import Subject

NEEDED = ("train", "valid")


def report(subject: Subject, _: None) -> Found:
    """The first error that a training would end with, or a split that it lacks."""
    missing = [split for split in NEEDED if split not in subject.rows]
    inventory, reason = subject.prepared()[1:]
    points = [Point(key="accepted.refused", values={"reason": reason})] if reason else []
    points += [Point(key="accepted.missing", values={"split": split}) for split in missing]
    if points:
        advice = [Point(key="accepted.fix")] if reason else [Point(key="accepted.hold_out")]
        return Found(
            severity="severe", count=len(points), points=tuple(points), advice=tuple(advice)
        )
    if inventory is None:
        return Found(severity="skipped", points=(Point(key="accepted.part"),))
    labels = len(inventory.labels)
    return Found(severity="fine", points=(Point(key="accepted.fine", values={"labels": labels}),))


PLUGIN = Finding(report=report)
