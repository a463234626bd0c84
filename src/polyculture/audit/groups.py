"""Joint outcomes of all models, strata of items, and measures of the group."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from polyculture.audit.intervals import Floats, value_of
from polyculture.audit.quality import Quality, quality
from polyculture.core import parts
from polyculture.core.audit import GroupResult, JointOutcome, ModelResult, Stratum
from polyculture.core.errors import UndefinedError
from polyculture.core.measure import GroupMeasure
from polyculture.core.values import Known, Undefined, Value
from polyculture.core.views import Evidence
from polyculture.stats.groups.independence import poisson_binomial, within
from polyculture.stats.groups.panel import Panel
from polyculture.stats.scores import ratio

NO_GOLD = "no right answers (gold) are known"
JOINT = frozenset({"all_fail", "all_correct", "outcome_homogenization"})
"""Measures whose values stand in the joint outcomes already."""


def model_results(
    evidence: Sequence[Evidence], panel: Panel, *, confidence: float
) -> tuple[ModelResult, ...]:
    """Accuracy, F1, errors, missing answers and answers never given of each model."""
    has_gold = panel.models[0].gold is not None
    items = panel.units()
    qualities = [
        quality(model, panel, confidence=confidence)
        if has_gold
        else Quality("macro_f1", Undefined(reason=NO_GOLD), ())
        for model in evidence
    ]
    return tuple(
        ModelResult(
            name=model.model,
            accuracy=value_of(
                1 - panel.error_rates[number], confidence=confidence, why="", items=items
            )
            if has_gold
            else Undefined(reason=NO_GOLD),
            errors=int(panel.wrong[number].sum()) if has_gold else None,
            missing=int(model.predictions.missing.sum()),
            lineage=model.lineage,
            f1_kind=qualities[number].kind,
            f1=qualities[number].f1,
            never_answered=qualities[number].never,
            learned_items=model.learned_items,
        )
        for number, model in enumerate(evidence)
    )


def undefined_outcome(reason: str) -> JointOutcome:
    """A joint outcome of which nothing can be said."""
    nothing = Undefined(reason=reason)
    return JointOutcome(observed=nothing, expected=nothing, ratio=nothing, difference=nothing)


def joint_outcome(
    observed: Floats, expected: Floats, *, items: int, what: str, confidence: float
) -> JointOutcome:
    """How often all models share one outcome, against what was expected.

    Args:
        observed: Share of the items, ``(rounds,)``; the first round is the items as they are.
        expected: The same if models were independent, ``(rounds,)``.
        items: Number of items, or of the documents that they come from.
        what: The outcome in words, ``failure`` or ``success``.
        confidence: Share of the bootstrap inside an interval.
    """
    level = float(expected[0])
    make = partial(value_of, confidence=confidence, why=f"independent models would share no {what}")
    return JointOutcome(
        observed=make(observed, items=items, chance=level),
        expected=make(expected),
        ratio=make(ratio(observed, expected), chance=1.0),
        difference=make(observed - expected, chance=0.0),
    )


def all_fail(panel: Panel, *, confidence: float) -> JointOutcome:
    """How often all models fail, against independence."""
    return joint_outcome(
        panel.mean_of(np.all(panel.wrong, axis=0)),
        panel.error_rates.prod(axis=0),
        items=panel.units(),
        what="failure",
        confidence=confidence,
    )


def all_correct(panel: Panel, *, confidence: float) -> JointOutcome:
    """How often all models are right, against independence."""
    return joint_outcome(
        panel.mean_of(np.all(~panel.wrong, axis=0)),
        (1 - panel.error_rates).prod(axis=0),
        items=panel.units(),
        what="success",
        confidence=confidence,
    )


def all_fail_within(
    panel: Panel, strata: NDArray[np.int64], *, what: str, confidence: float
) -> JointOutcome:
    """How often all models fail, against independence within each stratum of the items."""
    if np.bincount(strata).max() == 1:
        return undefined_outcome(f"every item has {what} of its own, which expects what it saw")
    return joint_outcome(
        panel.mean_of(np.all(panel.wrong, axis=0)),
        within(panel.wrong, strata, panel.counts),
        items=panel.units(),
        what="failure",
        confidence=confidence,
    )


def strata(panel: Panel, groups: Sequence[str], *, confidence: float) -> tuple[Stratum, ...]:
    """Joint failure within each group of items, groups in code-point order."""
    names, place = np.unique(np.array(groups, dtype=object), return_inverse=True)
    return tuple(
        Stratum(
            name=str(name),
            items=int((place == number).sum()),
            all_fail=_within_one(panel, place == number, confidence),
        )
        for number, name in enumerate(names)
    )


def _within_one(panel: Panel, inside: NDArray[np.bool_], confidence: float) -> JointOutcome:
    size = panel.mean_of(inside)  # (rounds,)
    rates = [ratio(panel.mean_of(wrong & inside), size) for wrong in panel.wrong]
    return joint_outcome(
        ratio(panel.mean_of(np.all(panel.wrong, axis=0) & inside), size),
        np.prod(rates, axis=0),
        items=panel.units(inside),
        what="failure",
        confidence=confidence,
    )


def counts_of_failures(panel: Panel) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Items failed by exactly 0, 1, ..., k models, and the same under independence."""
    models, items = panel.wrong.shape
    observed = np.bincount(panel.wrong.sum(axis=0), minlength=models + 1)
    expected = poisson_binomial(panel.wrong.mean(axis=1)) * items
    return tuple(int(n) for n in observed), tuple(float(n) for n in expected)


def group_results(panel: Panel, *, confidence: float) -> tuple[GroupResult, ...]:
    """Every measure of the group that no joint outcome holds already."""
    return tuple(
        _group_result(name, parts.load("measures.group", name), panel, confidence)
        for name in parts.names("measures.group")
        if name not in JOINT
    )


def _group_result(name: str, measure: GroupMeasure, panel: Panel, confidence: float) -> GroupResult:
    try:
        number = measure.compare(panel.models)
    except UndefinedError as error:
        return GroupResult(measure=name, view=measure.reads, value=Undefined(reason=str(error)))
    chance = measure.chance(panel.models) if callable(measure.chance) else measure.chance
    value: Value
    if measure.weighted is None:
        value = Known(number=number, no_interval=measure.no_interval, chance=chance)
    else:
        items = panel.units() if measure.is_share else None
        value = value_of(
            measure.weighted(panel), confidence=confidence, why="", chance=chance, items=items
        )
    note = measure.note(panel.models) if measure.note else ""
    return GroupResult(measure=name, view=measure.reads, value=value, note=note)
