"""Would a training take these rows at all? It prepares them as a training does."""

from polyculture.core.finding import Finding, Found, Point
from polyculture.datacheck.subject import Subject

NEEDED = ("train", "valid")


def report(subject: Subject, _: None) -> Found:
    """The first error that a training would end with, or a split that it lacks."""
    pool = subject.task.pool(subject.settings)
    missing = [split for split in (*NEEDED, pool) if split and split not in subject.rows]
    if subject.is_streamed and getattr(subject.recipe.data, "hold_out", None):
        missing = [split for split in missing if split != "valid"]  # held out of train, later
    inventory, reason = subject.prepared()[1:]
    points = [Point(key="accepted.refused", values={"reason": reason})] if reason else []
    points += [Point(key="accepted.missing", values={"split": split}) for split in missing]
    if points:
        name = "hold_out" if set(missing) & set(NEEDED) else "name"
        advice = Point(key="accepted.fix" if reason else f"accepted.{name}")
        return Found(severity="severe", count=len(points), points=tuple(points), advice=(advice,))
    if inventory is None:
        return Found(severity="skipped", points=(Point(key="accepted.part"),))
    labels = len(inventory.labels)
    return Found(severity="fine", points=(Point(key="accepted.fine", values={"labels": labels}),))


PLUGIN = Finding(report=report)
