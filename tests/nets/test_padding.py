"""Batches have few widths where a kernel is made for each; that they say the same is a promise.

See ``a_loss_is_a_sum_over_its_count`` in ``checks/tasks.py``.
"""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.checks.tiny import word_pieces
from polyculture.core.task import Context, Example, Inventory
from polyculture.nets.efficiency.primitives import CAPACITY, KEPT
from polyculture.nets.reading.padding import NARROW, WIDE, even, token_batch

READER = word_pieces(["a b c"])


def texts(*lengths: int) -> list[Example]:
    return [
        Example(row=row, inputs={"input_ids": np.ones(length, dtype=np.int64)}, size=length)
        for row, length in enumerate(lengths)
    ]


@given(st.integers(1, 2_000), st.integers(1, 2_000))
def test_a_width_grows_by_less_than_a_step_and_never_past_the_longest(
    width: int, most: int
) -> None:
    """A text that is longer than the longest stays as it is; widths of widths are the same."""
    found = even(width, most)

    assert width <= found < width + (NARROW if width <= 64 else WIDE)
    assert found <= max(width, most)
    assert even(found, most) == found


def test_few_widths_are_left() -> None:
    """Of 500 lengths, 8 up to 64 and 28 beyond."""
    assert len({even(width, 512) for width in range(1, 513)}) == 8 + 28


@pytest.mark.parametrize(("asked", "width"), [(False, 21), (True, 24)])
def test_only_what_is_asked_for_is_padded_further(*, asked: bool, width: int) -> None:
    """What is added is masked."""
    context = Context(
        settings=None, inventory=Inventory(), reader=READER, longest=32, even_widths=asked
    )

    batch = token_batch(texts(21, 4), context)

    assert batch.inputs["input_ids"].shape == (2, width)
    assert batch.inputs["attention_mask"].sum(dim=1).tolist() == [21, 4]
    assert batch.size == 25


@pytest.mark.parametrize(("before", "wanted"), [(None, str(KEPT)), ("7", "7")])
def test_kernels_are_kept_unless_the_user_says_how_many(before: str | None, wanted: str) -> None:
    """And only before torch is loaded, which reads the variable once."""
    lines = (
        f"import os, sys; os.environ.pop({CAPACITY!r}, None)",
        f"before = {before!r}",
        f"if before: os.environ[{CAPACITY!r}] = before",
        "from polyculture.nets.efficiency.primitives import keep_kernels",
        f"keep_kernels(); print(os.environ[{CAPACITY!r}])",
        f"sys.modules['torch'] = sys; del os.environ[{CAPACITY!r}]",
        f"keep_kernels(); print({CAPACITY!r} in os.environ)",
    )

    done: Any = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], check=True, capture_output=True, text=True
    )

    assert done.stdout.split() == [wanted, "False"]
