"""The command line's summary of an audit: headlines, and the path of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from polyculture.core.shown import shown, shown_path
from polyculture.core.values import Known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from polyculture.core.audit import Audit, Comparison
    from polyculture.core.values import Value

MOST_MODELS = 30
"""Models shown; the report has all."""
USUAL = 0.95
MOST_NEVER = 3
"""Answers never given that a row of the table names."""
SMALLEST = 0.0001
MOST_TIMES = 1000
"""Beyond this a ratio says no more than that the expected share is next to nothing."""
BEHAVIOUR = ("error_consistency", "agreement")


def show_audit(audit: Audit, page: Path) -> None:
    """Print the headlines of an audit, and where its page lies."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(_accuracies(audit))
    left = len(audit.models) - MOST_MODELS
    if left > 0:
        console.print(f"… and {left} more; the report has all.", markup=False)
    for line in _audit_lines(audit):
        console.print(shown(line), markup=False)
    console.print(f"\nReport: {shown_path(page)}", markup=False)


def _accuracies(audit: Audit) -> Table:
    items = "1 item" if audit.items == 1 else f"{audit.items:,} items"
    title = Text(f"{len(audit.models)} models on {items} of {shown(audit.probe)}")
    table = Table(title=title)
    table.add_column("model", overflow="fold")
    table.add_column("accuracy", justify="right")
    is_usual = audit.settings.get("confidence") == USUAL
    table.add_column("95% interval" if is_usual else "interval", no_wrap=True)
    has_f1 = any(isinstance(model.f1, Known) for model in audit.models)
    if has_f1:
        kind = audit.models[0].f1_kind
        table.add_column("entity F1" if kind == "entity_f1" else "macro F1", justify="right")
    table.add_column("missing", justify="right")
    has_never = any(model.never_answered for model in audit.models)
    if has_never:
        table.add_column("never answers")
    for model in audit.models[:MOST_MODELS]:
        # A name is no markup: "[b]" stays "[b]".
        name = Text(shown(model.name))
        cells: list[Text | str] = [name, _three_digits(model.accuracy), _ends(model.accuracy)]
        cells += [_three_digits(model.f1)] if has_f1 else []
        cells.append(f"{model.missing:,}")
        cells += [Text(shown(_few(model.never_answered)))] if has_never else []
        table.add_row(*cells)
    return table


def _three_digits(value: Value) -> str:
    return f"{value.number:.3f}" if isinstance(value, Known) else "–"


def _few(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    more = len(names) - MOST_NEVER
    return ", ".join(names[:MOST_NEVER]) + (f" and {more:,} more" if more > 0 else "")


def _ends(value: Value) -> str:
    if not isinstance(value, Known):
        return value.reason
    return "–" if value.low is None else f"{value.low:.3f} to {value.high:.3f}"


def _audit_lines(audit: Audit) -> Iterator[str]:
    for caveat in audit.caveats:
        yield f"Caution: {caveat}"
    observed, expected, ratio = (
        getattr(audit.all_fail, name) for name in ("observed", "expected", "ratio")
    )
    if isinstance(observed, Known) and isinstance(expected, Known):
        times = f", {_times(ratio.number)}" if isinstance(ratio, Known) else ""
        yield (
            f"All fail: {observed.number:.4f} of the items ({_ends(observed)}); independent models "
            f"{_small(expected.number)}{times}."
        )
    else:
        yield f"Joint failure is undefined: {observed.reason}."
    votes = next(
        (result.value for result in audit.group if result.measure == "effective_votes"), None
    )
    if isinstance(votes, Known):
        yield f"Effective votes: {votes.number:.2f} of {len(audit.models)} ({_ends(votes)})."
    yield from _extremes(audit)
    yield ""
    for advice in audit.advice:
        yield f"• {advice.sentence}"
    for note in audit.notes:
        yield f"Note: {note}"


def _small(share: float) -> str:
    return f"{share:.4f}" if share == 0 or share >= SMALLEST else f"{share:.1g}"


def _times(ratio: float) -> str:
    if ratio > MOST_TIMES:
        return f"more than {MOST_TIMES:,} times as many"
    return f"{ratio:.1f} times as many"


def _extremes(audit: Audit) -> Iterator[str]:
    for name in BEHAVIOUR:
        known = [
            (comparison.value.number, comparison)
            for comparison in audit.comparisons
            if comparison.measure == name and isinstance(comparison.value, Known)
        ]
        if known:
            most, least = (pick(known, key=lambda pair: pair[0])[1] for pick in (max, min))
            yield f"Most alike:  {_pair(most)}"
            if most is not least:
                yield f"Least alike: {_pair(least)}"
            return


def _pair(comparison: Comparison) -> str:
    value = comparison.value
    number = f"{value.number:.3f}" if isinstance(value, Known) else "–"
    measure = comparison.measure.replace("_", " ")
    return f"{comparison.a} and {comparison.b}, {measure} {number} ({_ends(value)})"
