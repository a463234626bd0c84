"""Squares of colour in rows and columns, for the heat maps of all pages."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import altair as alt

from polyculture.page.drawing import rows
from polyculture.page.palette import LIGHT, STRONG

LEGEND_HEIGHT = 10
INKS = ("on-pale", "on-strong", "quiet")


class Mark(NamedTuple):
    """A word below the colours of a legend."""

    step: float
    """Where it stands, counted in colours from the left."""
    text: str
    align: Literal["left", "center", "right"] = "center"


def ink_on(colour: str, *, is_known: bool) -> str:
    """The colour of a number on a square, which has no value where it is not known."""
    return "on-strong" if colour in STRONG else "on-pale" if is_known else "quiet"


def coloured(field: str, names: Sequence[str]) -> Any:
    """A field that holds names of colours of the palette."""
    scale = alt.Scale(domain=tuple(names), range=tuple(LIGHT[name] for name in names))
    return alt.Color(f"{field}:N", scale=scale, legend=None)


def axes(labels: Sequence[str], *, font: int = 12, is_named: bool = True) -> dict[str, Any]:
    """Rows by their labels, columns by their places, counted from 1.

    Args:
        labels: Of the rows, from top to bottom.
        font: Size of the rows' labels.
        is_named: Labels are drawn, and squares stand apart.
    """
    plain = {"domain": False, "ticks": False, "title": None, "labelPadding": 6}
    column = alt.Axis(orient="top", labels=is_named, labelAngle=0, labelOverlap=True, **plain)
    row = alt.Axis(labels=is_named, labelFontSize=font, **plain)
    inner, outer = (0.04, 0.02) if is_named else (0.0, 0.0)
    band = {"paddingInner": inner, "paddingOuter": outer}
    places = tuple(range(1, len(labels) + 1))
    return {
        "x": alt.X("column:O", axis=column, scale=alt.Scale(domain=places, **band)),
        "y": alt.Y("row:O", axis=row, scale=alt.Scale(domain=tuple(labels), **band)),
    }


def legend(colours: Sequence[str], marks: Sequence[Mark], *, width: int) -> Any:
    """Colours from left to right, with words below them."""
    steps = [
        {"step": step, "next": step + 1, "colour": colour} for step, colour in enumerate(colours)
    ]
    x = alt.X("step:Q", axis=None, scale=alt.Scale(domain=[0, len(colours)], nice=False))
    base = alt.Chart(rows(steps), width=width, height=LEGEND_HEIGHT)
    bars = base.mark_rect(aria=False).encode(
        x=x, x2=alt.X2("next:Q"), color=coloured("colour", colours)
    )
    words = [
        alt.Chart(rows([{"step": mark.step, "text": mark.text}]))
        .mark_text(
            align=mark.align, baseline="top", dy=10, fontSize=11, color=LIGHT["quiet"], aria=False
        )
        .encode(x=x, text=alt.Text("text:N"))
        for mark in marks
    ]
    return alt.layer(bars, *words).properties(width=width, height=LEGEND_HEIGHT)
