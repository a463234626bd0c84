"""How well each model does: beside its baselines, with intervals."""

from collections.abc import Sequence
from math import isclose
from typing import Any, Literal

import altair as alt

from polyculture.core.audit import Audit, ModelResult
from polyculture.core.report_input import ReportInput
from polyculture.core.run import Baseline, Run, Score, Scores
from polyculture.core.values import Known
from polyculture.page.blocks import Block, Cell, Chart, Column, Fold, Prose, Section, Table
from polyculture.page.drawing import finished, rows
from polyculture.page.numbers import (
    SMALLEST_P,
    SURE,
    cell,
    coefficient,
    count,
    p_value,
    share,
    told,
)
from polyculture.page.palette import LIGHT
from polyculture.page.words import plural, short
from polyculture.report import contests
from polyculture.report.meanings import name_of, within

ROW = 30
MOST_NEVER = 6
"""Answers never given that a row of the table names; the record has all."""
F1 = {"macro_f1": "Macro F1", "entity_f1": "Entity F1"}
ABOUT_F1 = {
    "macro_f1": "Macro F1 is the plain mean over the right answers that occur; one that is never "
    "given counts 0.",
    "entity_f1": "Accuracy counts items whose entities are all right; entity F1 counts entities.",
}
LONG = 30
"""With more models than this the table opens on request."""


def section(content: ReportInput) -> Section:
    """Scores of trainings, and accuracy on the probe."""
    blocks: list[Block] = [*_accuracy(content.audit), *contests.blocks(content.audit)]
    if content.runs:
        blocks += [_against_baselines(content.runs, content.audit), *_per_label(content.runs)]
    return Section(
        key="scores",
        title="How well each model does",
        lead="Likeness means little without quality: two good models agree because both are right.",
        blocks=tuple(blocks),
    )


def _accuracy(audit: Audit) -> list[Block]:
    known = [(m, m.accuracy) for m in audit.models if isinstance(m.accuracy, Known)]
    if not known:
        reasons = {m.accuracy.reason for m in audit.models if m.accuracy.kind == "undefined"}
        return [Prose(text=f"Accuracy is undefined: {'; '.join(sorted(reasons))}.")]
    best, value = max(known, key=lambda pair: pair[1].number)
    return [
        Chart(
            title="Accuracy on the probe",
            words=f"Each dot is a model's accuracy, the line its interval. {best.name} is the "
            f"highest with {share(value.number)}{best.never(', although it')}; chosen on the items "
            "it is scored on.",
            specification=_dots(known),
            table=_accuracy_table(audit),
        )
    ]


def _accuracy_table(audit: Audit) -> Table:
    has_f1 = any(isinstance(model.f1, Known) for model in audit.models)
    has_never = any(model.never_answered for model in audit.models)
    has_lineage = any(model.lineage for model in audit.models)
    columns = [Column(label="Model"), Column(label="Accuracy", is_number=True)]
    if has_f1:
        columns.append(Column(label=F1[audit.models[0].f1_kind], is_number=True))
    columns += [Column(label=label, is_number=True) for label in ("Errors", "No answer")]
    columns += [Column(label="Never answers")] if has_never else []
    columns += [Column(label="Made from")] if has_lineage else []
    lines = []
    for model in audit.models:
        errors = Cell(text="–", tone="quiet")
        if model.errors is not None:
            errors = Cell(text=count(model.errors))
        line = [Cell(text=model.name), cell(model.accuracy, share)]
        line += [cell(model.f1, share)] if has_f1 else []
        line += [errors, Cell(text=count(model.missing))]
        line += [_never_cell(model)] if has_never else []
        if has_lineage:
            line.append(Cell(text=" ← ".join(model.lineage) or "–"))
        lines.append(tuple(line))
    return Table(
        caption=f"Accuracy on {plural(audit.items, 'item')} of {audit.probe}. "
        "A missing answer counts as wrong.",
        columns=tuple(columns),
        rows=tuple(lines),
        note=ABOUT_F1.get(audit.models[0].f1_kind, "") if has_f1 else "",
        is_folded=len(lines) > LONG,
    )


def _never_cell(model: ModelResult) -> Cell:
    """Right answers that a model never gives."""
    names = model.never_answered
    if not names:
        return Cell(text="–", tone="quiet")
    more = len(names) - MOST_NEVER
    rest = f" and {more:,} more" if more > 0 else ""
    return Cell(text=", ".join(names[:MOST_NEVER]) + rest, tone="alarm")


def _dots(known: Sequence[tuple[ModelResult, Known]]) -> dict[str, Any]:
    ordered = sorted(known, key=lambda pair: -pair[1].number)
    dots: list[dict[str, Any]] = [
        {
            "model": f"{short(model.name)}{chr(0x200B) * place}",  # told apart if cut to the same
            "accuracy": value.number,
            "low": value.number if value.low is None else value.low,
            "high": value.number if value.high is None else value.high,
            "words": f"{model.name}: {share(value.number)}",
        }
        for place, (model, value) in enumerate(ordered)
    ]
    x_axis = alt.Axis(
        format=".0%", title="accuracy", tickCount=5, domain=False, labelFlush=False, ticks=False
    )
    x = alt.X("accuracy:Q", axis=x_axis, scale=alt.Scale(zero=False, padding=12))
    order = [dot["model"] for dot in dots]
    y_axis = alt.Axis(title=None, domain=False, ticks=False, labelPadding=8)
    y = alt.Y("model:N", sort=order, axis=y_axis)
    base = alt.Chart(rows(dots), width=380, height=ROW * min(len(dots), 40))
    lines = base.mark_rule(color=LIGHT["expected"], strokeWidth=2, aria=False)
    points = base.mark_circle(color=LIGHT["expected"], size=90, opacity=1)
    return finished(
        alt.layer(
            lines.encode(x=alt.X("low:Q", axis=x_axis), x2="high:Q", y=y),
            points.encode(x=x, y=y, description="words:N"),
        ),
        labels=order,
    )


