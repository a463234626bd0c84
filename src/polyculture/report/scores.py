"""Scores of each model beside its baselines, with intervals."""

from collections.abc import Callable, Sequence
from math import isclose
from typing import Any, Literal

import altair as alt

from polyculture.core.audit import MOST_NEVER as MOST_SAID
from polyculture.core.audit import Audit, ModelResult
from polyculture.core.report_input import ReportInput
from polyculture.core.run import Baseline, Run, Score, Scores, ScoreTable
from polyculture.core.values import Known
from polyculture.page.blocks import Block, Cell, Chart, Column, Fold, Prose, Section, Table
from polyculture.page.drawing import finished, rows
from polyculture.page.numbers import SURE, coefficient, count, share
from polyculture.page.palette import LIGHT
from polyculture.page.words import short
from polyculture.report import paired_tests
from polyculture.report.language import Language
from polyculture.report.meanings import name_of, within

ROW = 30
MOST_NEVER = 6
"""Answers never given that a row of the table names; the record has all."""
WORDS = frozenset({"model", "never_answered", "lineage"})
"""Columns of the first table that hold no numbers."""
LONG = 30
"""With more models than this the table opens on request."""


def section(content: ReportInput, language: Language) -> Section:
    """Scores of trainings, and accuracy on the probe."""
    audit, runs = content.audit, content.runs
    blocks: list[Block] = [*_accuracy(audit, language), *paired_tests.blocks(audit, language)]
    if runs:
        blocks += [_against_baselines(runs, audit, language), *_per_label(runs, language)]
    return Section(
        key="scores",
        title=language.say("scores.title"),
        lead=language.say("scores.lead"),
        blocks=tuple(blocks),
    )


def _accuracy(audit: Audit, language: Language) -> list[Block]:
    known = [(m, m.accuracy) for m in audit.models if isinstance(m.accuracy, Known)]
    if not known:
        reasons = {m.accuracy.reason for m in audit.models if m.accuracy.kind == "undefined"}
        sentence = language.phrases["list.semicolon"].join(map(language.reason, sorted(reasons)))
        return [Prose(text=language.say("accuracy.undefined", reasons=sentence))]
    best, value = max(known, key=lambda pair: pair[1].number)
    return [
        Chart(
            title=language.say("accuracy.title"),
            words=language.say(
                "accuracy.words",
                best=best.name,
                share=share(value.number),
                never=_never(best, language),
            ),
            specification=_dots(known, language),
            table=_accuracy_table(audit, language),
        )
    ]


def _never(model: ModelResult, language: Language) -> str:
    """Half a sentence on the answers that a model never gives; empty where it gives all."""
    if not model.never_answered:
        return ""
    named = language.few([repr(name) for name in model.never_answered], MOST_SAID)
    return language.say("accuracy.never", answers=named)


def _accuracy_table(audit: Audit, language: Language) -> Table:
    has_f1 = any(isinstance(model.f1, Known) for model in audit.models)
    has_never = any(model.never_answered for model in audit.models)
    has_lineage = any(model.lineage for model in audit.models)
    kind = audit.models[0].f1_kind
    names = ["model", "accuracy", *([kind] if has_f1 else []), "errors", "missing"]
    names += ["never_answered"] if has_never else []
    names += ["lineage"] if has_lineage else []
    lines = []
    for model in audit.models:
        errors = Cell(text="–", tone="quiet")
        if model.errors is not None:
            errors = Cell(text=count(model.errors))
        line = [Cell(text=model.name), language.cell(model.accuracy, share)]
        line += [language.cell(model.f1, share)] if has_f1 else []
        line += [errors, Cell(text=count(model.missing))]
        line += [_never_cell(model, language)] if has_never else []
        if has_lineage:
            line.append(Cell(text=" ← ".join(model.lineage) or "–"))
        lines.append(tuple(line))
    return Table(
        caption=language.say(
            "accuracy.caption", items=language.counted(audit.items, "item"), probe=audit.probe
        ),
        columns=tuple(
            Column(label=language.say(f"accuracy.{name}"), is_number=name not in WORDS)
            for name in names
        ),
        rows=tuple(lines),
        note=language.say(f"accuracy.{kind}.is") if has_f1 else "",
        is_folded=len(lines) > LONG,
    )


def _never_cell(model: ModelResult, language: Language) -> Cell:
    """Right answers that a model never gives."""
    if not model.never_answered:
        return Cell(text="–", tone="quiet")
    return Cell(text=language.few(model.never_answered, MOST_NEVER), tone="alarm")


def _dots(known: Sequence[tuple[ModelResult, Known]], language: Language) -> dict[str, Any]:
    ordered = sorted(known, key=lambda pair: -pair[1].number)
    dots: list[dict[str, Any]] = [
        {
            "model": f"{short(model.name)}{chr(0x200B) * place}",  # told apart if cut to the same
            "accuracy": value.number,
            "low": value.number if value.low is None else value.low,
            "high": value.number if value.high is None else value.high,
            "words": language.say("accuracy.dot", model=model.name, share=share(value.number)),
        }
        for place, (model, value) in enumerate(ordered)
    ]
    x_axis = alt.Axis(
        format=".0%",
        title=language.say("accuracy.axis"),
        tickCount=5,
        domain=False,
        labelFlush=False,
        ticks=False,
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
            lines.encode(x=alt.X("low:Q", axis=x_axis), x2=alt.X2("high:Q"), y=y),
            points.encode(x=x, y=y, description=alt.Description("words:N")),
        ),
        labels=order,
    )


