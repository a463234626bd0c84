"""Since when: figures by year, and traits that became uniform."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt

from polyculture.core.survey import Survey, TraitHistory, Trend, TrendPoint, YearCheck
from polyculture.core.values import Known, Undefined
from polyculture.page.blocks import (
    Block,
    Cell,
    Chart,
    Charts,
    Fold,
    Prose,
    Section,
    Table,
)
from polyculture.page.drawing import finished
from polyculture.page.numbers import Form, coefficient, effective, items, share
from polyculture.page.palette import LIGHT
from polyculture.zoo.page import findings
from polyculture.zoo.page.language import Language, shown
from polyculture.zoo.page.tables import columns

FORMS: dict[str, Form] = {
    "same lineage": share,
    "same maker": share,
    "same trait": share,
    "mean similarity": coefficient,
    "hill1 of lineage": effective,
    "gini of lineage": coefficient,
    "top share of lineage": share,
    "d1": effective,
    "distance": coefficient,
}
BY_COMMUNITY = ("mean similarity", "same lineage")
"""Figures that are also drawn for communities."""
DRAWN = 4
"""Communities, the largest, for which a figure is drawn; the table holds all."""
WIDTH, HEIGHT = 190, 104
TRENDS = ("figure", "community", "first", "last", "tau", "p")
HISTORIES = ("trait", "value", "first_year", "share", "effective_first", "effective_last")


def section(survey: Survey, language: Language) -> Section:
    """Small charts for all cards, the traits' histories, then communities in a fold."""
    overall = [one for one in survey.trends if not one.community]
    blocks: list[Block] = []
    if overall:
        blocks.append(Charts(charts=tuple(_chart(one, language) for one in overall)))
    if survey.histories:
        blocks.append(_histories(survey, language))
    blocks += _by_community(survey, language)
    if survey.trends:
        blocks.append(_table(survey.trends, language))
    if survey.year_check:
        blocks.append(_year_check(survey.year_check, language))
    return Section(
        key="years",
        title=language.say("years.title"),
        lead=language.say("years.lead", means=language.term(survey.year_means)),
        blocks=tuple(blocks) or (Prose(text=language.say("years.none")),),
    )


def _title(trend: Trend, language: Language) -> str:
    figure = language.say(f"figure.{trend.figure}", trait=language.term(trend.trait))
    if not trend.community:
        return figure
    return language.say("list.pair", name=language.name_of(trend.community), value=figure)


def _chart(trend: Trend, language: Language) -> Chart:
    return Chart(
        title=_title(trend, language),
        words=language.say(
            "years.test",
            tau=language.told(trend.tau, coefficient),
            p=language.p(trend.p_value),
        )
        if isinstance(trend.tau, Known)
        else language.told(trend.tau, coefficient),
        specification=_line(trend, language),
    )


def _line(trend: Trend, language: Language) -> dict[str, Any]:
    form = FORMS[trend.figure]
    points = [_point(point, form, language) for point in trend.points]
    known = [point for point in points if "value" in point]
    return {**_frame(is_share=form is share), "datasets": {"points": known}}


@cache
def _frame(*, is_share: bool) -> dict[str, Any]:
    """A chart without its points. Altair takes 0.1 s for each, and a page has dozens."""
    years = alt.Axis(
        title=None, format="d", tickMinStep=1, tickCount=4, grid=False, labelFontSize=11
    )
    look = {"title": None, "tickCount": 3, "domain": False, "ticks": False, "labelFontSize": 11}
    axis = alt.Axis(format=".0%" if is_share else ",.3~f", **look)
    scale = alt.Scale(zero=True, nice=True)
    x = alt.X("year:Q", axis=years, scale=alt.Scale(zero=False, nice=False, padding=8))
    base = alt.Chart(alt.NamedData("points"), width=WIDTH, height=HEIGHT).encode(x=x)
    y = alt.Y("value:Q", axis=axis, scale=scale)
    band = base.mark_area(color=LIGHT["expected"], opacity=0.16, aria=False).encode(
        y=alt.Y("low:Q", axis=axis, scale=scale), y2=alt.Y2("high:Q")
    )
    line = base.mark_line(color=LIGHT["expected"], strokeWidth=1.6, aria=False).encode(y=y)
    dots = base.mark_circle(color=LIGHT["expected"], size=34, opacity=1).encode(
        y=y, description=alt.Description("words:N")
    )
    return finished(alt.layer(band, line, dots))


