"""Evidence of several models, brought to the same items in the same order and one coding."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from polyculture.core.errors import ProbeMismatchError
from polyculture.core.views import Evidence, Predictions
from polyculture.stats.groups.panel import in_one_coding


def aligned_evidence(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The same evidence with items joined by id, in the first model's order, and shared codes.

    Raises:
        ProbeMismatchError: There are fewer than two models, two share a name, or they answered
            different items or have different right answers.
    """
    if len(evidence) < 2:  # noqa: PLR2004
        names = ", ".join(repr(model.model) for model in evidence) or "none"
        msg = f"An audit compares models, so it needs at least two, but there is {names}."
        raise ProbeMismatchError(msg)
    name, times = Counter(model.model for model in evidence).most_common(1)[0]
    if times > 1:
        msg = f"Two models are named {name!r}. Give each its own name."
        raise ProbeMismatchError(msg)
    first = evidence[0]
    if not first.items:
        msg = f"{first.model!r} answered no items, so there is nothing to compare."
        raise ProbeMismatchError(msg)
    ordered = [first, *(_in_order(model, first) for model in evidence[1:])]
    coded = in_one_coding([model.predictions for model in ordered])
    for model, predictions in zip(ordered, coded, strict=True):
        _same_gold(first.model, coded[0], model.model, predictions)
    return tuple(
        replace(model, predictions=predictions)
        for model, predictions in zip(ordered, coded, strict=True)
    )


def _in_order(other: Evidence, first: Evidence) -> Evidence:
    if other.items == first.items:
        return other
    strange = set(other.items) ^ set(first.items)
    if strange:
        item = min(strange)
        has, lacks = (other, first) if item in set(other.items) else (first, other)
        msg = (
            f"Models are compared on the same items, but {has.model!r} answered {item!r} and "
            f"{lacks.model!r} did not ({len(strange)} such items). Let all answer one probe."
        )
        raise ProbeMismatchError(msg)
    place = {item: number for number, item in enumerate(other.items)}
    order = np.array([place[item] for item in first.items])
    return replace(
        other,
        items=first.items,
        predictions=replace(other.predictions.at(order), items=first.items),
        groups=None if other.groups is None else tuple(other.groups[n] for n in order),
        documents=None if other.documents is None else tuple(other.documents[n] for n in order),
        texts=None if other.texts is None else tuple(other.texts[n] for n in order),
    )


def _same_gold(name: str, first: Predictions, other_name: str, other: Predictions) -> None:
    if (first.gold is None) != (other.gold is None):
        known, unknown = (name, other_name) if other.gold is None else (other_name, name)
        msg = f"The right answers are known for {known!r} but not for {unknown!r}. Give both."
        raise ProbeMismatchError(msg)
    if first.gold is None or other.gold is None:
        return
    differing = np.flatnonzero(first.gold != other.gold)
    if len(differing):
        item = first.items[differing[0]] if first.items else str(differing[0])
        msg = (
            f"Models are judged by the same right answers, but {name!r} and {other_name!r} have "
            f"different ones for {len(differing)} items, the first is {item!r}."
        )
        raise ProbeMismatchError(msg)
