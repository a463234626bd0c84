"""The report as one HTML file: no script, nothing fetched, colours by the reader's system."""

from collections.abc import Iterator
from itertools import count

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from polyculture.report.page import Chart, Report
from polyculture.report.palette import COLOURS
from polyculture.report.svg import draw


def to_html(report: Report) -> str:
    """Draw the page."""
    environment = Environment(
        loader=PackageLoader("polyculture.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = (f"chart-{number}" for number in count(1))
    environment.globals.update(
        draw=lambda chart: _drawing(chart, names),
        light={name: colour.light for name, colour in COLOURS.items()},
        dark={name: colour.dark for name, colour in COLOURS.items()},
    )
    return environment.get_template("report.html").render(report=report)


def _drawing(chart: Chart, names: Iterator[str]) -> Markup:
    # Safe: the drawing is XML, and everything in it went through an XML writer.
    return Markup(draw(chart.specification, name=next(names), words=chart.words))  # noqa: S704
