"""Which likeness goes with likeness of behaviour: one small scatter a view."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from polyculture.core.audit import Audit, Comparison, Concordance
from polyculture.core.values import Known, Value
from polyculture.page.blocks import Block, Cell, Chart, Charts, Column, Prose, Section, Table
from polyculture.page.drawing import finished, rows
from polyculture.page.numbers import SURE, Form, coefficient, p_value
from polyculture.page.palette import LIGHT
from polyculture.page.words import listed, plural
from polyculture.report.meanings import heading, name_of, view_name, within

SMALL = 230


def section(audit: Audit) -> Section:
    """Concordance of each view with behaviour."""
    blocks: list[Block] = []
    if audit.concordance:
        charts = tuple(chart for c in audit.concordance if (chart := _chart(audit, c)))
        blocks = [Charts(charts=charts), _table(audit.concordance)] if charts else []
        blocks = blocks or [_table(audit.concordance)]
    else:
        blocks.append(
            Prose(
                text="Only behaviour is known of these models. Compare runs, or give architecture "
                "and recipe as evidence, to see what goes with it."
            )
        )
    return Section(
        key="concordance",
        title="What goes with behaving alike",
        lead=_lead(audit.concordance),
        blocks=tuple(blocks),
    )


def _is_shown(concordance: Concordance) -> bool:
    return isinstance(concordance.p_value, Known) and concordance.p_value.number < SURE


def _lead(concordances: Sequence[Concordance]) -> str:
    if not concordances:
        return "If models that share a design also share their errors, that is where to change."
    shown = [
        f"{view_name(c.view).lower()} ({within(c.measure)})" for c in concordances if _is_shown(c)
    ]
    if not shown:
        return (
            "In none of these views do pairs that are more alike also err more alike, beyond what "
            "chance would show among so few models. That is no proof that there is no such thing."
        )
    return f"Pairs that are more alike in {listed(shown)} also behave more alike."


def _chart(audit: Audit, concordance: Concordance) -> Chart | None:
    points = _points(audit.comparisons, concordance)
    if not points or not isinstance(concordance.value, Known):
        return None
    p = concordance.p_value
    told = f"permutation p {p_value(p.number)}" if isinstance(p, Known) else "p undefined"
    behaviour = within(concordance.behaviour)
    return Chart(
        title=heading(concordance.view, concordance.measure),
        words=f"{plural(len(points), 'pair')}. Spearman correlation with "
        f"{behaviour} {coefficient(concordance.value.number)}, {told}.",
        specification=_scatter(points, concordance),
    )


def _points(comparisons: Sequence[Comparison], concordance: Concordance) -> list[dict[str, Any]]:
    """Pairs for which both values are known."""
    values: dict[str, dict[frozenset[str], float]] = {"x": {}, "y": {}}
    for result in comparisons:
        if not isinstance(result.value, Known):
            continue
        pair = frozenset({result.a, result.b})
        if result.view == concordance.view and result.measure == concordance.measure:
            values["x"][pair] = result.value.number
        if result.view == "predictions" and result.measure == concordance.behaviour:
            values["y"][pair] = result.value.number
    both = [pair for pair in values["x"] if pair in values["y"]]
    return [
        {
            "x": values["x"][pair],
            "y": values["y"][pair],
            "words": f"{' and '.join(sorted(pair))}: {coefficient(values['x'][pair])}, "
            f"{coefficient(values['y'][pair])}",
        }
        for pair in both
    ]


def _scatter(points: list[dict[str, Any]], concordance: Concordance) -> dict[str, Any]:
    look = {"tickCount": 4, "domain": False, "ticks": False}
    x_title = f"{view_name(concordance.view).lower()} alike →"
    y_title = f"{within(concordance.behaviour)} →"
    scale = alt.Scale(zero=False, padding=8)
    chart = alt.Chart(rows(points), width=SMALL, height=SMALL).mark_circle(
        color=LIGHT["observed"], size=60, opacity=0.75
    )
    return finished(
        chart.encode(
            x=alt.X("x:Q", axis=alt.Axis(title=x_title, labelPadding=6, **look), scale=scale),
            y=alt.Y("y:Q", axis=alt.Axis(title=y_title, **look), scale=scale),
            description="words:N",
        )
    )


def _number(value: Value, form: Form, note: str = "") -> Cell:
    """A value without an interval: pairs share models, so they cannot be resampled."""
    if isinstance(value, Known):
        return Cell(text=form(value.number), note=note)
    return Cell(text="undefined", note=value.reason, tone="quiet")


def _table(concordances: Sequence[Concordance]) -> Table:
    return Table(
        caption="Likeness in each view against likeness of behaviour, over all pairs of models",
        columns=(
            Column(label="View"),
            Column(label="Measured by"),
            Column(label="Behaviour"),
            Column(label="Spearman correlation", is_number=True),
            Column(label="p", is_number=True),
        ),
        rows=tuple(
            (
                Cell(text=view_name(c.view)),
                Cell(text=name_of(c.measure)),
                Cell(text=name_of(c.behaviour)),
                _number(c.value, coefficient, c.note),
                _number(c.p_value, p_value),
            )
            for c in concordances
        ),
        note="p by permuting models (Mantel): pairs that share a model are not independent. "
        "It goes with, it need not be caused by: a base brings its architecture and its data.",
    )
