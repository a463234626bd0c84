"""Similarity of the models, view by view: heat maps, trees, and a table of pairs."""

from collections import Counter
from collections.abc import Mapping, Sequence

from polyculture.core.audit import Audit, Clustering, Comparison
from polyculture.core.values import Known, Value
from polyculture.page.blocks import Block, Cell, Chart, Column, Fold, Points, Prose, Section, Table
from polyculture.page.numbers import coefficient
from polyculture.page.words import isolated
from polyculture.report.heat_map import NAMED, heat_map
from polyculture.report.language import Language
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


def section(audit: Audit, language: Language) -> Section:
    """One heat map for each view, the other measures of the view behind a fold."""
    blocks: list[Block] = []
    for view in _views(audit):
        blocks += _view(audit, view, language)
    return Section(
        key="alike",
        title=language.say("alike.title"),
        lead=language.say("alike.lead"),
        blocks=tuple(blocks) or (Prose(text=language.say("alike.none")),),
    )


def _views(audit: Audit) -> list[str]:
    views = list(dict.fromkeys(result.view for result in audit.comparisons))
    known = list(VIEWS)
    return sorted(views, key=lambda view: known.index(view) if view in known else len(known))


def _view(audit: Audit, view: str, language: Language) -> list[Block]:
    results = [result for result in audit.comparisons if result.view == view]
    drawn = []
    blank: dict[str, list[str]] = {}
    measures = _measures(audit, view, results)
    for measure in measures:
        pairs = [result for result in results if result.measure == measure]
        if any(isinstance(result.value, Known) for result in pairs):
            drawn.append(_map(audit, view, measure, pairs, language))
        else:
            blank.setdefault(_reasons(pairs, language), []).append(name_of(measure, language))
    blocks: list[Block] = [*drawn[:1]]
    if drawn and len(audit.models) > NAMED:
        blocks.append(_places(audit, view, measures[0], language))
    if len(drawn) > 1:
        name = view_name(view, language)
        title = language.say("alike.others", view=name, number=len(drawn) - 1)
        blocks.append(Fold(title=title, blocks=tuple(drawn[1:])))
    if blank:
        blocks.append(_blank(view, blank, language))
    return blocks


def _blank(view: str, blank: Mapping[str, Sequence[str]], language: Language) -> Points:
    """Measures of a view that have no value for any pair, by the reason."""
    points = [
        language.say("alike.blank.reason", measures=language.listed(names), reason=reason)
        for reason, names in blank.items()
    ]
    title = language.say("alike.blank", view=view_name(view, language))
    return Points(title=title, points=tuple(points))


def _reasons(pairs: Sequence[Comparison], language: Language) -> str:
    """Why a measure has no value for any pair; the commonest of several reasons."""
    reasons = Counter(r.value.reason for r in pairs if r.value.kind == "undefined")
    first = language.reason(reasons.most_common(1)[0][0])
    return first if len(reasons) == 1 else language.say("alike.reasons", reason=first)


def _measures(audit: Audit, view: str, results: Sequence[Comparison]) -> list[str]:
    """The measure that stands for the view first: what it was clustered by."""
    clustered = [c.measure for c in audit.clusterings if c.view == view]
    first = list(dict.fromkeys([*STANDS_FOR_VIEW, *clustered, *BEHAVIOUR]))
    measures = list(dict.fromkeys(result.measure for result in results))
    return sorted(measures, key=lambda m: first.index(m) if m in first else len(first))


def _map(
    audit: Audit, view: str, measure: str, pairs: Sequence[Comparison], language: Language
) -> Chart:
    clustering = _clustering(audit, view, measure)
    order = clustering.order if clustering else tuple(model.name for model in audit.models)
    left_out = [model.name for model in audit.models if model.name not in order]
    return Chart(
        title=heading(view, measure, language),
        words=_words(view, measure, pairs, left_out, language),
        specification=heat_map(
            (*order, *left_out),
            {frozenset({result.a, result.b}): result.value for result in pairs},
            language,
            merges=clustering.merges if clustering and not left_out else (),
            form=coefficient,
        ),
        table=_pair_table(measure, pairs, language),
    )


