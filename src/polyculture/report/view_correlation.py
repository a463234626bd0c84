"""Which similarity correlates with similarity of behaviour: one scatter for each view."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from polyculture.core.audit import Audit, Comparison, Concordance
from polyculture.core.values import Known, Value
from polyculture.page.blocks import Block, Cell, Chart, Charts, Column, Prose, Section, Table
from polyculture.page.drawing import finished, rows
from polyculture.page.numbers import SURE, Form, coefficient, p_value
from polyculture.page.palette import LIGHT
from polyculture.report.language import Language
from polyculture.report.meanings import heading, name_of, view_name, within

SMALL = 230


def section(audit: Audit, language: Language) -> Section:
    """Concordance of each view with behaviour."""
    blocks: list[Block] = []
    if audit.concordance:
        charts = tuple(chart for c in audit.concordance if (chart := _chart(audit, c, language)))
        table = _correlation_table(audit.concordance, language)
        blocks = [Charts(charts=charts), table] if charts else [table]
    else:
        blocks.append(Prose(text=language.say("concordance.none")))
    return Section(
        key="concordance",
        title=language.say("concordance.title"),
        lead=_lead(audit.concordance, language),
        blocks=tuple(blocks),
    )


def _is_sure(concordance: Concordance) -> bool:
    return isinstance(concordance.p_value, Known) and concordance.p_value.number < SURE


def _lead(concordances: Sequence[Concordance], language: Language) -> str:
    if not concordances:
        return language.say("concordance.lead")
    shown = [_shown(concordance, language) for concordance in concordances if _is_sure(concordance)]
    if not shown:
        return language.say("concordance.lead.none")
    return language.say("concordance.lead.shown", views=language.listed(shown))


def _shown(concordance: Concordance, language: Language) -> str:
    view = view_name(concordance.view, language).lower()
    measure = within(concordance.measure, language)
    return language.say("concordance.lead.view", view=view, measure=measure)


def _chart(audit: Audit, concordance: Concordance, language: Language) -> Chart | None:
    points = _points(audit.comparisons, concordance, language)
    if not points or not isinstance(concordance.value, Known):
        return None
    return Chart(
        title=heading(concordance.view, concordance.measure, language),
        words=language.say(
            "concordance.words",
            pairs=language.counted(len(points), "pair"),
            behaviour=within(concordance.behaviour, language),
            value=coefficient(concordance.value.number),
            p=_p(concordance.p_value, language),
        ),
        specification=_scatter(points, concordance, language),
    )


def _p(value: Value, language: Language) -> str:
    if not isinstance(value, Known):
        return language.say("concordance.p.undefined")
    return language.say("concordance.p", p=p_value(value.number))


def _points(
    comparisons: Sequence[Comparison], concordance: Concordance, language: Language
) -> list[dict[str, Any]]:
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
            "words": language.say(
                "concordance.point",
                pair=language.listed(sorted(pair)),
                x=coefficient(values["x"][pair]),
                y=coefficient(values["y"][pair]),
            ),
        }
        for pair in both
    ]


def _scatter(
    points: list[dict[str, Any]], concordance: Concordance, language: Language
) -> dict[str, Any]:
    look = {"tickCount": 4, "domain": False, "ticks": False}
    view = view_name(concordance.view, language).lower()
    x_title = language.say("concordance.x", view=view)
    y_title = language.say("concordance.y", measure=within(concordance.behaviour, language))
    scale = alt.Scale(zero=False, padding=8)
    chart = alt.Chart(rows(points), width=SMALL, height=SMALL).mark_circle(
        color=LIGHT["observed"], size=60, opacity=0.75
    )
    return finished(
        chart.encode(
            x=alt.X("x:Q", axis=alt.Axis(title=x_title, labelPadding=6, **look), scale=scale),
            y=alt.Y("y:Q", axis=alt.Axis(title=y_title, **look), scale=scale),
            description=alt.Description("words:N"),
        )
    )


def _number(value: Value, form: Form, language: Language, note: str = "") -> Cell:
    """A value without an interval: pairs share models, so they cannot be resampled."""
    if isinstance(value, Known):
        return Cell(text=form(value.number), note=note)
    return language.cell(value, form)


def _correlation_table(concordances: Sequence[Concordance], language: Language) -> Table:
    return Table(
        caption=language.say("concordance.caption"),
        columns=(
            Column(label=language.say("concordance.view")),
            Column(label=language.say("concordance.measure")),
            Column(label=language.say("concordance.behaviour")),
            Column(label=language.say("concordance.value"), is_number=True),
            Column(label=language.say("concordance.p_value"), is_number=True),
        ),
        rows=tuple(
            (
                Cell(text=view_name(c.view, language)),
                Cell(text=name_of(c.measure, language)),
                Cell(text=name_of(c.behaviour, language)),
                _number(c.value, coefficient, language, language.recorded(c.note)),
                _number(c.p_value, p_value, language),
            )
            for c in concordances
        ),
        note=language.say("concordance.note"),
    )
