"""A short JSON summary of an audit, as ``polyculture audit --json`` prints it."""

from typing import Any

from polyculture.core.audit import Audit, Comparison, JointOutcome, ModelResult
from polyculture.core.values import Known, Value

SCHEMA_NUMBER = 1
NO_CHANCE = "no chance level is known for this measure"


def summary(audit: Audit) -> dict[str, Any]:
    """The audit as plain JSON values; ``docs/audit-json.md`` describes them.

    Whatever is undefined is ``{"reason": ...}`` instead of a number.
    """
    return {
        "schema_number": SCHEMA_NUMBER,
        "probe": audit.probe,
        "digest": audit.digest,
        "models": [model.name for model in audit.models],
        "items": audit.items,
        "resampled": audit.settings["resampled"],
        "units": audit.settings["units"],
        "accuracy": {model.name: number(model.accuracy) for model in audit.models},
        "f1_kind": audit.models[0].f1_kind,
        "f1": {model.name: number(model.f1) for model in audit.models},
        "never_answered": {model.name: list(model.never_answered) for model in audit.models},
        "learned_items": {model.name: _learned_items(model) for model in audit.models},
        "group": {
            "all_fail": _joint_numbers(audit.all_fail),
            "all_correct": _joint_numbers(audit.all_correct),
            **{result.measure: number(result.value) for result in audit.group},
        },
        "pairs": [_pair(comparison) for comparison in audit.comparisons],
        "contests": [
            {
                "a": entry.a,
                "b": entry.b,
                "a_only": entry.a_only,
                "b_only": entry.b_only,
                "p_value": number(entry.p_value),
                "p_corrected": number(entry.p_corrected),
            }
            for entry in audit.contests
        ],
        "advice": [entry.sentence for entry in audit.advice],
        "caveats": list(audit.caveats),
        "notes": list(audit.notes),
    }


def _learned_items(model: ModelResult) -> int | dict[str, str]:
    if model.learned_items is None:
        return {"reason": "its training rows are not known"}
    return model.learned_items


def number(value: Value) -> float | dict[str, str]:
    """A number, or why there is none.

    Example:
        >>> number(Known(number=0.5))
        0.5
    """
    return value.number if isinstance(value, Known) else {"reason": value.reason}


def _joint_numbers(outcome: JointOutcome) -> dict[str, Any]:
    return {key: number(getattr(outcome, key)) for key in ("observed", "expected", "ratio")}


def _pair(comparison: Comparison) -> dict[str, Any]:
    value = comparison.value
    if isinstance(value, Known):
        no_interval = {"reason": value.no_interval or "it was not computed"}
        low = no_interval if value.low is None else value.low
        high = no_interval if value.high is None else value.high
        chance = {"reason": NO_CHANCE} if value.chance is None else value.chance
    else:
        low = high = chance = {"reason": value.reason}
    return {
        "a": comparison.a,
        "b": comparison.b,
        "view": comparison.view,
        "measure": comparison.measure,
        "value": number(value),
        "low": low,
        "high": high,
        "chance": chance,
        "items": comparison.items,
    }
