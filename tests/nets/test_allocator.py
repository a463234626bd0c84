"""A process that keeps freed memory has it at hand for the next step.

What the C library itself says it holds is compared. Page faults, which keeping is for, depend on
the size of a kernel's pages and on what else it moves about.
"""

import os
import platform
import subprocess
import sys

import pytest

from polyculture.nets.efficiency.allocator import keep_freed_memory

HELD = """
import ctypes, sys
import torch
from polyculture.nets.efficiency.allocator import keep_freed_memory

class Mallinfo(ctypes.Structure):  # mallinfo(3): free bytes that have not gone back are fordblks
    _fields_ = [(name, ctypes.c_int) for name in
        "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

library = ctypes.CDLL(None)
library.mallinfo.restype = Mallinfo
if sys.argv[1] == "keep":
    assert keep_freed_memory()

before = library.mallinfo().fordblks
step = [torch.ones(4 << 20) for _ in range(8)]  # 16 MB each
del step
print(library.mallinfo().fordblks - before)
"""


def held(mode: str) -> int:
    """Bytes that a step of 128 MB leaves with a process once they are freed."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MALLOC_") and name != "GLIBC_TUNABLES"
    }
    command = [sys.executable, "-c", HELD, mode]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=clean)
    return int(done.stdout)


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep it")
def test_what_a_step_frees_is_there_for_the_next() -> None:
    """Left alone, glibc maps pieces of this size one by one, and unmaps them again."""
    assert held("keep") > 100 << 20
    assert held("leave") < 16 << 20


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the C library is an answer already."""
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "131072")

    assert not keep_freed_memory()
