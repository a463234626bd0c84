"""What every measure promises. Run these on your own; our tests run them on ours.

Example: ``for check in CHECKS: check(load("measures.predictions", "capa"), "predictions")``.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from polyculture.checks.made_up import (
    CHANGES,
    GOLD,
    degenerate,
    guesser,
    repeated,
    view,
)
from polyculture.core.errors import UndefinedError
from polyculture.core.measure import GroupMeasure, PairMeasure
from polyculture.stats.groups.panel import Panel

Measure = PairMeasure | GroupMeasure
Check = Callable[[Any, str], None]

SEEDS = range(20)
ROUNDING = 1e-9
SMALL = 0.02
"""A ratio or a root of noisy shares is off by so little on 400 items, beyond its chance error."""


def compared(measure: Measure, *models: Any) -> float:
    """The definition's value: two models for a pair, all of them for a group."""
    return (
        measure.compare(*models[:2])
        if isinstance(measure, PairMeasure)
        else measure.compare(models)
    )


def chance_of(measure: Measure, *models: Any) -> float | None:
    """The declared chance level for these models."""
    level: Any = measure.chance
    if not callable(level):
        return None if level is None else float(level)
    declared: float = level(*models[:2]) if isinstance(measure, PairMeasure) else level(models)
    return declared


def weighted(measure: Measure, models: Any, counts: Any) -> Any:
    """The fast form's values, ``(rounds,)``; of the first pair for a pair measure."""
    assert measure.weighted is not None
    values = measure.weighted(Panel(models=tuple(models), counts=counts.astype(np.uint8)))
    return values[0] if isinstance(measure, PairMeasure) else values


def states_its_facts(measure: Measure, name: str) -> None:
    """Range, source, and a definition that explains itself with formula, example and source."""
    words = measure.compare.__doc__ or ""

    assert measure.low < measure.high
    assert measure.source
    assert not measure.unchanged_by - CHANGES.keys(), "a change that no check knows"
    assert measure.needs <= {"gold", "probabilities"}
    for part in ("Returns:", "Raises:", "Example:", "Source:", r"\["):
        assert part in words, f"{name} has no {part}"
    if isinstance(measure, PairMeasure) and measure.same is not None:
        assert measure.low <= measure.same <= measure.high


def stays_in_its_declared_range(measure: Measure, name: str) -> None:
    """The value never leaves [low, high], for strangers, for kin and for copies."""
    for seed in SEEDS:
        strangers = [view(name, 10 * seed + k) for k in range(3)]
        kin = [view(name, 10 * seed + k, cause=seed) for k in range(3)]
        copies = [view(name, seed)] * 3

        for models in (strangers, kin, copies):
            assert measure.low - ROUNDING <= compared(measure, *models) <= measure.high + ROUNDING


def does_not_depend_on_the_order_of_models(measure: Measure, name: str) -> None:
    """Which model comes first makes no difference."""
    for seed in SEEDS:
        models = [view(name, 10 * seed + k, cause=seed) for k in range(3)]
        forward = models[:2] if isinstance(measure, PairMeasure) else models

        assert math.isclose(
            compared(measure, *forward), compared(measure, *forward[::-1]), rel_tol=ROUNDING
        )


def gives_a_model_with_itself_what_is_declared(measure: Measure, name: str) -> None:
    """A pair measure's ``same`` is exact, where there is one."""
    if isinstance(measure, GroupMeasure) or measure.same is None:
        return
    for seed in SEEDS:
        model = view(name, seed)

        assert math.isclose(measure.compare(model, model), measure.same, rel_tol=ROUNDING)


def averages_its_chance_level_for_independent_models(measure: Measure, name: str) -> None:
    """Over many sets of guessing models, the mean difference from chance is nothing but noise."""
    if measure.chance is None or name != "predictions":
        return
    off = []
    for seed in range(40):
        models = [guesser(1000 + 10 * seed + k) for k in range(3)]
        level = chance_of(measure, *models)
        assert level is not None
        off.append(compared(measure, *models) - level)

    error = np.std(off, ddof=1) / math.sqrt(len(off))
    assert abs(np.mean(off)) <= 4 * error + SMALL


