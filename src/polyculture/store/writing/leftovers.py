"""Temporary folders for results, and clearing those that killed processes left.

A result named ``audit`` is written in ``.audit.polyculture-XXXXXXXX/`` beside its place. That
folder holds a lock, which ends with the process: what nobody holds any more is cleared by the next
command that writes a result of the same name.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from polyculture.store.writing import locks
from polyculture.store.writing.swap import put_back

LOCK = "lock"
RESULT = "result"
"""Folder in which the result lies, apart from the lock: a result may have any name."""


@contextmanager
def workplace(path: Path) -> Iterator[Path]:
    """Give an empty folder beside ``path``, gone when the block ends."""
    sweep(path)
    place = Path(mkdtemp(prefix=_prefix(path), dir=path.parent))
    lock = locks.Lock.take(place / LOCK)
    try:
        (place / RESULT).mkdir()
        yield place / RESULT
    finally:
        with suppress(OSError):
            shutil.rmtree(place)
        if lock is not None:
            lock.release()


def sweep(path: Path) -> None:
    """Clear what killed processes left beside ``path`` while they wrote it."""
    with suppress(OSError):
        for place in path.parent.iterdir():
            if place.name.startswith(_prefix(path)) and _is_left(place):
                put_back(place / RESULT / path.name, path)
                shutil.rmtree(place, ignore_errors=True)


def _is_left(place: Path) -> bool:
    lock = place / LOCK
    return not place.is_symlink() and lock.is_file() and locks.state_of(lock) == "free"


def _prefix(path: Path) -> str:
    return f".{path.name}.polyculture-"
