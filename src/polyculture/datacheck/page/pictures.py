"""Grids, bars and histograms of findings as blocks of a page."""

from typing import Any

import altair as alt

from polyculture.core.finding import Bars, Grid, Histogram, Picture
from polyculture.datacheck.page.language import Language
from polyculture.page.blocks import Block, Cell, Chart, Column, Table
from polyculture.page.drawing import finished, rows
from polyculture.page.numbers import coefficient, count, p_value, share
from polyculture.page.palette import LIGHT
from polyculture.page.words import short

COLOURS = ("expected", "observed", "kind-5", "kind-6")
WIDTH, HEIGHT, BAR = 420, 150, 13
LONG = 15
"""Rows of a grid beyond which it opens on request."""


def block_of(picture: Picture, language: Language) -> Block:
    """One picture of a finding."""
    match picture:
        case Grid():
            return _table(picture, language)
        case Bars():
            return _bars(picture, language)
        case Histogram():
            return _histogram(picture, language)


def _table(grid: Grid, language: Language) -> Table:
    numeric = {
        name
        for place, name in enumerate(grid.columns)
        if all(isinstance(row[place], int | float | None) for row in grid.rows)
    }
    return Table(
        caption=language.say(f"{grid.key}.caption")
        if language.has(f"{grid.key}.caption")
        else grid.key,
        columns=tuple(
            Column(label=language.term(name), is_number=name in numeric) for name in grid.columns
        ),
        rows=tuple(
            tuple(
                _cell(value, name, grid, language)
                for name, value in zip(grid.columns, row, strict=True)
            )
            for row in grid.rows
        ),
        is_folded=len(grid.rows) > LONG,
    )


def _cell(value: str | float | None, name: str, grid: Grid, language: Language) -> Cell:
    match value:
        case None:
            return Cell(text="–", tone="quiet")
        case str():
            return Cell(
                text=language.term(value) if name in {"split", "script", "words"} else value
            )
        case int() if name not in grid.in_percent:
            return Cell(text=count(value))
        case _:
            form = share if name in grid.in_percent else p_value if name == "p" else coefficient
            return Cell(text=form(value))


def _colours(series: list[str]) -> alt.Scale:
    colours = [LIGHT[COLOURS[place % len(COLOURS)]] for place in range(len(series))]
    return alt.Scale(domain=series, range=colours)


def _bars(picture: Bars, language: Language) -> Chart:
    series = [language.term(name) for name in picture.series]
    form = share if picture.in_percent else coefficient
    names = [
        f"{short(language.term(name), 24)}{chr(0x200B) * n}" for n, name in enumerate(picture.names)
    ]
    data = [
        {
            "name": label,
            "series": split,
            "value": value,
            "words": f"{name}, {split}: {form(value)}" if split else f"{name}: {form(value)}",
        }
        for split, values in zip(series, picture.series.values(), strict=True)
        for name, label, value in zip(picture.names, names, values, strict=True)
    ]
    chart = (
        alt.Chart(rows(data), width=WIDTH, height={"step": BAR})
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y("name:N", sort=names, axis=alt.Axis(title=None, ticks=False, domain=False)),
            x=alt.X(
                "value:Q",
                axis=alt.Axis(
                    title=None,
                    format=".1%" if picture.in_percent else ",.2~f",
                    tickCount=5,
                    domain=False,
                    ticks=False,
                ),
            ),
            description=alt.Description("words:N"),
        )
    )
    if len(series) > 1:
        chart = chart.encode(
            yOffset=alt.YOffset("series:N", sort=series),
            color=alt.Color("series:N", scale=_colours(series), legend=alt.Legend(title=None)),
        )
    else:
        chart = chart.encode(color=alt.value(LIGHT["expected"]))
    words = language.say(f"{picture.key}.words")
    if picture.left_out:
        words = f"{words} {language.say('chart.rest', left=count(picture.left_out))}"
    return Chart(
        title=language.say(picture.key),
        words=words,
        specification=finished(chart, labels=names, right=90 if len(series) > 1 else 0),
    )


def _histogram(picture: Histogram, language: Language) -> Chart:
    series = [language.term(name) for name in picture.series]
    data: list[dict[str, Any]] = []
    for split, counts in zip(series, picture.series.values(), strict=True):
        total = max(1, sum(counts))
        data += [
            {
                "from": low,
                "to": high,
                "value": number / total if len(series) > 1 else number,
                "series": split,
                "words": f"{split} {low:g}–{high:g}: {number:,}".strip(),
            }
            for low, high, number in zip(picture.edges, picture.edges[1:], counts, strict=False)
        ]
    axis = alt.Axis(title=None, grid=False, tickCount=8)
    y_axis = alt.Axis(
        title=None,
        tickCount=4,
        domain=False,
        ticks=False,
        format=".0%" if len(series) > 1 else ",.0f",
    )
    base = alt.Chart(rows(data), width=WIDTH, height=HEIGHT)
    layers = [
        base.mark_bar(opacity=0.55 if len(series) > 1 else 1.0).encode(
            x=alt.X("from:Q", axis=axis, scale=alt.Scale(zero=False, nice=False)),
            x2="to:Q",
            y=alt.Y("value:Q", axis=y_axis, stack=None),
            description=alt.Description("words:N"),
            color=alt.Color("series:N", scale=_colours(series), legend=alt.Legend(title=None))
            if len(series) > 1
            else alt.value(LIGHT["expected"]),
        )
    ]
    if picture.line is not None:
        layers.append(
            alt.Chart(rows([{"from": picture.line}]))
            .mark_rule(color=LIGHT["alarm"], strokeWidth=2, aria=False)
            .encode(x="from:Q")
        )
    return Chart(
        title=language.say(picture.key),
        words=language.say(f"{picture.key}.words"),
        specification=finished(alt.layer(*layers), right=90 if len(series) > 1 else 0),
    )
