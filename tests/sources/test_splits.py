"""Rows are drawn the same way each time, and documents stay whole."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.core.errors import RecipeError
from polyculture.core.task import Column
from polyculture.sources.rows.repeats import without_repeats
from polyculture.sources.rows.splits import drawn, held_out, shares, take

TEXTS = {"text": Column(kind="text")}
documents = st.lists(st.integers(0, 8), min_size=2, max_size=40)


def rows_of(numbers: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": [f"r{row}" for row in range(len(numbers))],
            "text": [f"text {row}" for row in range(len(numbers))],
            "document": [f"d{number}" for number in numbers],
        }
    )


@given(documents, st.integers(0, 5))
def test_a_draw_only_reorders(numbers: list[int], seed: int) -> None:
    """Every row is there once, and documents stand together in their own order."""
    rows = rows_of(numbers)

    order = drawn(rows, seed)

    assert sorted(order["id"]) == sorted(rows["id"])
    runs = order["document"].rle().struct.field("value").to_list()
    assert len(runs) == len(set(runs))


@pytest.mark.slow
@given(documents, st.data())
def test_what_is_taken_shares_no_document_with_the_rest(
    numbers: list[int], data: st.DataObject
) -> None:
    """The wanted count is met exactly; rest rows of a parted document go."""
    rows = drawn(rows_of(numbers), seed=1)
    count = data.draw(st.integers(1, len(rows)))

    first, rest = take(rows, count, what="test_rows")

    assert len(first) == count
    assert not set(first["document"]) & set(rest["document"])


def test_more_rows_than_there_are_is_one_sentence() -> None:
    """It says how many are left."""
    with pytest.raises(RecipeError, match="test_rows asks for 9 rows, but only 3 are left"):
        take(rows_of([1, 2, 3]), 9, what="test_rows")


@given(documents, st.floats(0.05, 0.6))
def test_holding_out_loses_no_row(numbers: list[int], share: float) -> None:
    """Both parts together are all rows, and no document is in both."""
    rows = rows_of(numbers)
    try:
        kept, out = held_out(rows, TEXTS, share, seed=1)
    except RecipeError:
        assert len(set(numbers)) == 1
        return

    assert sorted([*kept["id"], *out["id"]]) == sorted(rows["id"])
    assert not set(kept["document"]) & set(out["document"])
    assert len(out) >= share * len(rows) or len(set(kept["document"])) == 1


@given(st.integers(0, 1000), st.integers(1, 9))
def test_shares_add_up(count: int, parts: int) -> None:
    """No row is lost, and no part has two more than another."""
    split = shares(count, parts)

    assert sum(split) == count
    assert max(split) - min(split) <= 1


@given(st.lists(st.tuples(st.sampled_from(["a", "A ", "b", " a  b", "A b"]), st.booleans())))
def test_repeats_are_all_accounted_for(rows: list[tuple[str, bool]]) -> None:
    """Kept, repeated and conflicting rows add up, and what is kept is unlike."""
    texts, labels = [text for text, _ in rows], [str(label) for _, label in rows]

    found = without_repeats(texts, labels)
    kept = [" ".join(texts[row].lower().split()) for row in found.kept]

    assert len(found.kept) + found.repeated + found.conflicting == len(rows)
    assert len(set(kept)) == len(kept)
