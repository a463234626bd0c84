"""The peak of one training is not that of an earlier one in the same process."""

import sys

import numpy as np
import pytest

from polyculture.engine.cost import memory
from polyculture.nets.efficiency.allocator import keep_freed_memory


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process set its mark back")
def test_what_was_freed_before_a_training_does_not_count() -> None:
    """200 MB come and go in pieces; the mark remembers them until it is set back."""
    keep_freed_memory()
    memory.forget_peak()
    before = memory.peak_mb()
    held = [np.ones(125_000) for _ in range(200)]
    del held
    high = memory.peak_mb()
    memory.forget_peak()

    assert high > before + 150
    assert memory.peak_mb() < high - 150
