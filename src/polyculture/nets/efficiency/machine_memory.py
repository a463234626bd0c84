"""The memory of this machine, and whether a training's weights fit into it."""

import os
from collections.abc import Iterator
from pathlib import Path

from polyculture.core.errors import RecipeError

BYTES = 4
"""Of a float32 number."""
COPIES = 4
"""A trained weight is held four times: itself, its gradient, and AdamW's two moments."""
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where a container's limit stands, by the version of Linux's control groups."""


def total_bytes() -> int:
    """Bytes of memory that this process may use: the machine's, capped by the container's limit.

    Example:
        >>> total_bytes() > 2**20
        True
    """
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_limits()])


def _limits() -> Iterator[int]:
    for file in LIMITS:
        try:
            yield int(file.read_text(encoding="ascii"))
        except (OSError, ValueError):  # no such file, or "max": no limit
            continue


def refuse_too_large(what: str, trained: int, *, frozen: int = 0) -> None:
    """Refuse a training whose weights alone cannot fit into memory.

    Args:
        what: What has them and what to change, for the message: ``base.width = 4,096``.
        trained: Weights that training moves.
        frozen: Weights that stay as they are.

    Raises:
        RecipeError: With the estimate and the machine's memory.
    """
    needed = BYTES * (COPIES * trained + frozen)
    there = total_bytes()
    if needed > there:
        msg = (
            f"{what}: the {trained:,} weights that are trained need about {_gigabytes(needed)} "
            f"of memory (with gradients and optimizer state), but this machine has "
            f"{_gigabytes(there)}. Choose a smaller size."
        )
        raise RecipeError(msg)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
