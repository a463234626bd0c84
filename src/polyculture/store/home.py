"""Where starter models, data and what was learnt about this machine are kept: the cache.

Most of it is a convenience: what cannot be kept is found out again next time, so a cache that
cannot be written stops nothing. Only what is fetched has to lie somewhere.
"""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyculture.core.errors import StoreError
from polyculture.store.folder import write_text

NOTES = logging.getLogger("polyculture.cache")
"""Where a cache that cannot be written is told of."""
WHY = {
    errno.EROFS: "its disk is read-only",
    errno.EACCES: "it is not yours",
    errno.EPERM: "it is not yours",
    errno.ENOTDIR: "a file stands in its way",
    errno.EEXIST: "a file stands in its way",
    errno.ENOENT: "no folder can be made there",
    errno.ENOSPC: "its disk is full",
    errno.EDQUOT: "its disk is full",
}
"""By the system's number of its refusal."""


def home() -> Path:
    """The user's cache: ``POLYCULTURE_HOME``, or ``polyculture`` in the system's cache folder."""
    chosen = os.environ.get("POLYCULTURE_HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(chosen).expanduser() if chosen else Path(cache).expanduser() / "polyculture"
    except RuntimeError as error:
        msg = (
            f"The cache is nowhere: {chosen or cache} names the folder of somebody who does not "
            "exist. Set POLYCULTURE_HOME to a folder of yours."
        )
        raise StoreError(msg) from error


def keep(path: Path, text: str) -> None:
    """Keep a text in the cache for the next call, if that can be; see ``convenient``."""
    with convenient():
        write_text(path, text)


@contextmanager
def convenient() -> Iterator[None]:
    """Go on without what is kept in this block, with a note, where the cache cannot be written."""
    try:
        yield
    except (OSError, StoreError) as error:
        NOTES.warning("%s What would be kept there is found out anew each time.", _refusal(error))


@contextmanager
def needing_cache() -> Iterator[None]:
    """For what has to lie in the cache: name the cache where that cannot be written.

    Raises:
        StoreError: It cannot.
    """
    try:
        yield
    except (OSError, StoreError) as error:
        if _number(error) is None:  # a sentence about something else
            raise
        msg = f"{_refusal(error)} Set POLYCULTURE_HOME to a folder of yours."
        raise StoreError(msg) from error


def _refusal(error: Exception) -> str:
    number = _number(error)
    why = WHY.get(number or 0) or (
        os.strerror(number).lower() if number else str(error).rstrip(".")
    )
    return f"The cache {home()} (POLYCULTURE_HOME) cannot be written: {why}."


def _number(error: BaseException | None) -> int | None:
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            return error.errno
        error = error.__cause__
    return None
