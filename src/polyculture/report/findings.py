"""Findings that the page shows in several places."""

from polyculture.core.audit import Audit, Comparison, GroupResult, JointOutcome
from polyculture.core.values import Known, Value
from polyculture.page.numbers import level
from polyculture.report.language import Language
from polyculture.report.meanings import BEHAVIOUR


def group_value(audit: Audit, measure: str) -> Value | None:
    """The value of a group measure; None if it was not computed."""
    values = (result.value for result in audit.group if result.measure == measure)
    return next(values, None)


def undefined_results(audit: Audit) -> list[Comparison | GroupResult]:
    """Comparisons and group results without a value."""
    every: list[Comparison | GroupResult] = [*audit.comparisons, *audit.group]
    return [result for result in every if not isinstance(result.value, Known)]


def levels(audit: Audit, language: Language) -> str:
    """What the intervals of this audit are, such as "95% interval"."""
    confidence = audit.settings.get("confidence")
    if not confidence:
        return language.say("interval.plain")
    return language.say("interval.level", level=level(float(confidence)))


def behaviour_of(audit: Audit) -> str | None:
    """The measure of behaviour by which pairs are ranked."""
    defined = {
        result.measure
        for result in audit.comparisons
        if result.view == "predictions" and isinstance(result.value, Known)
    }
    return next((measure for measure in BEHAVIOUR if measure in defined), None)


def ranked(audit: Audit, measure: str) -> list[tuple[Comparison, Known]]:
    """Pairs with a value, the most alike first."""
    known = [
        (result, result.value)
        for result in audit.comparisons
        if result.measure == measure and isinstance(result.value, Known)
    ]
    return sorted(known, key=lambda pair: -pair[1].number)


def times_as_often(outcome: JointOutcome, language: Language) -> str:
    """How a joint outcome compares with independence, in words."""
    value = outcome.ratio
    if not isinstance(value, Known):
        return language.say("times.undefined", reason=language.reason(value.reason))
    times = language.ratio(value.number)
    if value.low is not None and value.high is not None and value.low <= 1 <= value.high:
        return language.say("times.about", ratio=times)
    return language.say("times", ratio=times)
