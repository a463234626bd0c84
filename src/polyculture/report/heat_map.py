"""The heat map of one measure over all pairs of models, with the tree that orders it."""

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any, NamedTuple

import altair as alt

from polyculture.core.values import Known, Value
from polyculture.page.drawing import finished
from polyculture.page.numbers import Form
from polyculture.page.palette import ALIKE, APART
from polyculture.page.squares import INKS, Mark, axes, coloured, ink_on, legend
from polyculture.page.words import isolated, short
from polyculture.report.dendrogram import Merge, tree
from polyculture.report.language import Language

LABELLED = 12
"""Up to this many models each cell carries its number."""
NAMED = 60
"""Up to this many models each row carries its name."""
REACHES = (0.25, 0.5, 0.75, 1.0)
"""Colours reach this far from chance, so that a small likeness does not look like a large one."""

Pairs = Mapping[frozenset[str], Value]


class Ramp(NamedTuple):
    """Steps of colour, and the values at their edges."""

    colours: tuple[str, ...]
    low: float
    high: float
    centre: float | None

    def colour(self, value: float) -> str:
        """The name of the colour of a value."""
        width = (self.high - self.low) / len(self.colours)
        step = int((value - self.low) / width) if width else 0
        return self.colours[min(max(step, 0), len(self.colours) - 1)]


def ramp_of(values: Sequence[Value]) -> Ramp:
    """Colours around the chance level where all pairs share one, else from lowest to highest."""
    known = [value for value in values if isinstance(value, Known)]
    chances = {value.chance for value in known}
    centre = chances.pop() if len(chances) == 1 else None
    if centre is not None:
        far = max(abs(value.number - centre) for value in known)
        reach = next((reach for reach in REACHES if far <= reach), far)
        return Ramp((*APART, "even", *ALIKE), centre - reach, centre + reach, centre)
    low = min((value.number for value in known), default=0.0)
    high = max((value.number for value in known), default=1.0)
    return Ramp(("even", *ALIKE), floor(10 * low) / 10, ceil(10 * high) / 10, None)


def cell_size(models: int) -> int:
    """Pixels of one cell: fewer the more models there are."""
    sizes = ((6, 48), (LABELLED, 42), (30, 18), (NAMED, 12))
    return next((size for limit, size in sizes if models <= limit), 5)


def heat_map(
    order: Sequence[str],
    pairs: Pairs,
    language: Language,
    *,
    merges: Sequence[Merge] = (),
    form: Form,
) -> dict[str, Any]:
    """Draw all pairs in the order of the clustering; the diagonal is left empty.

    A model is not compared with itself. A pair without a value is grey and marked "–".
    """
    size = cell_size(len(order)) * len(order)
    ramp = ramp_of(list(pairs.values()))
    cells = alt.NamedData("cells")
    heat: Any = _squares(cells, order, size)
    if len(order) <= LABELLED:
        heat = alt.layer(heat, _numbers(cells, order)).resolve_scale(color="independent")
    heat = heat.properties(width=size, height=size)
    if merges:
        heat = alt.hconcat(heat, tree(merges, width=64, height=size), spacing=10)
    legend = _legend(ramp, min(max(size, 220), 320), form, language)
    chart = alt.vconcat(heat, legend, spacing=18)
    labels = [_label(place, name, len(order)) for place, name in enumerate(order, start=1)]
    return finished(chart, labels=labels, cells=_cells(order, pairs, ramp, form, language))


def _label(place: int, name: str, models: int) -> str:
    if models > NAMED:
        return f"{place}"
    return f"{isolated(short(name))} · {place}"


def _cells(
    order: Sequence[str], pairs: Pairs, ramp: Ramp, form: Form, language: Language
) -> list[dict[str, str | int]]:
    cells: list[dict[str, str | int]] = []
    for row, a in enumerate(order, start=1):
        for column, b in enumerate(order, start=1):
            value = pairs.get(frozenset({a, b}))
            if a == b or value is None:
                continue
            known = isinstance(value, Known)
            colour = ramp.colour(value.number) if isinstance(value, Known) else "panel"
            text = form(value.number) if isinstance(value, Known) else "–"
            cell: dict[str, str | int] = {
                "row": _label(row, a, len(order)),
                "column": column,
                "colour": colour,
            }
            if len(order) <= NAMED:
                words = text if known else language.say("undefined")
                cell["words"] = language.say("map.cell", a=a, b=b, value=words)
            if len(order) <= LABELLED:
                cell["text"] = text
                cell["ink"] = ink_on(colour, is_known=known)
            cells.append(cell)
    return cells


def _axes(order: Sequence[str]) -> dict[str, Any]:
    labels = [_label(place, name, len(order)) for place, name in enumerate(order, start=1)]
    font = 12 if len(order) <= LABELLED else 10
    return axes(labels, font=font, is_named=len(order) <= NAMED)


def _squares(cells: Any, order: Sequence[str], size: int) -> Any:
    colour = coloured("colour", (*APART, "even", *ALIKE, "panel"))
    # Corners make each cell a longer path: only where there are few.
    mark = {"cornerRadius": 2} if len(order) <= LABELLED else {}
    chart = alt.Chart(cells, width=size, height=size).mark_rect(**mark)
    if len(order) <= NAMED:
        chart = chart.encode(description=alt.Description("words:N"))
    return chart.encode(**_axes(order), color=colour)


def _numbers(cells: Any, order: Sequence[str]) -> Any:
    chart = alt.Chart(cells).mark_text(fontSize=13 if len(order) <= 6 else 11, aria=False)  # noqa: PLR2004
    return chart.encode(**_axes(order), text=alt.Text("text:N"), color=coloured("ink", INKS))


def _legend(ramp: Ramp, width: int, form: Form, language: Language) -> Any:
    steps = len(ramp.colours)
    marks = [
        Mark(0, form(ramp.low), "left"),
        Mark(steps, language.say("legend.alike", number=form(ramp.high)), "right"),
    ]
    if ramp.centre is not None:
        chance = language.say("legend.chance", number=form(ramp.centre))
        marks.insert(1, Mark(steps / 2, chance))
    return legend(ramp.colours, marks, width=width)
