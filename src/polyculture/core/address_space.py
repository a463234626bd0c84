"""Whether charts can be drawn under the limit that this process runs with."""

from polyculture.core.errors import PolycultureError

NEEDED = 70e9
"""Bytes of addresses that the library for charts reserves, nearly all of which it never touches;
with fewer it aborts the whole process (measured: 67 GB)."""


def refuse_small(limit: float | None = None) -> None:
    """Say at the start that charts cannot be drawn, instead of aborting at the end.

    Args:
        limit: Bytes of addresses that this process may have; asked of the system, if left out.

    Raises:
        PolycultureError: The limit is too low.

    Example:
        >>> refuse_small(600e6)
        Traceback (most recent call last):
        polyculture.core.errors.PolycultureError: This process may have 0.6 GB of addresses, and \
drawing charts reserves 70 GB, most of which are never used. Lift the limit: ulimit -v unlimited
    """
    limit = _limit() if limit is None else limit
    if limit < NEEDED:
        msg = (
            f"This process may have {limit / 1e9:.1f} GB of addresses, and drawing charts reserves "
            f"{NEEDED / 1e9:.0f} GB, most of which are never used. Lift the limit: ulimit -v "
            "unlimited"
        )
        raise PolycultureError(msg)


def _limit() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return float("inf")
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit)
