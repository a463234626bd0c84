"""Time and memory of the training, estimated from a few short steps of it."""

from polyculture.core.finding import Finding, Found, Point
from polyculture.datacheck.subject import Subject

LONG = 3_600.0


def why_not(subject: Subject) -> Point | None:
    """Somebody must have timed it."""
    return None if subject.cost else Point(key="cost.none", values={"reason": subject.no_cost})


def report(subject: Subject, _: None) -> Found:
    """Steps, seconds from quiet to busy, and the peak of the memory while steps were timed."""
    cost = subject.cost
    if cost is None:
        return Found(severity="skipped")
    values: dict[str, str | int | float] = {
        "steps": cost.steps,
        "low": cost.low,
        "high": cost.high,
        "peak": cost.peak_mb,
        "trained": cost.trained,
        "parameters": cost.parameters,
    }
    is_long = cost.high >= LONG
    return Found(
        severity="note",
        count=cost.steps,
        points=(Point(key="cost", values=values), Point(key="cost.memory", values=values)),
        advice=(Point(key="cost.fix"),) if is_long else (),
        protocol={key: str(value) for key, value in cost.chosen.items()},
    )


PLUGIN = Finding(report=report, why_not=why_not)