def _scored(run: Run) -> Scores:
    return run.valid if run.test is None else run.test


def _against_baselines(runs: Sequence[Run], audit: Audit) -> Table:
    names = list(dict.fromkeys(b.name for run in runs for b in run.baselines))
    kinds = list(dict.fromkeys(_kind(_scored(run)) for run in runs))
    caption = kinds[0] if len(kinds) == 1 else "Scores on held-out rows"
    columns = [Column(label="Model"), Column(label="Score", is_number=True)]
    columns += [Column(label=f"Better than {within(name)}?") for name in names]
    shown = {run.name for run in runs if _is_shown(run, audit)}
    aside = " Intervals of scores that stand above already are not repeated." if shown else ""
    return Table(
        caption=f"{caption}, beside simple methods on the same rows",
        columns=tuple(columns),
        rows=tuple(
            _baseline_row(run, names, says_kind=len(kinds) > 1, is_shown=run.name in shown)
            for run in runs
        ),
        note="“Better” is asked with the exact McNemar test of which rows each gets right; "
        f"p is the chance of so uneven a split if neither were better.{aside}",
    )


def _kind(scores: Scores) -> str:
    """What kind of score it is, such as "Accuracy on 400 rows of test"."""
    return f"{name_of(scores.headline().name)} on {plural(scores.items, 'row')} of {scores.split}"


def _baseline_row(
    run: Run, names: Sequence[str], *, says_kind: bool, is_shown: bool
) -> tuple[Cell, ...]:
    scores = _scored(run)
    headline = scores.headline()
    model = Cell(text=run.name, note=_kind(scores) if says_kind else "")
    score = cell(headline.value, share)
    line = [model, Cell(text=score.text) if is_shown else score]
    baselines = {baseline.name: baseline for baseline in run.baselines}
    itself = getattr(run.recipe.base, "kind", None)
    line += [
        Cell(text="the same method", tone="quiet")
        if name == itself and name not in baselines
        else _against(baselines.get(name), headline)
        for name in names
    ]
    return tuple(line)


def _is_shown(run: Run, audit: Audit) -> bool:
    """Whether the audit's own table holds a run's score with an interval: two would only puzzle."""
    scores = _scored(run)
    headline, value = scores.headline(), scores.headline().value
    above = next((model for model in audit.models if model.name == run.name), None)
    if above is None or scores.split != audit.probe or not isinstance(value, Known):
        return False
    figures = [above.accuracy, *([above.f1] if above.f1_kind == headline.name else [])]
    return any(
        isinstance(one, Known) and isclose(one.number, value.number, abs_tol=1e-9)
        for one in figures
    )


def _against(baseline: Baseline | None, headline: Score) -> Cell:
    """Whether a model is really better than a baseline, and what that reaches."""
    if baseline is None:
        return Cell(text="not run", tone="quiet")
    scores = [score for score in baseline.scores.scores if score.name == headline.name]
    reached = scores[0] if scores else baseline.scores.headline()
    alone = f"right alone: {baseline.model_only:,} against {baseline.baseline_only:,}"
    note = f"it reaches {told(reached.value, share)}; {alone}"
    if not isinstance(baseline.better, Known):
        return Cell(text=f"undefined: {baseline.better.reason}", note=note, tone="quiet")
    p = baseline.better.number
    sign = "" if p < SMALLEST_P else "= "
    if p >= SURE:
        return Cell(text=f"not shown, p {sign}{p_value(p)}", note=note, tone="alarm")
    is_better = baseline.model_only > baseline.baseline_only
    verdict = "yes" if is_better else "worse"
    tone: Literal["good", "alarm"] = "good" if is_better else "alarm"
    return Cell(text=f"{verdict}, p {sign}{p_value(p)}", note=note, tone=tone)


def _per_label(runs: Sequence[Run]) -> list[Block]:
    folds: list[Block] = []
    for run in runs:
        scores = _scored(run)
        tables = [
            _records(scores.table, f"{run.name}: every label, {scores.split}"),
            _records(scores.tag_table, f"{run.name}: every tag, {scores.split}"),
        ]
        folds += [table for table in tables if table.rows]
    return [Fold(title="Label by label", blocks=tuple(folds))] if folds else []


def _records(records: Sequence[dict[str, Any]], caption: str) -> Table:
    keys = list(dict.fromkeys(key for record in records for key in record))
    numeric = {
        key for key in keys if all(isinstance(r.get(key), int | float | None) for r in records)
    }
    return Table(
        caption=caption,
        columns=tuple(Column(label=name_of(key), is_number=key in numeric) for key in keys),
        rows=tuple(tuple(_plain(record.get(key)) for key in keys) for record in records),
        note="“–” is undefined: nothing of the label was found, or nothing was there to find.",
    )


def _plain(value: str | float | None) -> Cell:
    match value:
        case None:
            return Cell(text="–", tone="quiet")
        case int():
            return Cell(text=count(value))
        case float():
            return Cell(text=coefficient(value))
        case str():
            return Cell(text=value)