def is_unchanged_by_what_it_declares(measure: Measure, name: str) -> None:
    """Renaming classes, reordering items and the like leave the value as it is."""
    for change in sorted(measure.unchanged_by):
        for seed in SEEDS:
            models = [view(name, 10 * seed + k, cause=seed) for k in range(3)]
            changed = CHANGES[change](models, np.random.default_rng(seed))

            assert math.isclose(
                compared(measure, *models), compared(measure, *changed), rel_tol=ROUNDING
            ), change


def gives_a_number_or_a_reason(measure: Measure, name: str) -> None:
    """Never NaN, never infinite, never a warning: a value in range, or one short sentence."""
    for models in degenerate(name):
        try:
            value = compared(measure, *models)
        except UndefinedError as error:
            reason = str(error)
            assert reason
            assert not reason.endswith(".")
            assert "\n" not in reason
        else:
            assert math.isfinite(value)
            assert measure.low - ROUNDING <= value <= measure.high + ROUNDING


def says_so_without_what_it_needs(measure: Measure, name: str) -> None:
    """Undefined without the gold or probabilities it declares to need; with a value otherwise."""
    if name != "predictions":
        return
    models = [view(name, k) for k in range(3)]
    for need in ("gold", "probabilities"):
        poorer = [replace(model, **{need: None}) for model in models]
        if need in measure.needs:
            try:
                compared(measure, *poorer)
            except UndefinedError:
                continue
            msg = f"declares to need {need}, but has a value without"
            raise AssertionError(msg)
        compared(measure, *poorer)


def has_a_weighted_form_that_agrees_with_its_definition(measure: Measure, name: str) -> None:
    """Under weights the fast form gives what the definition gives on items repeated so often."""
    if measure.weighted is None or name != "predictions":
        return
    sets = [[view(name, 10 * seed + k, cause=seed) for k in range(3)] for seed in range(5)]
    for number, models in enumerate((*sets, *degenerate(name))):
        items = len(models[0].labels)
        if not items or (models[0].gold is None and "gold" in measure.needs):
            continue  # an audit does not ask then
        rng = np.random.default_rng(number)
        rounds = [np.ones(items, dtype=np.int64)]
        if "item_order" in measure.unchanged_by:  # else it is no function of how often items come
            rounds += [np.bincount(rng.integers(items, size=items), minlength=items)] * 2
        fast = weighted(measure, models, np.stack(rounds))
        for counts, value in zip(rounds, fast, strict=True):
            try:
                slow = compared(measure, *(repeated(model, counts) for model in models))
            except UndefinedError:
                assert np.isnan(value)
            else:
                assert math.isclose(value, slow, rel_tol=ROUNDING, abs_tol=ROUNDING)


def refuses_models_that_answered_different_items(measure: Measure, name: str) -> None:
    """Answers are never paired by position alone when their number or ids differ."""
    from polyculture.core.errors import ProbeMismatchError

    if name != "predictions":
        return
    whole = view(name, 1)
    for other in (
        repeated(view(name, 2), np.arange(len(GOLD)) > 0),
        replace(view(name, 2), items=tuple(f"other {n}" for n in range(len(GOLD)))),
    ):
        first = replace(whole, items=tuple(str(n) for n in range(len(GOLD))))
        try:
            compared(measure, first, other)
        except ProbeMismatchError:
            continue
        msg = "compares models that answered different items"
        raise AssertionError(msg)


CHECKS: tuple[Check, ...] = (
    states_its_facts,
    stays_in_its_declared_range,
    does_not_depend_on_the_order_of_models,
    gives_a_model_with_itself_what_is_declared,
    averages_its_chance_level_for_independent_models,
    is_unchanged_by_what_it_declares,
    gives_a_number_or_a_reason,
    says_so_without_what_it_needs,
    has_a_weighted_form_that_agrees_with_its_definition,
    refuses_models_that_answered_different_items,
)
