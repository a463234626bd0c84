"""Keep memory that a step frees in the process, for the next step.

A training step frees gradients and activations of a hundred megabytes and asks for as many again a
moment later. The C library gives large pieces back to the system, which hands them out again as
new, zeroed pages: thousands of page faults a step. glibc can be told to keep them; other C
libraries have no such call and are left alone. What it brings is in docs/log.md.
"""

import ctypes
import os
from typing import Any

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
"""Names of settings in glibc's malloc.h, see mallopt(3)."""
SETTINGS = {
    MMAP_THRESHOLD: 32 << 20,  # the most glibc takes: smaller pieces come from memory it keeps
    TRIM_THRESHOLD: 1 << 30,  # free memory at the end that is kept
    TOP_PAD: 64 << 20,  # asked for beyond what is needed
}

THEIRS = (
    "GLIBC_TUNABLES",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_TOP_PAD_",
)
"""Variables by which a user sets the same."""


def keep_freed_memory() -> bool:
    """Ask the C library to keep what is freed, unless the user has set its variables.

    Returns:
        Whether it took the settings.
    """
    mallopt = _function("mallopt")
    if mallopt is None or any(name in os.environ for name in THEIRS):
        return False
    return all(mallopt(name, value) == 1 for name, value in SETTINGS.items())


def give_back_freed_memory() -> None:
    """Return to the system what was freed and kept, where the C library can."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None
