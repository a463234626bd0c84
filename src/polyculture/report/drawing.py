"""What all charts share: their look, and small helpers around Altair."""

from typing import Any

import altair as alt

from polyculture.report.palette import LIGHT

FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif"
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "padding": 4,
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


def rows(values: list[dict[str, Any]]) -> Any:
    """Data written into the specification itself."""
    return alt.InlineData(values=values)


def finished(chart: Any) -> dict[str, Any]:
    """The specification of a chart, as plain data with our look."""
    specification: dict[str, Any] = chart.to_dict()
    return {**specification, "config": CONFIG}
