"""The sample depends on the ids alone."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from polyculture.datacheck.sample import Sample


def drawn(ids: list[str], size: int, most: int = 5, seed: int = 1) -> pl.DataFrame:
    sample = Sample(most=most, seed=seed)
    for start in range(0, len(ids), size):
        part = ids[start : start + size]
        sample.add(pl.DataFrame({"id": part, "text": [f"text of {one}" for one in part]}))
    assert sample.seen == len(ids)
    return sample.rows()


@given(st.sets(st.text(min_size=1, max_size=4), min_size=1, max_size=60), st.integers(1, 70))
def test_neither_batches_nor_order_matter(ids: set[str], size: int) -> None:
    """The same rows are kept, each with its own cells and in the order of the file."""
    forth = sorted(ids)

    some, others = drawn(forth, size), drawn(forth[::-1], 7)

    assert len(some) == min(5, len(ids))
    assert set(some["id"]) == set(others["id"])
    assert some["id"].to_list() == [one for one in forth if one in set(some["id"])]
    assert all(text == f"text of {one}" for one, text in some.iter_rows())


def test_another_seed_keeps_other_rows() -> None:
    """Of a hundred rows."""
    ids = [f"train-{number}" for number in range(100)]
    assert set(drawn(ids, 9, most=20)["id"]) != set(drawn(ids, 9, most=20, seed=2)["id"])
