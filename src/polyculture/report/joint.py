"""Failing together: what was observed, and what independent models would show."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from polyculture.core.audit import Audit, JointOutcome, Stratum
from polyculture.core.values import Known
from polyculture.page.blocks import Block, Cell, Chart, Column, Section, Table
from polyculture.page.drawing import finished, rows
from polyculture.page.numbers import (
    cell,
    coefficient,
    count,
    effective,
    items,
    points,
    ratio,
    share,
)
from polyculture.page.palette import LIGHT
from polyculture.page.words import all_of, plural
from polyculture.report.findings import times_as_often
from polyculture.report.meanings import meaning_of, name_of

FEW_BARS = 4
"""Up to so many models the legend is wider than the bars."""
LEGEND = 48
"""Room for letters that are wider than those that the legend was laid out with."""
SERIES = ["observed", "expected if independent"]
MOST_GROUPS = 12
"""Groups of items that a table shows at once."""
MOST_FOLDED = 200
"""Groups that a page holds behind it; the record has all."""
VOTES = frozenset({"effective_votes", "vendi_score"})
SHARES = ("accuracy", "accuracy_held_out")
ABOVE = frozenset({"all_fail", "all_correct", "outcome_homogenization"})
"""Group results that the table of joint outcomes already holds."""


def section(audit: Audit) -> Section:
    """Observed against expected joint failure, by count, by group, and for the group as a whole."""
    blocks: list[Block] = []
    if audit.failures_by_count:
        blocks.append(_by_count(audit))
    if isinstance(audit.all_fail.observed, Known):
        blocks.append(_outcomes(audit))
    blocks += _strata(audit.strata)
    if audit.group:
        blocks.append(_group(audit))
    return Section(
        key="together",
        title="Failing together",
        lead=_lead(audit),
        blocks=tuple(blocks),
    )


def _lead(audit: Audit) -> str:
    observed = audit.all_fail.observed
    if not isinstance(observed, Known):
        return f"Whether they fail together cannot be said: {observed.reason}."
    every = all_of(len(audit.models))
    if observed.number == 0:
        return f"No item is failed by {every} models."
    return (
        f"{every.capitalize()} models fail on {share(observed.number)} of the items, "
        f"{times_as_often(audit.all_fail)}. An item that every model fails has no second opinion: "
        "no vote and no fallback among these models can save it."
    )


def _by_count(audit: Audit) -> Chart:
    number = len(audit.models)
    last = audit.failures_by_count[-1]
    return Chart(
        title="How many models fail on an item",
        words=f"Bars: items failed by exactly 0 to {number} of the models. Ticks: what independent "
        f"models of the same accuracies would show. At {number}, {count(last)} observed against "
        f"{items(audit.expected_by_count[-1])} expected.",
        specification=_bars(audit),
        table=Table(
            caption="Items by the number of models that fail on them",
            columns=(
                Column(label="Models that fail", is_number=True),
                Column(label="Items observed", is_number=True),
                Column(label="Expected if independent", is_number=True),
            ),
            rows=tuple(
                (Cell(text=f"{failing}"), Cell(text=count(seen)), Cell(text=items(expected)))
                for failing, (seen, expected) in enumerate(
                    zip(audit.failures_by_count, audit.expected_by_count, strict=True)
                )
            ),
            is_folded=True,
        ),
    )


def _bars(audit: Audit) -> dict[str, Any]:
    values: list[dict[str, Any]] = [
        {"failing": failing, "observed": seen, "expected": expected, "text": count(seen)}
        for failing, (seen, expected) in enumerate(
            zip(audit.failures_by_count, audit.expected_by_count, strict=True)
        )
    ]
    last = len(values) - 1
    high = max(*audit.failures_by_count, *audit.expected_by_count)
    for value in values:
        above = value["expected"] - value["observed"]
        value["top"] = value["expected"] if 0 < above < high / 12 else value["observed"]
        value["bar"], value["tick"] = SERIES
        value["words"] = (
            f"{value['failing']} of {last} models fail: {value['text']} observed, "
            f"{items(value['expected'])} expected"
        )
    few = last <= 12  # noqa: PLR2004
    width = 56 * len(values) if last <= 7 else max(440, 6 * len(values))  # noqa: PLR2004
    x_axis = alt.Axis(
        title="models that fail", labelAngle=0, ticks=False, labelOverlap=True, labelPadding=7
    )
    y_axis = alt.Axis(title="items", tickCount=5, domain=False, ticks=False, format=",d")
    base = alt.Chart(rows(values), width=width, height=250).encode(
        x=alt.X("failing:O", axis=x_axis, scale=alt.Scale(paddingInner=0.3 if few else 0.1))
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        y=alt.Y("observed:Q", axis=y_axis, scale=alt.Scale(domainMax=1.09 * high, nice=False)),
        color=_series("bar"),
        description="words:N",
    )
    ticks = base.mark_tick(thickness=3, opacity=1, aria=False).encode(
        y="expected:Q", color=_series("tick")
    )
    layers = [bars, ticks]
    if few:  # a figure on each bar, above a tick that would cross it
        figures = base.mark_text(dy=-9, fontSize=12, aria=False)
        layers.append(figures.encode(y="top:Q", text="text:N"))
    return finished(alt.layer(*layers), right=LEGEND if last <= FEW_BARS else 0)


def _series(field: str) -> Any:
    scale = alt.Scale(domain=SERIES, range=[LIGHT["observed"], LIGHT["expected"]])
    legend = alt.Legend(orient="top", title=None, symbolType="square", labelLimit=300)
    return alt.Color(f"{field}:N", scale=scale, legend=legend)


def _outcomes(audit: Audit) -> Table:
    outcomes: list[tuple[str, str, JointOutcome | None]] = [
        ("All fail", "", audit.all_fail),
        ("All are right", "", audit.all_correct),
        ("All fail", "expected within each group of items", audit.all_fail_within_strata),
        ("All fail", "expected within each right answer", audit.all_fail_within_gold),
    ]
    return Table(
        caption="Joint outcomes against independence",
        columns=_outcome_columns("Outcome"),
        rows=tuple(
            (Cell(text=name, note=note), *_outcome_cells(outcome))
            for name, note, outcome in outcomes
            if outcome is not None
        ),
        note="Expected is the product of the models' own rates. Hard items are hard for everyone, "
        "so some excess is nearly always there; the rows within groups and within right answers "
        "take that part of it out which is shared by construction.",
    )


def _outcome_columns(first: str) -> tuple[Column, ...]:
    numbers = ("Observed", "Expected if independent", "Times as often", "Difference in points")
    return (Column(label=first), *(Column(label=label, is_number=True) for label in numbers))


def _outcome_cells(outcome: JointOutcome) -> tuple[Cell, ...]:
    return (
        cell(outcome.observed, share),
        cell(outcome.expected, share),
        cell(outcome.ratio, ratio),
        cell(outcome.difference, points),
    )


def _strata(strata: Sequence[Stratum]) -> list[Block]:
    """Joint failure group by group: of many groups the largest, the rest on request."""
    largest = sorted(strata, key=lambda one: -one.items)
    first = set(map(id, largest[:MOST_GROUPS]))
    shown = [one for one in strata if id(one) in first]
    rest = [one for one in strata if id(one) not in first]
    if not rest:
        return [_of_strata(shown, "All models fail, group by group")] if shown else []
    caption = f"All models fail: the {MOST_GROUPS} largest of {len(strata):,} groups"
    more = _of_strata(rest[:MOST_FOLDED], f"All models fail: {len(rest):,} smaller groups")
    if len(rest) > MOST_FOLDED:
        note = f"{MOST_FOLDED:,} of them are shown here; audit.json holds all."
        more = more.model_copy(update={"note": note})
    return [_of_strata(shown, caption), more.model_copy(update={"is_folded": True})]


def _of_strata(strata: Sequence[Stratum], caption: str) -> Table:
    return Table(
        caption=caption,
        columns=_outcome_columns("Group of items"),
        rows=tuple(
            (
                Cell(text=stratum.name, note=plural(stratum.items, "item")),
                *_outcome_cells(stratum.all_fail),
            )
            for stratum in strata
        ),
    )


def _group(audit: Audit) -> Table:
    return Table(
        caption="The models as one group",
        columns=(
            Column(label="Measure"),
            Column(label="Value", is_number=True),
            Column(label="If independent", is_number=True),
            Column(label="What it says"),
        ),
        rows=tuple(
            (
                Cell(text=name_of(result.measure)),
                cell(result.value, _form(result.measure)),
                _chance(result.value, result.measure),
                Cell(text=meaning_of("group", result.measure), note=result.note),
            )
            for result in audit.group
            if result.measure not in ABOVE
        ),
    )


def _form(measure: str) -> Any:
    if measure in VOTES:
        return effective
    if measure == "vote_gain":
        return points
    return share if measure.endswith(SHARES) else coefficient


def _chance(value: Any, measure: str) -> Cell:
    if isinstance(value, Known) and value.chance is not None:
        return Cell(text=_form(measure)(value.chance))
    return Cell(text="–", tone="quiet")
