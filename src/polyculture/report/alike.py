"""How alike the models are, view by view: heat maps, trees, and every pair in a table."""

from collections import Counter
from collections.abc import Sequence

from polyculture.core.audit import Audit, Clustering, Comparison
from polyculture.core.values import Known, Value
from polyculture.page.blocks import Block, Cell, Chart, Column, Fold, Points, Prose, Section, Table
from polyculture.page.numbers import cell, coefficient
from polyculture.page.words import isolated, listed, plural
from polyculture.report.heat_map import NAMED, heat_map
from polyculture.report.meanings import (
    BEHAVIOUR,
    STANDS_FOR_VIEW,
    VIEWS,
    heading,
    meaning_of,
    name_of,
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
    drawn = []
    blank: dict[str, list[str]] = {}
    measures = _measures(audit, view, results)
    for measure in measures:
        own = [result for result in results if result.measure == measure]
        if any(isinstance(result.value, Known) for result in own):
            drawn.append(_map(audit, view, measure, own))
        else:
            blank.setdefault(_reasons(own), []).append(name_of(measure))
    blocks: list[Block] = [*drawn[:1]]
    if drawn and len(audit.models) > NAMED:
        blocks.append(_places(audit, view, measures[0]))
    if len(drawn) > 1:
        title = f"{view_name(view)} by other measures ({len(drawn) - 1})"
        blocks.append(Fold(title=title, blocks=tuple(drawn[1:])))
    if blank:
        points = tuple(f"{listed(names)}: {reason}." for reason, names in blank.items())
        blocks.append(Points(title=f"{view_name(view)}: undefined for every pair", points=points))
    return blocks


def _reasons(own: Sequence[Comparison]) -> str:
    """Why a measure has no value for any pair; the commonest of several reasons."""
    reasons = Counter(r.value.reason for r in own if r.value.kind == "undefined")
    first = reasons.most_common(1)[0][0]
    return first if len(reasons) == 1 else f"{first}, among other reasons"


def _measures(audit: Audit, view: str, results: Sequence[Comparison]) -> list[str]:
    """The measure that stands for the view first: what it was clustered by."""
    clustered = [c.measure for c in audit.clusterings if c.view == view]
    first = list(dict.fromkeys([*STANDS_FOR_VIEW, *clustered, *BEHAVIOUR]))
    found = list(dict.fromkeys(result.measure for result in results))
    return sorted(found, key=lambda m: first.index(m) if m in first else len(first))


def _map(audit: Audit, view: str, measure: str, own: Sequence[Comparison]) -> Chart:
    clustering = _clustering(audit, view, measure)
    order = clustering.order if clustering else tuple(model.name for model in audit.models)
    left_out = [model.name for model in audit.models if model.name not in order]
    return Chart(
        title=heading(view, measure),
        words=_words(view, measure, own, left_out),
        specification=heat_map(
            (*order, *left_out),
            {frozenset({result.a, result.b}): result.value for result in own},
            merges=clustering.merges if clustering and not left_out else (),
            form=coefficient,
        ),
        table=_pairs(measure, own),
    )


def _places(audit: Audit, view: str, measure: str) -> Table:
    """The names behind the rows of a map that is too fine to carry them."""
    clustering = _clustering(audit, view, measure)
    order = clustering.order if clustering else tuple(model.name for model in audit.models)
    return Table(
        caption="The models from top to bottom of the map",
        columns=(Column(label="Model"), Column(label="Place", is_number=True)),
        rows=tuple((Cell(text=n), Cell(text=f"{place}")) for place, n in enumerate(order, 1)),
        is_folded=True,
    )


def _clustering(audit: Audit, view: str, measure: str) -> Clustering | None:
    """The clustering of this very measure, else the order of its view without a claim."""
    own = [c for c in audit.clusterings if c.view == view and c.measure == measure]
    if own:
        return own[0]
    view_order = next((c for c in audit.clusterings if c.view == view), None)
    return view_order.model_copy(update={"merges": ()}) if view_order else None


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


def _pairs(measure: str, own: Sequence[Comparison]) -> Table:
    ordered = sorted(
        own, key=lambda r: -r.value.number if isinstance(r.value, Known) else float("inf")
    )
    cut = len(ordered) > SHOWN_PAIRS
    half = SHOWN_PAIRS // 2
    shown = [*ordered[:half], *ordered[-half:]] if cut else ordered
    extremes = f"The {half} most and the {half} least alike of {len(ordered):,} pairs"
    notes = [f"{extremes}; all are in comparisons.parquet."] if cut else []
    silent = _same_silence(own)
    notes += [f"Without intervals: {silent}."] if silent else []
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
                _value(result.value, is_silent=bool(silent)),
                _chance(result),
                Cell(text=f"{result.items:,}"),
            )
            for result in shown
        ),
        note=" ".join(notes),
        is_folded=True,
    )


def _same_silence(own: Sequence[Comparison]) -> str:
    """Why no pair has an interval, where all say the same; the table then says it once."""
    reasons = {result.value.no_interval for result in own if isinstance(result.value, Known)}
    return (reasons.pop() or "") if len(reasons) == 1 else ""


def _value(value: Value, *, is_silent: bool) -> Cell:
    shown = cell(value, coefficient)
    return shown.model_copy(update={"note": ""}) if is_silent and value.kind == "known" else shown


def _chance(result: Comparison) -> Cell:
    if isinstance(result.value, Known) and result.value.chance is not None:
        return Cell(text=coefficient(result.value.chance))
    return Cell(text="–", tone="quiet")
