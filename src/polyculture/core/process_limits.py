"""Whether charts can be drawn under the limits that this process runs with."""

from polyculture.core.errors import PolycultureError

ADDRESSES = 70e9
"""Bytes of addresses that the library for charts reserves, nearly all of which it never touches;
with fewer it aborts the whole process (measured: 67 GB)."""
FILES = 64
"""Files that are open at once while charts are drawn, with room to spare (measured: 24)."""


def refuse_small_limits(addresses: float | None = None, files: float | None = None) -> None:
    """Say at the start that charts cannot be drawn, instead of aborting at the end.

    Args:
        addresses: Bytes of addresses that this process may have; asked of the system, if left out.
        files: Files that it may open; likewise.

    Raises:
        PolycultureError: A limit is too low.

    Example:
        >>> refuse_small_limits(addresses=600e6)
        Traceback (most recent call last):
        polyculture.core.errors.PolycultureError: This process may have 0.6 GB of addresses, and \
drawing charts reserves 70 GB, most of which are never used. Lift the limit: ulimit -v unlimited
        >>> refuse_small_limits(files=10)
        Traceback (most recent call last):
        polyculture.core.errors.PolycultureError: This process may open 10 files, and drawing \
charts needs 64. Raise the limit: ulimit -n 1024
    """
    addresses = _limit("RLIMIT_AS") if addresses is None else addresses
    files = _limit("RLIMIT_NOFILE") if files is None else files
    if addresses < ADDRESSES:
        msg = (
            f"This process may have {addresses / 1e9:.1f} GB of addresses, and drawing charts "
            f"reserves {ADDRESSES / 1e9:.0f} GB, most of which are never used. Lift the limit: "
            "ulimit -v unlimited"
        )
        raise PolycultureError(msg)
    if files < FILES:
        msg = (
            f"This process may open {files:.0f} files, and drawing charts needs {FILES}. Raise the "
            "limit: ulimit -n 1024"
        )
        raise PolycultureError(msg)


def _limit(name: str) -> float:
    try:
        import resource
    except ImportError:  # Windows
        return float("inf")
    limit, _ = resource.getrlimit(getattr(resource, name))
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit)
