"""The look of all charts, and small helpers around Altair."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import altair as alt
from altair.utils.schemapi import debug_mode

from polyculture.page.palette import LIGHT
from polyculture.page.words import wide

P = ParamSpec("P")
R = TypeVar("R")
FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif"
PADDING = 4
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": LIGHT["ink"],
        "titleColor": LIGHT["quiet"],
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "domainColor": LIGHT["rule"],
        "tickColor": LIGHT["rule"],
        "gridColor": LIGHT["rule"],
        "labelLimit": 400,
    },
    "legend": {
        "labelColor": LIGHT["ink"],
        "labelFontSize": 12,
        "offset": 12,
        "symbolStrokeWidth": 0,
    },
    "text": {"color": LIGHT["ink"], "fontSize": 12},
}


def charts_unchecked(draw: Callable[P, R]) -> Callable[P, R]:
    """Charts made within are not held against Vega-Lite's schema, which is most of their time.

    Altair would check every axis, scale and layer again and again. Tests check the specifications
    of whole pages once.
    """

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        with debug_mode(arg=False):
            return draw(*args, **kwargs)

    return drawn


def rows(values: list[dict[str, Any]]) -> Any:
    """Data written into the specification itself, in a tuple, which Altair never copies."""
    return alt.InlineData(values=tuple(values))


def finished(
    chart: Any, *, labels: Iterable[str] = (), right: int = 0, **tables: list[dict[str, Any]]
) -> dict[str, Any]:
    """The specification of a chart, as plain data with our look.

    Args:
        chart: An Altair chart.
        labels: What stands at the left of its rows. A reader's letters may be wider than those it
            was laid out with, so long labels get room to grow.
        right: Room at the right for a legend that is wider than its chart, for the same reason.
        tables: Data that the chart calls by name. Altair copies and checks what is written into a
            chart, which takes seconds for the cells of a hundred models.
    """
    specification: dict[str, Any] = chart.to_dict(validate=False)
    if tables:
        specification["datasets"] = {**specification.get("datasets", {}), **tables}
    room = max((wide(label) for label in labels), default=0)
    padding = {"left": PADDING + room, "right": PADDING + right, "top": PADDING, "bottom": PADDING}
    return {**specification, "config": CONFIG, "padding": padding}
