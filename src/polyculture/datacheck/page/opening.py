"""The first screen: whether to train, and four questions answered."""

from collections.abc import Iterator

from polyculture.core.finding import DataCheck, Found, Point
from polyculture.datacheck.page.language import Language
from polyculture.page.blocks import Answer
from polyculture.page.numbers import coefficient, count, duration, share

STRANGE = 0.01
"""Share of unknown pieces from which it is the figure to remember."""
SAID = 2
"""Sentences of an answer."""


def verdict(check: DataCheck, language: Language) -> str:
    """Whether anything stands against a training."""
    numbers = {
        kind: sum(one.found.severity == kind for one in check.findings)
        for kind in ("severe", "warning")
    }
    kind = next((kind for kind, number in numbers.items() if number), "fine")
    said = {name: language.counted(number, name) for name, number in numbers.items()}
    return language.say(f"verdict.{kind}", **said)


def deck(check: DataCheck, language: Language) -> str:
    """What was looked at."""
    rows = []
    for split, number in check.rows.items():
        form = "one" if number == 1 else "many"
        called = language.called(split)
        rows.append(language.say(f"noun.row.{form}", number=count(number), split=called))
    return language.say("deck", rows=language.listed(rows), task=check.task)


def answers(check: DataCheck, language: Language) -> tuple[Answer, ...]:
    """The questions that a reader comes with."""
    return (
        _splits(check, language),
        _labels(check, language),
        _base(check, language),
        _cost(check, language),
    )


def _found(check: DataCheck, name: str) -> Found | None:
    """A finding that ran; None if it did not."""
    found = next((one.found for one in check.findings if one.name == name), None)
    return None if found is None or found.severity == "skipped" else found


def _said(check: DataCheck, names: tuple[str, ...], language: Language) -> Iterator[str]:
    """The headlines of some findings, or why none of them ran."""
    ran = [found for name in names if (found := _found(check, name)) and found.points]
    yield from (language.point(found.points[0]) for found in ran)
    if not ran:
        skipped = (one.found for one in check.findings if one.name == names[0])
        for found in skipped:
            reason = language.point(found.points[0]) if found.points else ""
            yield language.say("answer.nobody", reason=reason)


def _answer(
    check: DataCheck,
    language: Language,
    name: str,
    findings: tuple[str, ...],
    figure: str = "",
    *,
    unit: str = "",
) -> Answer:
    sentences = tuple(_said(check, findings, language))
    alarming = any(found.severity == "severe" for one in findings if (found := _found(check, one)))
    return Answer(
        question=language.say(f"answer.{name}"),
        figure=figure,
        unit=unit if figure else "",
        sentences=sentences[:SAID],
        details=sentences[SAID:],
        is_alarming=alarming,
    )


def _splits(check: DataCheck, language: Language) -> Answer:
    leaks = [
        point
        for point in _points(check, "repeated_rows", "repeated.across")
        if point.values["other"] == "train"
    ]
    findings = ("repeated_rows", "near_duplicates", "shared_documents", "split_shift")
    if not leaks:
        return _answer(check, language, "splits", findings)
    worst = max(leaks, key=_part)
    unit = language.say("answer.splits.unit", split=language.called(str(worst.values["split"])))
    return _answer(check, language, "splits", findings, share(_part(worst)), unit=unit)


def _points(check: DataCheck, name: str, key: str) -> list[Point]:
    found = _found(check, name)
    return [] if found is None else [point for point in found.points if point.key == key]


def _part(point: Point) -> float:
    return float(point.values["count"]) / max(1.0, float(point.values["of"]))


def _labels(check: DataCheck, language: Language) -> Answer:
    findings = ("conflicting_labels", "label_errors", "unseen_labels", "illegal_tags")
    some = [f for name in findings[:2] if (f := _found(check, name))]
    figure = count(sum(found.count for found in some)) if some else ""
    unit = language.say("answer.labels.unit")
    return _answer(check, language, "labels", findings, figure, unit=unit)


def _base(check: DataCheck, language: Language) -> Answer:
    findings = ("base_distance", "text_length", "unknown_characters", "lost_case")
    points = _points(check, "base_distance", "distance")
    if points and float(points[0].values["unknown"]) >= STRANGE:
        unknown = share(float(points[0].values["unknown"]))
        unit = language.say("answer.base.unknown")
        return _answer(check, language, "base", findings, unknown, unit=unit)
    figure = coefficient(float(points[0].values["per_word"])) if points else ""
    unit = language.say("answer.base.unit")
    return _answer(check, language, "base", findings, figure, unit=unit)


def _cost(check: DataCheck, language: Language) -> Answer:
    points = _points(check, "training_cost", "cost")
    figure = duration(float(points[0].values["high"])) if points else ""
    return _answer(check, language, "cost", ("training_cost",), figure)
