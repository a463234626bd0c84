"""Records that are more than memory may hold come back whole, key by key."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.store.spill import Spill

KIND = np.dtype([("key", "u8"), ("row", "u4")])


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=8), max_size=8))
def test_on_disk_is_as_in_memory(batches: list[list[int]]) -> None:
    """No record is lost, and those of one key are in one part, in their order."""
    in_memory, on_disk = Spill(KIND), Spill(KIND, most=3)
    row = 0
    for keys in batches:
        records = np.array([(key, row + n) for n, key in enumerate(keys)], dtype=KIND)
        row += len(keys)
        for spill in (in_memory, on_disk):
            spill.add(records)

    (whole,) = in_memory.parts()
    parts = list(on_disk.parts())

    assert on_disk.is_on_disk == (row > 3)
    assert sorted(r for part in parts for r in part["row"].tolist()) == list(range(row))
    homes: dict[int, int] = {}
    for number, part in enumerate(parts):
        for key in part["key"].tolist():
            assert homes.setdefault(key, number) == number
        for key in set(part["key"].tolist()):
            mine, theirs = (some["row"][some["key"] == key].tolist() for some in (part, whole))
            assert mine == theirs
