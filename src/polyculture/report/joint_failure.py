"""Joint failure: what was observed, and what independent models would show."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from polyculture.core.audit import Audit, JointOutcome, Stratum
from polyculture.core.values import Known
from polyculture.page.blocks import Block, Cell, Chart, Column, Section, Table
from polyculture.page.drawing import finished, rows
from polyculture.page.numbers import coefficient, count, effective, items, points, share
from polyculture.page.palette import LIGHT
from polyculture.report.findings import times_as_often
from polyculture.report.language import Language
from polyculture.report.meanings import meaning_of, name_of

FEW_BARS = 4
"""Up to so many models the legend is wider than the bars."""
LEGEND = 48
"""Room for letters that are wider than those that the legend was laid out with."""
MOST_GROUPS = 12
"""Groups of items that a table shows at once."""
MOST_FOLDED = 200
"""Groups that a page holds behind it; the record has all."""
VOTES = frozenset({"effective_votes", "vendi_score"})
SHARES = ("accuracy", "accuracy_held_out")
ABOVE = frozenset({"all_fail", "all_correct", "outcome_homogenization"})
"""Group results that the table of joint outcomes already holds."""


def section(audit: Audit, language: Language) -> Section:
    """Observed against expected joint failure, by count, by group, and for the group as a whole."""
    blocks: list[Block] = []
    if audit.failures_by_count:
        blocks.append(_by_count(audit, language))
    if isinstance(audit.all_fail.observed, Known):
        blocks.append(_outcomes(audit, language))
    blocks += _strata(audit.strata, language)
    if audit.group:
        blocks.append(_group(audit, language))
    return Section(
        key="together",
        title=language.say("together.title"),
        lead=_lead(audit, language),
        blocks=tuple(blocks),
    )


def _lead(audit: Audit, language: Language) -> str:
    observed = audit.all_fail.observed
    if not isinstance(observed, Known):
        return language.say("together.unknown", reason=language.reason(observed.reason))
    every = language.every(len(audit.models))
    if observed.number == 0:
        return language.say("together.none", every=every)
    return language.say(
        "together.lead",
        Every=every.capitalize(),
        share=share(observed.number),
        times=times_as_often(audit.all_fail, language),
    )


def _by_count(audit: Audit, language: Language) -> Chart:
    return Chart(
        title=language.say("counts.title"),
        words=language.say(
            "counts.words",
            number=len(audit.models),
            observed=count(audit.failures_by_count[-1]),
            expected=items(audit.expected_by_count[-1]),
        ),
        specification=_bars(audit, language),
        table=Table(
            caption=language.say("counts.caption"),
            columns=tuple(
                Column(label=language.say(f"counts.{name}"), is_number=True)
                for name in ("failing", "seen", "expected")
            ),
            rows=tuple(
                (Cell(text=f"{failing}"), Cell(text=count(observed)), Cell(text=items(expected)))
                for failing, (observed, expected) in enumerate(
                    zip(audit.failures_by_count, audit.expected_by_count, strict=True)
                )
            ),
            is_folded=True,
        ),
    )


def _bars(audit: Audit, language: Language) -> dict[str, Any]:
    values: list[dict[str, Any]] = [
        {"failing": failing, "observed": observed, "expected": expected, "text": count(observed)}
        for failing, (observed, expected) in enumerate(
            zip(audit.failures_by_count, audit.expected_by_count, strict=True)
        )
    ]
    last = len(values) - 1
    series = [language.say(f"counts.legend.{name}") for name in ("observed", "expected")]
    high = max(*audit.failures_by_count, *audit.expected_by_count)
    for value in values:
        above = value["expected"] - value["observed"]
        value["top"] = value["expected"] if 0 < above < high / 12 else value["observed"]
        value["bar"], value["tick"] = series
        value["words"] = language.say(
            "counts.bar",
            failing=value["failing"],
            all=last,
            observed=value["text"],
            expected=items(value["expected"]),
        )
    few = last <= 12  # noqa: PLR2004
    width = 56 * len(values) if last <= 7 else max(440, 6 * len(values))  # noqa: PLR2004
    x_axis = alt.Axis(
        title=language.say("counts.x"),
        labelAngle=0,
        ticks=False,
        labelOverlap=True,
        labelPadding=7,
    )
    y_title = language.say("counts.y")
    y_axis = alt.Axis(title=y_title, tickCount=5, domain=False, ticks=False, format=",d")
    base = alt.Chart(rows(values), width=width, height=250).encode(
        x=alt.X("failing:O", axis=x_axis, scale=alt.Scale(paddingInner=0.3 if few else 0.1))
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        y=alt.Y("observed:Q", axis=y_axis, scale=alt.Scale(domainMax=1.09 * high, nice=False)),
        color=_series("bar", series),
        description=alt.Description("words:N"),
    )
    ticks = base.mark_tick(thickness=3, opacity=1, aria=False).encode(
        y=alt.Y("expected:Q"), color=_series("tick", series)
    )
    layers = [bars, ticks]
    if few:  # a figure on each bar, above a tick that would cross it
        figures = base.mark_text(dy=-9, fontSize=12, aria=False)
        layers.append(figures.encode(y=alt.Y("top:Q"), text=alt.Text("text:N")))
    return finished(alt.layer(*layers), right=LEGEND if last <= FEW_BARS else 0)


def _series(field: str, names: Sequence[str]) -> Any:
    scale = alt.Scale(domain=list(names), range=[LIGHT["observed"], LIGHT["expected"]])
    legend = alt.Legend(orient="top", title=None, symbolType="square", labelLimit=300)
    return alt.Color(f"{field}:N", scale=scale, legend=legend)


def _outcomes(audit: Audit, language: Language) -> Table:
    outcomes: list[tuple[str, str, JointOutcome | None]] = [
        ("all_fail", "", audit.all_fail),
        ("all_correct", "", audit.all_correct),
        ("all_fail", "strata", audit.all_fail_within_strata),
        ("all_fail", "gold", audit.all_fail_within_gold),
    ]
    rows = []
    for name, within, outcome in outcomes:
        if outcome is not None:
            note = language.say(f"outcomes.{within}") if within else ""
            first = Cell(text=language.say(f"outcomes.{name}"), note=note)
            rows.append((first, *_outcome_cells(outcome, language)))
    return Table(
        caption=language.say("outcomes.caption"),
        columns=_outcome_columns(language.say("outcomes.outcome"), language),
        rows=tuple(rows),
        note=language.say("outcomes.note"),
    )


def _outcome_columns(first: str, language: Language) -> tuple[Column, ...]:
    names = ("observed", "expected", "ratio", "difference")
    labels = (language.say(f"outcomes.{name}") for name in names)
    return (Column(label=first), *(Column(label=label, is_number=True) for label in labels))


def _outcome_cells(outcome: JointOutcome, language: Language) -> tuple[Cell, ...]:
    return (
        language.cell(outcome.observed, share),
        language.cell(outcome.expected, share),
        language.cell(outcome.ratio, language.ratio),
        language.cell(outcome.difference, points),
    )


def _strata(strata: Sequence[Stratum], language: Language) -> list[Block]:
    """Joint failure group by group: of many groups the largest, the rest on request."""
    largest = sorted(strata, key=lambda stratum: -stratum.items)
    first = set(map(id, largest[:MOST_GROUPS]))
    shown = [stratum for stratum in strata if id(stratum) in first]
    rest = [stratum for stratum in strata if id(stratum) not in first]
    if not rest:
        caption = language.say("strata.caption")
        return [_of_strata(shown, caption, language)] if shown else []
    caption = language.say("strata.largest", number=MOST_GROUPS, all=f"{len(strata):,}")
    others = language.say("strata.rest", number=f"{len(rest):,}")
    more = _of_strata(rest[:MOST_FOLDED], others, language)
    if len(rest) > MOST_FOLDED:
        note = language.say("strata.cut", number=f"{MOST_FOLDED:,}")
        more = more.model_copy(update={"note": note})
    return [_of_strata(shown, caption, language), more.model_copy(update={"is_folded": True})]


def _of_strata(strata: Sequence[Stratum], caption: str, language: Language) -> Table:
    return Table(
        caption=caption,
        columns=_outcome_columns(language.say("strata.name"), language),
        rows=tuple(
            (
                Cell(text=stratum.name, note=language.counted(stratum.items, "item")),
                *_outcome_cells(stratum.all_fail, language),
            )
            for stratum in strata
        ),
    )


def _group(audit: Audit, language: Language) -> Table:
    return Table(
        caption=language.say("group.caption"),
        columns=tuple(
            Column(label=language.say(f"group.{name}"), is_number=name in {"value", "chance"})
            for name in ("measure", "value", "chance", "says")
        ),
        rows=tuple(
            (
                Cell(text=name_of(result.measure, language)),
                language.cell(result.value, _group_form(result.measure)),
                _chance(result.value, result.measure),
                Cell(
                    text=meaning_of("group", result.measure, language),
                    note=language.recorded(result.note),
                ),
            )
            for result in audit.group
            if result.measure not in ABOVE
        ),
    )


def _group_form(measure: str) -> Any:
    if measure in VOTES:
        return effective
    if measure == "vote_gain":
        return points
    return share if measure.endswith(SHARES) else coefficient


def _chance(value: Any, measure: str) -> Cell:
    if isinstance(value, Known) and value.chance is not None:
        return Cell(text=_group_form(measure)(value.chance))
    return Cell(text="–", tone="quiet")
