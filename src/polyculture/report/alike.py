"""How alike the models are, view by view: heat maps, trees, and every pair in a table."""

from collections.abc import Sequence

from polyculture.core.audit import Audit, Clustering, Comparison
from polyculture.core.values import Known
from polyculture.report.heat_map import heat_map
from polyculture.report.numbers import Form, cell, coefficient
from polyculture.report.page import Block, Cell, Chart, Column, Fold, Points, Prose, Section, Table
from polyculture.report.words import (
    BEHAVIOUR,
    VIEWS,
    isolated,
    meaning_of,
    name_of,
    plural,
    view_name,
)

SHOWN_PAIRS = 60
"""Pairs in the page; all of them are in comparisons.parquet."""


def section(audit: Audit) -> Section:
    """One heat map for each view, the other measures of the view behind a fold."""
    blocks: list[Block] = []
    for view in _views(audit):
        blocks += _view(audit, view)
    return Section(
        key="alike",
        title="How alike they are",
        lead="Models that are alike stand together; the tree shows in which order they join. "
        "Terracotta is more alike, teal less alike than chance.",
        blocks=tuple(blocks) or (Prose(text="No two models were compared."),),
    )


def _views(audit: Audit) -> list[str]:
    found = list(dict.fromkeys(result.view for result in audit.comparisons))
    known = list(VIEWS)
    return sorted(found, key=lambda view: known.index(view) if view in known else len(known))


def _view(audit: Audit, view: str) -> list[Block]:
    results = [result for result in audit.comparisons if result.view == view]
    measures = _measures(audit, view, results)
    charts = {measure: _map(audit, view, measure, results) for measure in measures}
    drawn = [block for block in charts.values() if isinstance(block, Chart)]
    blank = [block for block in charts.values() if isinstance(block, Prose)]
    if not drawn:
        reasons = tuple(sorted({block.text for block in blank}))
        return [Points(title=view_name(view), points=reasons)]
    blocks: list[Block] = [drawn[0]]
    if len(drawn) > 1:
        title = f"{view_name(view)} by other measures ({len(drawn) - 1})"
        blocks.append(Fold(title=title, blocks=tuple(drawn[1:])))
    return [*blocks, *blank]


def _measures(audit: Audit, view: str, results: Sequence[Comparison]) -> list[str]:
    """The measure that stands for the view first: what it was clustered by."""
    clustered = [c.measure for c in audit.clusterings if c.view == view]
    first = list(dict.fromkeys([*BEHAVIOUR[:1], *clustered, *BEHAVIOUR]))
    found = list(dict.fromkeys(result.measure for result in results))
    return sorted(found, key=lambda m: first.index(m) if m in first else len(first))


def _map(audit: Audit, view: str, measure: str, results: Sequence[Comparison]) -> Chart | Prose:
    own = [result for result in results if result.measure == measure]
    if not any(isinstance(result.value, Known) for result in own):
        return Prose(text=_nothing(measure, own))
    clustering = _clustering(audit, view, measure)
    order = clustering.order if clustering else tuple(model.name for model in audit.models)
    left_out = [model.name for model in audit.models if model.name not in order]
    return Chart(
        title=f"{view_name(view)}: {name_of(measure).lower()}",
        words=_words(view, measure, own, left_out),
        specification=heat_map(
            (*order, *left_out),
            {frozenset({result.a, result.b}): result.value for result in own},
            merges=clustering.merges if clustering and not left_out else (),
            form=coefficient,
        ),
        table=_pairs(measure, own),
    )


def _clustering(audit: Audit, view: str, measure: str) -> Clustering | None:
    """The clustering of this very measure, else the order of its view without a claim."""
    own = [c for c in audit.clusterings if c.view == view and c.measure == measure]
    if own:
        return own[0]
    view_order = next((c for c in audit.clusterings if c.view == view), None)
    return view_order.model_copy(update={"merges": ()}) if view_order else None


def _nothing(measure: str, own: Sequence[Comparison]) -> str:
    reasons = sorted({result.value.reason for result in own if result.value.kind == "undefined"})
    return f"{name_of(measure)} is undefined for all {plural(len(own), 'pair')}: {reasons[0]}."


def _words(view: str, measure: str, own: Sequence[Comparison], left_out: Sequence[str]) -> str:
    known = [(result, result.value) for result in own if isinstance(result.value, Known)]
    best, value = max(known, key=lambda pair: pair[1].number)
    sentences = [
        meaning_of(view, measure),
        f"Most alike: {isolated(best.a)} and {isolated(best.b)}, {coefficient(value.number)}.",
    ]
    if len(known) < len(own):
        blank = len(own) - len(known)
        sentences.append(f"{plural(blank, 'pair')} undefined, marked “–”; the table says why.")
    if left_out:
        sentences.append(f"Not clustered, for want of values: {', '.join(left_out)}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _pairs(measure: str, own: Sequence[Comparison], form: Form = coefficient) -> Table:
    ordered = sorted(
        own, key=lambda r: -r.value.number if isinstance(r.value, Known) else float("inf")
    )
    cut = len(ordered) > SHOWN_PAIRS
    half = SHOWN_PAIRS // 2
    shown = [*ordered[:half], *ordered[-half:]] if cut else ordered
    note = (
        f"The {half} most and the {half} least alike of {len(ordered):,} pairs; "
        "all are in comparisons.parquet."
    )
    return Table(
        caption=f"{name_of(measure)}, pair by pair",
        columns=(
            Column(label="Pair"),
            Column(label="Value", is_number=True),
            Column(label="Chance", is_number=True),
            Column(label="Items", is_number=True),
        ),
        rows=tuple(
            (
                Cell(text=f"{isolated(result.a)} and {isolated(result.b)}"),
                cell(result.value, form),
                _chance(result, form),
                Cell(text=f"{result.items:,}"),
            )
            for result in shown
        ),
        note=note if cut else "",
        is_folded=True,
    )


def _chance(result: Comparison, form: Form) -> Cell:
    if isinstance(result.value, Known) and result.value.chance is not None:
        return Cell(text=form(result.value.chance))
    return Cell(text="–", tone="quiet")