def _point(point: TrendPoint, form: Form, language: Language) -> dict[str, Any]:
    said: dict[str, Any] = {
        "year": point.year,
        "words": f"{point.year}: {language.told(point.value, form)}; "
        + language.say("years.members", members=f"{point.members:,}"),
    }
    if isinstance(point.value, Known):
        number = point.value.number
        low, high = point.value.low, point.value.high
        said["value"] = number
        said["low"] = number if low is None else low
        said["high"] = number if high is None else high
    return said


def _by_community(survey: Survey, language: Language) -> list[Block]:
    blocks: list[Block] = []
    largest = [one.name for one in findings.largest_first(survey)]
    for figure in BY_COMMUNITY:
        found = [
            trend
            for name in largest
            if (trend := findings.trend(survey, figure, name)) is not None
            and isinstance(trend.tau, Known)
        ][:DRAWN]
        if found:
            title = language.say("years.fold", figure=language.say(f"figure.{figure}.within"))
            charts = Charts(charts=tuple(_chart(one, language) for one in found))
            blocks.append(Fold(title=title, blocks=(charts,)))
    return blocks


def _table(trends: Sequence[Trend], language: Language) -> Table:
    return Table(
        caption=language.say("years.caption"),
        columns=columns(language, "years", TRENDS, numbers=TRENDS[2:]),
        rows=tuple(_row(trend, language) for trend in trends),
        note=language.say("years.note"),
        is_folded=True,
    )


def _row(trend: Trend, language: Language) -> tuple[Cell, ...]:
    form = FORMS[trend.figure]
    first, last = trend.points[0], trend.points[-1]
    return (
        Cell(text=language.say(f"figure.{trend.figure}", trait=language.term(trend.trait))),
        Cell(text=language.name_of(trend.community)),
        language.cell(first.value, form, f"{first.year}"),
        language.cell(last.value, form, f"{last.year}"),
        language.cell(trend.tau, coefficient),
        language.p_cell(trend.p_value),
    )


def _histories(survey: Survey, language: Language) -> Table:
    """Without the columns of effective values where no trait has any."""
    unknown = [one.effective_last for one in survey.histories]
    reasons = {one.reason for one in unknown if isinstance(one, Undefined)}
    has_values = any(isinstance(one, Known) for one in unknown) or len(reasons) > 1
    heads = HISTORIES if has_values else HISTORIES[:-2]
    note = language.say("histories.note")
    if not has_values:
        reason = language.reason(reasons.pop())
        note += language.say("histories.no_values", reason=reason)
    return Table(
        caption=language.say("histories.caption"),
        columns=columns(language, "histories", heads, numbers=HISTORIES[2:]),
        rows=tuple(_history(one, language)[: len(heads)] for one in survey.histories),
        note=note,
    )


def _history(one: TraitHistory, language: Language) -> tuple[Cell, ...]:
    never = Cell(text=language.say("histories.never"), tone="quiet")
    return (
        Cell(text=language.term(one.trait)),
        Cell(text=language.term(one.value)),
        never if one.first_year is None else Cell(text=f"{one.first_year}"),
        Cell(text=share(one.share)),
        language.cell(one.effective_first, effective, ""),
        language.cell(one.effective_last, effective, ""),
    )


def _year_check(check: YearCheck, language: Language) -> Table:
    return Table(
        caption=language.say("check.caption", against=shown(check.against)),
        columns=columns(language, "check", ("name", "here", "there"), numbers=("here", "there")),
        rows=tuple(
            (Cell(text=shown(name)), Cell(text=f"{here}"), Cell(text=f"{there}"))
            for name, here, there in check.largest
        ),
        note=language.say(
            "check.note", matched=f"{check.matched:,}", lag=language.told(check.median_lag, items)
        ),
    )
