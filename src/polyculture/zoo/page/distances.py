"""How differently communities build: two maps of distances, and the same as a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import altair as alt
import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from polyculture.core.survey import Distance, Survey
from polyculture.core.values import Known, Value
from polyculture.page.blocks import Block, Cell, Chart, Prose, Section, Table
from polyculture.page.drawing import finished
from polyculture.page.numbers import SURE, coefficient
from polyculture.page.palette import APART
from polyculture.page.squares import INKS, Mark, axes, coloured, ink_on, legend
from polyculture.page.words import isolated, short
from polyculture.zoo.page.language import Language
from polyculture.zoo.page.tables import columns

COLUMNS = ("a", "b", "jsd", "jsd_chance", "jsd_q", "kernel", "kernel_q")
STEPS = ("even", *reversed(APART))
"""From near to far."""
TOPS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Where the colours may end."""
LABELLED = 12
"""Up to this many communities each cell carries its number."""
MARK = "•"
"""A distance that shuffled membership would hardly give."""


class Kind(NamedTuple):
    """One of the two distances."""

    key: str
    value: Callable[[Distance], Value]
    q: Callable[[Distance], Value]


KINDS = (
    Kind("jsd", lambda one: one.jensen_shannon, lambda one: one.jensen_shannon_q),
    Kind("kernel", lambda one: one.kernel, lambda one: one.kernel_q),
)


def section(survey: Survey, language: Language) -> Section:
    """Both maps where they are known."""
    blocks: list[Block] = [
        _map(survey.distances, kind, language)
        for kind in KINDS
        if any(isinstance(kind.value(one), Known) for one in survey.distances)
    ]
    blocks += [_table(survey.distances, language)] if survey.distances else []
    return Section(
        key="distances",
        title=language.say("distances.title"),
        lead=language.say("distances.lead"),
        blocks=tuple(blocks) or (Prose(text=_why_none(survey, language)),),
    )


def _why_none(survey: Survey, language: Language) -> str:
    return language.say("distances.one" if len(survey.communities) < 2 else "distances.none")  # noqa: PLR2004


def _map(distances: Sequence[Distance], kind: Kind, language: Language) -> Chart:
    known = [kind.q(one) for one in distances if isinstance(kind.value(one), Known)]
    sure = sum(isinstance(q, Known) and q.number < SURE for q in known)
    return Chart(
        title=language.say(f"distances.{kind.key}.title"),
        words=language.say(f"distances.{kind.key}.words")
        + language.say("distances.marks", mark=MARK, sure=f"{sure:,}", all=f"{len(known):,}"),
        specification=_squares(distances, kind, language),
    )


def order_of(distances: Sequence[Distance], value: Callable[[Distance], Value]) -> list[str]:
    """Communities in the order of a clustering, so that near ones stand beside each other.

    Example:
        >>> order_of([], lambda one: one.kernel)
        []
    """
    names = sorted({name for one in distances for name in (one.a, one.b)})
    if len(names) < 3:  # noqa: PLR2004
        return names
    numbers = {
        frozenset({one.a, one.b}): max(known.number, 0.0)
        for one in distances
        if isinstance(known := value(one), Known)
    }
    far = max(numbers.values(), default=1.0)
    matrix = [
        [0.0 if a == b else numbers.get(frozenset({a, b}), far) for b in names] for a in names
    ]
    merges = linkage(squareform(np.array(matrix)), "average", optimal_ordering=True)
    return [names[leaf] for leaf in leaves_list(merges)]


def _squares(distances: Sequence[Distance], kind: Kind, language: Language) -> dict[str, Any]:
    order = order_of(distances, kind.value)
    few = len(order) <= LABELLED
    labels = {name: _label(place, name, language) for place, name in enumerate(order, start=1)}
    known = [v.number for one in distances if isinstance(v := kind.value(one), Known)]
    top = next((top for top in TOPS if max(known) <= top), max(known))
    cells = _cells(distances, kind, labels, top, language)
    size = len(order) * (46 if few else 24)
    base = alt.Chart(alt.NamedData("cells"), width=size, height=size)
    base = base.encode(**axes(list(labels.values()), font=12 if few else 11))
    squares = base.mark_rect(cornerRadius=2).encode(
        color=coloured("colour", (*STEPS, "panel")), description=alt.Description("words:N")
    )
    texts = base.transform_filter("datum.text").mark_text(fontSize=11, aria=False)
    texts = texts.encode(text=alt.Text("text:N"), color=coloured("ink", INKS))
    heat = alt.layer(squares, texts).resolve_scale(color="independent")
    chart = alt.vconcat(heat, _legend(top, language), spacing=16)
    return finished(chart, labels=labels.values(), cells=cells)


def _label(place: int, name: str, language: Language) -> str:
    return f"{isolated(short(language.term(name)))} · {place}"


def _cells(
    distances: Sequence[Distance],
    kind: Kind,
    labels: Mapping[str, str],
    top: float,
    language: Language,
) -> list[dict[str, Any]]:
    places = {name: place for place, name in enumerate(labels, start=1)}
    cells = []
    for one in distances:
        value, q = kind.value(one), kind.q(one)
        is_sure = isinstance(q, Known) and q.number < SURE
        colour = _colour(value, top)
        number = coefficient(value.number) if isinstance(value, Known) else "–"
        text = number if len(labels) <= LABELLED or number == "–" else ""
        pair = language.listed([language.term(one.a), language.term(one.b)])
        look = {
            "colour": colour,
            "text": f"{text}{MARK if is_sure else ''}",
            "ink": ink_on(colour, is_known=isinstance(value, Known)),
            "words": f"{pair}: {language.told(value, coefficient)}; {language.p(q)}",
        }
        for row, column in ((one.a, one.b), (one.b, one.a)):
            cells.append({"row": labels[row], "column": places[column], **look})
    return cells


def _colour(value: Value, top: float) -> str:
    if not isinstance(value, Known):
        return "panel"
    step = int(max(value.number, 0.0) / top * len(STEPS))
    return STEPS[min(step, len(STEPS) - 1)]


def _legend(top: float, language: Language) -> Any:
    near = Mark(0, language.say("legend.near", number="0"), "left")
    far = Mark(len(STEPS), language.say("legend.far", number=f"{top:g}"), "right")
    return legend(STEPS, (near, far), width=260)


def _table(distances: Sequence[Distance], language: Language) -> Table:
    return Table(
        caption=language.say("distances.caption"),
        columns=columns(language, "distances", COLUMNS, numbers=COLUMNS[2:]),
        rows=tuple(
            (
                Cell(text=language.name_of(one.a)),
                Cell(text=language.name_of(one.b)),
                language.cell(one.jensen_shannon, coefficient, ""),
                language.chance(one.jensen_shannon, coefficient),
                _corrected(one.jensen_shannon_p, one.jensen_shannon_q, language),
                language.cell(one.kernel, coefficient, ""),
                _corrected(one.kernel_p, one.kernel_q, language),
            )
            for one in distances
        ),
        note=language.say("distances.note"),
        is_folded=True,
    )


def _corrected(p: Value, q: Value, language: Language) -> Cell:
    cell = language.p_cell(q)
    return cell.model_copy(update={"note": language.p(p)}) if isinstance(p, Known) else cell
