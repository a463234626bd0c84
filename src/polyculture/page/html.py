"""The report as one HTML file: nothing fetched, colours by the reader's system.

There is no script, but where something can be searched; then it is ours, and named to the browser
by its digest. Everything can be read without it.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.resources import files
from itertools import count

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from polyculture.page.blocks import Block, Chart, Fold, Report, Table, Tree
from polyculture.page.interface import INTERFACE
from polyculture.page.palette import COLOURS
from polyculture.page.svg import draw


def to_html(report: Report) -> str:
    """Draw the page."""
    environment = Environment(
        loader=PackageLoader("polyculture.page"),
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
    script = _script(report)
    return environment.get_template("report.html").render(
        report=report,
        words=INTERFACE[report.language],
        script=Markup(script),  # noqa: S704  # our own file
        script_digest=b64encode(sha256(script.encode()).digest()).decode(),
    )


def _script(report: Report) -> str:
    """The search, where there is something to search."""
    if not any(_is_searched(section.blocks) for section in report.sections):
        return ""
    return (files("polyculture.page") / "templates" / "search.js").read_text(encoding="utf-8")


def _is_searched(blocks: Sequence[Block]) -> bool:
    return any(
        isinstance(block, Tree)
        or (isinstance(block, Table) and block.is_searchable)
        or (isinstance(block, Fold) and _is_searched(block.blocks))
        for block in blocks
    )


def _drawing(chart: Chart, names: Iterator[str]) -> Markup:
    # Safe: the drawing is XML, and everything in it went through an XML writer.
    return Markup(draw(chart.specification, name=next(names), words=chart.words))  # noqa: S704
