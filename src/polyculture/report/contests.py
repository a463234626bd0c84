"""Which model is really better than which: the exact paired test beside the scores."""

from typing import Literal

from polyculture.core.audit import Audit, Contest
from polyculture.core.values import Known
from polyculture.page.blocks import Block, Cell, Column, Fold, Table
from polyculture.page.numbers import SMALLEST_P, SURE, p_value
from polyculture.page.words import plural

MOST = 200
"""Pairs that a page shows; the record has all."""

TESTS = {
    "items": "The exact McNemar test of the items that only one of the two gets right",
    "documents": "The exact test of documents whose answers might have been swapped as wholes",
}


def blocks(audit: Audit) -> list[Block]:
    """The best model against each other one, and all pairs on request."""
    if not audit.contests:
        return []
    best = _best(audit)
    against = [one for one in audit.contests if best in {one.a, one.b}]
    others = [one for one in audit.contests if best not in {one.a, one.b}]
    caption = f"Is {best} really better than the others?"
    found: list[Block] = [_table(against[:MOST], caption, audit)]
    if others:
        table = _table(others[:MOST], "Every other pair", audit)
        found.append(Fold(title="Which of the others is better than which?", blocks=(table,)))
    return found


def _best(audit: Audit) -> str:
    """The model that loses no contest by count: the highest accuracy, the first at a tie."""
    known = [(m.name, m.accuracy) for m in audit.models if isinstance(m.accuracy, Known)]
    return max(known, key=lambda pair: pair[1].number)[0]


def _table(contests: list[Contest], caption: str, audit: Audit) -> Table:
    pairs, drawn = len(audit.contests), audit.settings.get("resampled", "items")
    return Table(
        caption=caption,
        columns=(
            Column(label="Right more often"),
            Column(label="Than"),
            Column(label="Right alone", is_number=True),
            Column(label="Really better?"),
        ),
        rows=tuple(_row(one) for one in contests),
        note=f"{TESTS[str(drawn)]}, after Holm's correction over {plural(pairs, 'pair')}. "
        "“Not shown” does not mean equal.",
        is_folded=len(contests) > 30,  # noqa: PLR2004  # a screen
    )


def _row(one: Contest) -> tuple[Cell, ...]:
    alone = Cell(text=f"{one.a_only:,} against\u00a0{one.b_only:,}")
    return Cell(text=one.a), Cell(text=one.b), alone, _verdict(one)


def _verdict(one: Contest) -> Cell:
    if not isinstance(one.p_corrected, Known):
        return Cell(text=f"undefined: {one.p_corrected.reason}", tone="quiet")
    p = one.p_corrected.number
    sign = "" if p < SMALLEST_P else "= "
    said: tuple[str, Literal["good", "quiet"]]
    said = ("yes", "good") if p < SURE else ("not shown", "quiet")
    return Cell(text=f"{said[0]}, p {sign}{p_value(p)}", tone=said[1])
