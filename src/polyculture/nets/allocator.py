"""Memory that is freed after a step stays with the process for the next one.

A training step frees gradients and activations of a hundred megabytes and asks for as many again a
moment later. The C library gives large pieces back to the system, which hands them out again as
new, zeroed pages: thousands of page faults a step. glibc can be told to keep them; other C
libraries have no such call and are left alone. Measured in docs/log.md.
"""

import ctypes
import os

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
"""Names of settings in glibc's malloc.h, see mallopt(3)."""
SETTINGS = {
    MMAP_THRESHOLD: 32 << 20,  # the most glibc takes: smaller pieces come from memory it keeps
    TRIM_THRESHOLD: 1 << 30,  # free memory at the end that is kept
    TOP_PAD: 64 << 20,  # asked for beyond what is needed
}


def keep_freed_memory() -> bool:
    """Ask the C library to keep what is freed, unless the user has set its variables.

    Returns:
        Whether it took the settings.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is None or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    return all(mallopt(name, value) == 1 for name, value in SETTINGS.items())