def _places(audit: Audit, view: str, measure: str, language: Language) -> Table:
    """The names behind the rows of a map that is too fine to carry them."""
    clustering = _clustering(audit, view, measure)
    order = clustering.order if clustering else tuple(model.name for model in audit.models)
    return Table(
        caption=language.say("places.caption"),
        columns=(
            Column(label=language.say("places.model")),
            Column(label=language.say("places.place"), is_number=True),
        ),
        rows=tuple((Cell(text=n), Cell(text=f"{place}")) for place, n in enumerate(order, 1)),
        is_folded=True,
    )


def _clustering(audit: Audit, view: str, measure: str) -> Clustering | None:
    """The clustering of this very measure, else the order of its view without a claim."""
    clusterings = [c for c in audit.clusterings if c.view == view and c.measure == measure]
    if clusterings:
        return clusterings[0]
    view_order = next((c for c in audit.clusterings if c.view == view), None)
    return view_order.model_copy(update={"merges": ()}) if view_order else None


def _words(
    view: str,
    measure: str,
    pairs: Sequence[Comparison],
    left_out: Sequence[str],
    language: Language,
) -> str:
    known = [(result, result.value) for result in pairs if isinstance(result.value, Known)]
    best, value = max(known, key=lambda pair: pair[1].number)
    sentences = [
        meaning_of(view, measure, language),
        language.say(
            "alike.best", pair=_pair_names(best, language), value=coefficient(value.number)
        ),
    ]
    if len(known) < len(pairs):
        blank = language.counted(len(pairs) - len(known), "pair")
        sentences.append(language.say("alike.undefined", pairs=blank))
    if left_out:
        models = language.few(left_out, len(left_out))
        sentences.append(language.say("alike.unclustered", models=models))
    return language.sentences([sentence for sentence in sentences if sentence])


def _pair_names(result: Comparison, language: Language) -> str:
    return language.listed([isolated(result.a), isolated(result.b)])


def _pair_table(measure: str, pairs: Sequence[Comparison], language: Language) -> Table:
    ordered = sorted(
        pairs, key=lambda r: -r.value.number if isinstance(r.value, Known) else float("inf")
    )
    cut = len(ordered) > SHOWN_PAIRS
    half = SHOWN_PAIRS // 2
    shown = [*ordered[:half], *ordered[-half:]] if cut else ordered
    notes = [language.say("alike.cut", half=half, all=f"{len(ordered):,}")] if cut else []
    silent = _same_silence(pairs)
    if silent:
        notes.append(language.say("alike.silent", reason=language.reason(silent)))
    return Table(
        caption=language.say("pairs.caption", measure=name_of(measure, language)),
        columns=tuple(
            Column(label=language.say(f"pairs.{name}"), is_number=name != "pair")
            for name in ("pair", "value", "chance", "items")
        ),
        rows=tuple(
            (
                Cell(text=_pair_names(result, language)),
                _value(result.value, language, is_silent=bool(silent)),
                _chance(result),
                Cell(text=f"{result.items:,}"),
            )
            for result in shown
        ),
        note=language.sentences(notes),
        is_folded=True,
    )


def _same_silence(pairs: Sequence[Comparison]) -> str:
    """Why no pair has an interval, if the reason is the same for all; the table says it once."""
    reasons = {result.value.no_interval for result in pairs if isinstance(result.value, Known)}
    return (reasons.pop() or "") if len(reasons) == 1 else ""


def _value(value: Value, language: Language, *, is_silent: bool) -> Cell:
    shown = language.cell(value, coefficient)
    return shown.model_copy(update={"note": ""}) if is_silent and value.kind == "known" else shown


def _chance(result: Comparison) -> Cell:
    if isinstance(result.value, Known) and result.value.chance is not None:
        return Cell(text=coefficient(result.value.chance))
    return Cell(text="–", tone="quiet")
