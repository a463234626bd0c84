"""Who inherits from whom: the forest in figures, its most fruitful ancestors, and the tree."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from polyculture.core.survey import Ancestor, Forest, Survey
from polyculture.page.blocks import Block, Cell, Chart, Column, Prose, Section, Table
from polyculture.page.drawing import finished, rows
from polyculture.page.numbers import count, share
from polyculture.page.palette import LIGHT
from polyculture.page.words import isolated, short
from polyculture.zoo.page import findings
from polyculture.zoo.page.language import Language, shown
from polyculture.zoo.page.tables import columns
from polyculture.zoo.page.tree import tree

BARS = 15
"""Ancestors in the chart."""
LISTED = 40
"""Ancestors in each table; survey.json holds up to 200."""
DIRECT = 60
"""Parents in the table of direct children."""
ANCESTORS = ("name", "share", "descendants", "sole", "children", "depth")
FIGURES = ("cards", "edges", "roots", "alone", "depth", "several_parents")


def section(survey: Survey, language: Language) -> Section:
    """Chart and table of ancestors, the forests' figures, the tree."""
    forest = findings.forest(survey)
    if forest is None or not forest.ancestors:
        blocks: list[Block] = [Prose(text=language.say("lineage.none"))]
    else:
        blocks = [_bars(forest, language)]
        blocks += [_ancestors(one, language) for one in survey.forests if one.ancestors]
        blocks += [_figures(survey.forests, language)]
        blocks += [_direct(one, language) for one in survey.forests if one.parents]
        blocks += tree(survey, language)
    return Section(
        key="lineage",
        title=language.say("lineage.title"),
        lead=language.say("lineage.lead"),
        blocks=tuple(blocks),
    )


def _bars(forest: Forest, language: Language) -> Chart:
    top = forest.ancestors[0]
    return Chart(
        title=language.say("lineage.bars"),
        words=language.say("lineage.bars.words", name=shown(top.name), share=share(top.share)),
        specification=_bar_chart(forest.ancestors[:BARS], language),
    )


def _bar_chart(ancestors: Sequence[Ancestor], language: Language) -> dict[str, Any]:
    labels = [isolated(short(one.name)) for one in ancestors]
    values = [
        {
            "name": label,
            "share": one.share,
            "text": share(one.share),
            "words": language.say("lineage.flaw", name=one.name, share=share(one.share)),
        }
        for one, label in zip(ancestors, labels, strict=True)
    ]
    y = alt.Y(
        "name:N",
        scale=alt.Scale(domain=labels, paddingInner=0.35),
        axis=alt.Axis(title=None, domain=False, ticks=False, labelPadding=8),
    )
    top = max(one.share for one in ancestors)
    x = alt.X("share:Q", axis=None, scale=alt.Scale(domain=[0, 1.12 * top], nice=False))
    base = alt.Chart(rows(values), width=460, height=22 * len(values)).encode(y=y, x=x)
    bars = base.mark_bar(color=LIGHT["observed"], cornerRadiusEnd=2).encode(
        description=alt.Description("words:N")
    )
    texts = base.mark_text(align="left", dx=6, aria=False).encode(text=alt.Text("text:N"))
    return finished(alt.layer(bars, texts), labels=labels)


def _ancestors(forest: Forest, language: Language) -> Table:
    kind = language.say(f"forest.{forest.kind}")
    note = language.say("lineage.note")
    if len(forest.ancestors) > LISTED:
        note += language.say("lineage.cut", shown=LISTED, all=f"{len(forest.ancestors):,}")
    return Table(
        caption=language.say("lineage.caption", kind=kind),
        columns=columns(language, "lineage", ANCESTORS, numbers=ANCESTORS[1:]),
        rows=tuple(_ancestor(one, language) for one in forest.ancestors[:LISTED]),
        note=note,
        is_folded=True,
    )


def _ancestor(one: Ancestor, language: Language) -> tuple[Cell, ...]:
    outside = "" if one.is_card else language.say("lineage.outside")
    return (
        Cell(text=shown(one.name), note=outside),
        Cell(text=share(one.share)),
        Cell(text=count(one.descendants)),
        Cell(text=count(one.sole)),
        Cell(text=count(one.children)),
        Cell(text=count(one.depth)),
    )


def _figures(forests: Sequence[Forest], language: Language) -> Table:
    """One column a kind of inheritance."""
    rows = [
        (
            Cell(text=language.say(f"forests.{figure}")),
            *(Cell(text=count(getattr(one, figure))) for one in forests),
        )
        for figure in FIGURES
    ]
    largest = (
        Cell(text=language.say("forests.largest")),
        *(language.cell(one.largest, share) for one in forests),
    )
    chance = (
        Cell(text=language.say("forests.chance")),
        *(language.chance(one.largest, share) for one in forests),
    )
    return Table(
        caption=language.say("forests.caption"),
        columns=(
            Column(label=language.say("forests.figure")),
            *(Column(label=language.say(f"forest.{one.kind}"), is_number=True) for one in forests),
        ),
        rows=(*rows, largest, chance),
        note=language.say("forests.note"),
    )


def _direct(forest: Forest, language: Language) -> Table:
    ordered = sorted(forest.parents.items(), key=lambda pair: (-pair[1], pair[0]))
    kind = language.say(f"forest.{forest.kind}")
    return Table(
        caption=language.say("direct.caption", kind=kind),
        columns=columns(language, "direct", ("parent", "children"), numbers=("children",)),
        rows=tuple(
            (Cell(text=shown(name)), Cell(text=count(children)))
            for name, children in ordered[:DIRECT]
        ),
        note=language.say("direct.cut", shown=DIRECT, all=f"{len(ordered):,}")
        if len(ordered) > DIRECT
        else "",
        is_folded=True,
    )
