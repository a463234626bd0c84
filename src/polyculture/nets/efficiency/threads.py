"""Make OpenMP's threads sleep instead of spin, for busy machines.

OpenMP's threads spin while they wait for one another. On a machine whose cores are also wanted by
other processes, a two-thread step then takes many times as long as a one-thread step, because the
spinning thread holds the core that the working one needs. ``OMP_WAIT_POLICY=PASSIVE`` makes them
sleep instead. The library reads the variable once, when torch is loaded: it is set before that.
"""

import os
import sys
from pathlib import Path

from polyculture.core.errors import RecipeError

PER_CORE = 4
"""Threads a core at most; more than one is of use to those who time what it costs."""


def be_polite() -> None:
    """Ask for sleeping threads, unless the user has said otherwise. Call it before torch loads."""
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def available() -> int:
    """Cores that this process may really use: its affinity, capped by the container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, _quota()))


def wanted(asked: int | None) -> int:
    """Threads of a training: as many as are asked for, or the cores of this process.

    Raises:
        RecipeError: So many threads would only wait for one another, or be refused by the system.
    """
    cores = available()
    most = PER_CORE * cores
    if asked is not None and asked > most:
        msg = (
            f"fit.threads = {asked:,} is more than {PER_CORE} threads a core: this process may use "
            f"{cores} of them, so {most} threads at most. Leave fit.threads out to use all cores."
        )
        raise RecipeError(msg)
    return asked or cores


def _quota() -> int:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError):  # no such file, or "max": no quota
        return 1 << 10
