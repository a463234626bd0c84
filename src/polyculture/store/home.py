"""The user's cache: starter models, data, and what was learnt about this machine.

Most of it is a convenience: if the cache cannot be written, results are computed again next time.
Only fetched starters need it.
"""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyculture.core.errors import StoreError
from polyculture.store.writing.folder import write_text

NOTES = logging.getLogger("polyculture.cache")
"""The logger that reports a cache that cannot be written."""
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
"""Messages by errno."""


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
    """Keep a text in the cache for the next call, if possible; see ``convenient``."""
    with convenient():
        write_text(path, text)


@contextmanager
def convenient() -> Iterator[None]:
    """Ignore write errors of the cache in this block, with a note."""
    try:
        yield
    except (OSError, StoreError) as error:
        NOTES.warning("%s What would be kept there is found out anew each time.", _refusal(error))


@contextmanager
def needing_cache() -> Iterator[None]:
    """Turn write errors of the cache in this block into one that names the cache.

    Raises:
        StoreError: The cache cannot be written.
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
