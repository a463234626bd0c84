"""The most memory that a training held, also where one process trains several models.

Linux keeps a high-water mark for each process and lets the process set it back (proc(5),
``clear_refs``). Where that cannot be done, the mark is the highest of the process so far, and a
later training reports at least the peak of an earlier one.
"""

import contextlib
import resource
import sys
from pathlib import Path

from polyculture.nets.efficiency.allocator import give_back_freed_memory

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """Let the high-water mark begin at what is in use now; freed memory goes back first."""
    give_back_freed_memory()
    with contextlib.suppress(OSError):
        RESET.write_text("5", encoding="ascii")


def peak_mb() -> float:
    """The most this process held in memory since the mark was set back, in megabytes.

    Example:
        >>> peak_mb() > 10
        True
    """
    with contextlib.suppress(OSError):
        for line in STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) / (1 << 10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
