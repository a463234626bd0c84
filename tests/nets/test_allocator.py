"""A process that keeps freed memory faults on fewer pages."""

import os
import platform
import subprocess
import sys

import pytest

from polyculture.nets.allocator import keep_freed_memory

FAULTS = """
import ctypes, resource, sys
import torch
from polyculture.nets.allocator import keep_freed_memory

if sys.argv[1] == "keep":
    assert keep_freed_memory()

ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: a page is 4 kB, whatever is free

def step():
    return [torch.ones(1 << 20) for _ in range(8)]  # 4 MB each, freed at the end of a step

step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(mode: str) -> int:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", FAULTS, mode]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=clean)
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep it")
def test_steps_that_free_and_ask_again_fault_on_few_pages() -> None:
    """Twenty steps of 32 MB; where the memory goes back in between, its pages come again."""
    assert faults("keep") < faults("leave") / 2


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the C library is an answer already."""
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")

    assert not keep_freed_memory()
