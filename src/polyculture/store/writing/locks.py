"""File locks that are released when their process ends, however it ends.

The system keeps them (``flock``), so a killed process leaves none behind. Where it has no such
locks (Windows, some network disks), nothing is locked and nothing of another process is cleared.
"""

import errno
import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

from polyculture.core.errors import StoreError

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

TRIES = 100
LOOKS = 5
PAUSE = 0.02
"""Who only looks whether a lock is held takes it for a moment: so many tries, seconds apart."""
YOUNG = 60.0
"""Seconds in which an empty lock file is that of a process about to take it."""
WITHOUT = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})
"""What disks without such locks answer."""

State = Literal["held", "free", "unknown"]


class Lock:
    """A file that one process holds.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     lock = Lock.take(Path(place) / "lock")
        ...     Lock.take(Path(place) / "lock") is None
        True
    """

    def __init__(self, handle: int, path: Path) -> None:
        self.handle = handle
        self.path = path

    @classmethod
    def take(cls, path: Path) -> "Lock | None":
        """Take the lock; None if another process holds it."""
        for attempt in range(TRIES):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            state = _try(handle)
            if state != "held" and _is_still(handle, path):
                break
            os.close(handle)  # held, or removed in between by a process that had finished
            if state == "held" and attempt >= LOOKS:
                return None
            time.sleep(PAUSE)
        else:
            msg = f"{path} is replaced again and again by other processes. Try once more."
            raise StoreError(msg)
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(holder()).encode(), 0)
        return cls(handle, path)

    def release(self) -> None:
        """Let others have it; the file stays."""
        with suppress(OSError):
            os.close(self.handle)


def holder() -> dict[str, str | int]:
    """This process, described for others that find the lock taken."""
    return {"process": os.getpid(), "host": socket.gethostname()}


def who_holds(path: Path) -> str:
    """The process that wrote a lock, in words.

    Example:
        >>> who_holds(Path("no such file"))
        'another process'
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return f"process {int(record['process'])} on {record['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def state_of(path: Path) -> State:
    """Whether a process holds the lock now; unknown on a disk without such locks."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return "free"
    try:
        status = os.fstat(handle)
        if not status.st_size and time.time() - status.st_mtime < YOUNG:
            return "held"
        return _try(handle)
    finally:
        os.close(handle)


def _try(handle: int) -> State:
    """Take a lock if nobody holds it; closing the handle gives it back."""
    if fcntl is None:
        return "unknown"
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return "unknown" if error.errno in WITHOUT else "held"
    return "free"


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
