"""Locks that end with the process that holds them, however it ends.

The system keeps them (``flock``), so a killed process leaves none behind. Where it has no such
locks (Windows, some network disks), nothing is locked and nothing of another process is cleared.
"""

import errno
import json
import os
import socket
from contextlib import suppress
from pathlib import Path

from polyculture.core.errors import StoreError

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

TRIES = 100


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
        """Take the lock, or give none where another process holds it."""
        for _ in range(TRIES):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            if not _locked(handle):
                os.close(handle)
                return None
            if _is_still(handle, path):
                break
            os.close(handle)  # another process finished and removed the file in between
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
    """This process, for whoever finds the lock taken."""
    return {"process": os.getpid(), "host": socket.gethostname()}


def who_holds(path: Path) -> str:
    """The process that wrote a lock, in words.

    Example:
        >>> who_holds(Path("no such file"))
        'another process'
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return f"process {int(found['process'])} on {found['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def is_held(path: Path) -> bool:
    """Whether a process holds the lock now."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _locked(handle)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}
    return True


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def works() -> bool:
    """Whether this system has such locks at all."""
    return fcntl is not None
