"""Refuse limits of the shell that are too low, before anything begins.

Libraries in Rust and C++ do not raise errors where files or memory are short: they end the process.
"""

import importlib
from typing import Any

from polyculture.core.errors import PolycultureError

FILES = 24
"""Open files that an audit needs at the least; 16 are too few."""
USUAL_FILES = 1024
GIB = 1 << 30
ADDRESSES = 1 * GIB
"""Memory addresses that any command needs."""
DRAWN = 64 * GIB
"""Addresses that drawing needs: the engine reserves 40 to 64 GiB and uses next to nothing of it."""
DRAWING = frozenset({"audit", "demo", "report", "study"})
"""Commands that draw, whatever their options say."""


def refuse_limits(*, draws: bool) -> None:
    """Check that the shell allows enough files and addresses; raise its soft limit if possible.

    Args:
        draws: Whether charts will be drawn.

    Raises:
        PolycultureError: It does not; the message says how to raise the limit.
    """
    try:
        resource: Any = importlib.import_module("resource")
    except ModuleNotFoundError:  # Windows
        return
    files = _raised(resource, resource.RLIMIT_NOFILE, FILES)
    if files < FILES:
        msg = (
            f"This shell lets a program open {files} files at once, but {FILES} are needed. Raise "
            "the limit with: ulimit -n 1024"
        )
        raise PolycultureError(msg)
    needed = DRAWN if draws else ADDRESSES
    addresses = _raised(resource, resource.RLIMIT_AS, needed)
    if addresses < needed:
        what = "drawing charts reserves" if draws else "this needs"
        msg = (
            f"This shell lets a program have {addresses / GIB:.3g} GiB of memory addresses, but "
            f"{what} {needed // GIB} GiB of them. Raise the limit with: ulimit -v unlimited"
        )
        raise PolycultureError(msg)


def _raised(resource: Any, kind: int, needed: int) -> float:
    soft, hard = (_number(resource, limit) for limit in resource.getrlimit(kind))
    if soft < needed <= hard:
        limit = int(min(hard, max(needed, USUAL_FILES)))
        resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))
        return limit
    return soft


def _number(resource: Any, limit: int) -> float:
    return float("inf") if limit == resource.RLIM_INFINITY else limit
