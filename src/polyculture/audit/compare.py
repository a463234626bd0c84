"""Every measure on every pair of models."""

from collections.abc import Sequence
from functools import partial
from typing import Any, get_args

import numpy as np

from polyculture.audit.intervals import Floats, with_interval
from polyculture.core import parts
from polyculture.core.audit import Comparison
from polyculture.core.errors import UndefinedError
from polyculture.core.measure import PairMeasure, ViewName
from polyculture.core.values import Known, Undefined, Value
from polyculture.core.views import Evidence
from polyculture.stats.groups.panel import Panel
from polyculture.stats.inference.resample import percentile_intervals


def compare_pairs(
    evidence: Sequence[Evidence], panel: Panel, *, confidence: float
) -> tuple[Comparison, ...]:
    """All pair measures of all views that any of the models has.

    Args:
        evidence: Aligned evidence of k models.
        panel: The same models' answers under bootstrap weights.
        confidence: Share of the bootstrap inside an interval.
    """
    comparisons: list[Comparison] = []
    for view in get_args(ViewName):
        if not any(getattr(model, view) for model in evidence):
            continue
        for name in parts.names(f"measures.{view}"):
            measure: PairMeasure = parts.load(f"measures.{view}", name)
            if measure.weighted:
                values = _resampled(measure, evidence, panel, confidence)
            else:
                values = [_plain(measure, view, *pair) for pair in _pairs(evidence)]
            comparisons += [
                Comparison(
                    a=a.model, b=b.model, view=view, measure=name, value=value, items=len(a.items)
                )
                for (a, b), value in zip(_pairs(evidence), values, strict=True)
            ]
    return tuple(comparisons)


def _pairs(evidence: Sequence[Evidence]) -> list[tuple[Evidence, Evidence]]:
    return [(a, b) for number, a in enumerate(evidence) for b in evidence[number + 1 :]]


def _resampled(
    measure: PairMeasure, evidence: Sequence[Evidence], panel: Panel, confidence: float
) -> list[Value]:
    pairs = _pairs(evidence)
    numbers = _weighted(measure, panel)
    intervals = percentile_intervals(numbers[:, 1:], confidence)
    units = panel.units()
    return [
        with_interval(
            float(number),
            (float(ends[0]), float(ends[1])),
            has_rounds=len(panel.counts) > 1,
            confidence=confidence,
            why=partial(_reason, measure, a.predictions, b.predictions),
            chance=_chance(measure, a.predictions, b.predictions),
            items=units if measure.is_share else None,
        )
        for (a, b), number, ends in zip(pairs, numbers[:, 0], intervals, strict=True)
    ]


def _weighted(measure: PairMeasure, panel: Panel) -> Floats:
    if measure.weighted is None or ("gold" in measure.needs and panel.models[0].gold is None):
        return np.full((len(panel.pairs[0]), len(panel.counts)), np.nan)
    return measure.weighted(panel)


def _reason(measure: PairMeasure, a: Any, b: Any) -> str:
    try:
        number = measure.compare(a, b)
    except UndefinedError as error:
        return str(error)
    msg = f"{measure.compare.__name__} gives {number}, but its weighted form is undefined"
    raise ArithmeticError(msg)


def _chance(measure: PairMeasure, a: Any, b: Any) -> float | None:
    if not callable(measure.chance):
        return measure.chance
    try:
        return measure.chance(a, b)
    except UndefinedError:
        return None


def _plain(measure: PairMeasure, view: str, a: Evidence, b: Evidence) -> Value:
    unknown = [repr(model.model) for model in (a, b) if getattr(model, view) is None]
    if unknown:
        return Undefined(reason=f"the {view} of {' and '.join(unknown)} is not known")
    left, right = getattr(a, view), getattr(b, view)
    try:
        number = measure.compare(left, right)
    except UndefinedError as error:
        return Undefined(reason=str(error))
    chance = _chance(measure, left, right)
    return Known(number=number, no_interval=measure.no_interval, chance=chance)