def _scored(run: Run) -> Scores:
    return run.valid if run.test is None else run.test


def _against_baselines(runs: Sequence[Run], audit: Audit, language: Language) -> Table:
    names = list(dict.fromkeys(b.name for run in runs for b in run.baselines))
    kinds = list(dict.fromkeys(_kind(_scored(run), language) for run in runs))
    kind = kinds[0] if len(kinds) == 1 else language.say("baselines.kinds")
    columns = [
        Column(label=language.say("baselines.model")),
        Column(label=language.say("baselines.score"), is_number=True),
    ]
    for name in names:
        label = language.say("baselines.better", name=within(name, language))
        columns.append(Column(label=label))
    shown = {run.name for run in runs if _is_in_audit_table(run, audit)}
    aside = language.say("baselines.note.above") if shown else ""
    return Table(
        caption=language.say("baselines.caption", kind=kind),
        columns=tuple(columns),
        rows=tuple(
            _baseline_row(
                run, names, language, says_kind=len(kinds) > 1, is_shown=run.name in shown
            )
            for run in runs
        ),
        note=f"{language.say('baselines.note')}{aside}",
    )


def _kind(scores: Scores, language: Language) -> str:
    """What kind of score it is, such as "Accuracy on 400 rows of test"."""
    return language.say(
        "baselines.kind",
        score=name_of(scores.headline().name, language),
        rows=language.counted(scores.items, "row"),
        split=scores.split,
    )


def _baseline_row(
    run: Run, names: Sequence[str], language: Language, *, says_kind: bool, is_shown: bool
) -> tuple[Cell, ...]:
    scores = _scored(run)
    headline = scores.headline()
    model = Cell(text=run.name, note=_kind(scores, language) if says_kind else "")
    score = language.cell(headline.value, _score_form(headline))
    line = [model, Cell(text=score.text) if is_shown else score]
    baselines = {baseline.name: baseline for baseline in run.baselines}
    itself = getattr(run.recipe.base, "kind", None)
    line += [
        Cell(text=language.say("baselines.itself"), tone="quiet")
        if name == itself and name not in baselines
        else _against(baselines.get(name), headline, language)
        for name in names
    ]
    return tuple(line)


def _score_form(score: Score) -> Callable[[float], str]:
    """How a score is written: in percent, or as it is."""
    return share if score.in_percent else coefficient


def _is_in_audit_table(run: Run, audit: Audit) -> bool:
    """Whether the audit's own table holds a run's score with an interval: two would only puzzle."""
    scores = _scored(run)
    headline, value = scores.headline(), scores.headline().value
    above = next((model for model in audit.models if model.name == run.name), None)
    if above is None or scores.split != audit.probe or not isinstance(value, Known):
        return False
    figures = [above.accuracy, *([above.f1] if above.f1_kind == headline.name else [])]
    return any(
        isinstance(figure, Known) and isclose(figure.number, value.number, abs_tol=1e-9)
        for figure in figures
    )


def _against(baseline: Baseline | None, headline: Score, language: Language) -> Cell:
    """Whether a model is really better than a baseline, and what that reaches."""
    if baseline is None:
        return Cell(text=language.say("baselines.not_run"), tone="quiet")
    scores = [score for score in baseline.scores.scores if score.name == headline.name]
    reached = scores[0] if scores else baseline.scores.headline()
    note = language.say(
        "baselines.reaches",
        score=language.told_whole(reached.value, _score_form(reached)),
        model=f"{baseline.model_only:,}",
        baseline=f"{baseline.baseline_only:,}",
    )
    if not isinstance(baseline.better, Known):
        reason = language.reason(baseline.better.reason)
        text = language.say("undefined.because", reason=reason)
        return Cell(text=text, note=note, tone="quiet")
    p = baseline.better.number
    if p >= SURE:
        return Cell(text=language.verdict("not_shown", p), note=note, tone="alarm")
    is_better = baseline.model_only > baseline.baseline_only
    tone: Literal["good", "alarm"] = "good" if is_better else "alarm"
    return Cell(text=language.verdict("yes" if is_better else "worse", p), note=note, tone=tone)


def _per_label(runs: Sequence[Run], language: Language) -> list[Block]:
    folds: list[Block] = []
    for run in runs:
        scores = _scored(run)
        folds += [
            _records(
                (*table.rows, *table.averages), _caption(table, run, scores, language), language
            )
            for table in scores.tables
            if table.rows
        ]
    return [Fold(title=language.say("labels.title"), blocks=tuple(folds))] if folds else []


def _caption(table: ScoreTable, run: Run, scores: Scores, language: Language) -> str:
    key = f"labels.of.{table.name}"
    what = language.say(key) if language.has(key) else language.recorded(table.title)
    return language.say("labels.caption", model=run.name, what=what, split=scores.split)


def _records(records: Sequence[dict[str, Any]], caption: str, language: Language) -> Table:
    keys = list(dict.fromkeys(key for record in records for key in record))
    numeric = {
        key for key in keys if all(isinstance(r.get(key), int | float | None) for r in records)
    }
    return Table(
        caption=caption,
        columns=tuple(
            Column(label=name_of(key, language), is_number=key in numeric) for key in keys
        ),
        rows=tuple(tuple(_number_or_text(record.get(key)) for key in keys) for record in records),
        note=language.say("labels.note"),
    )


def _number_or_text(value: str | float | None) -> Cell:
    match value:
        case None:
            return Cell(text="–", tone="quiet")
        case int():
            return Cell(text=count(value))
        case float():
            return Cell(text=coefficient(value))
        case str():
            return Cell(text=value)
