"""Replace a folder by a new one so that at every moment one of them is there."""

import ctypes
import os
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2
"""See renameat2(2)."""


def put(new: Path, place: Path) -> None:
    """Rename ``new`` to ``place``; what stood there bears the name ``new`` afterwards."""
    if not os.path.lexists(place):
        new.rename(place)
    elif not _exchanged(new, place):
        aside = _aside(new)
        place.rename(aside)
        try:
            new.rename(place)
        except OSError:
            aside.rename(place)
            raise
        aside.rename(new)


def put_back(new: Path, place: Path) -> None:
    """Undo the first of two renames after a kill between them."""
    if _aside(new).exists() and not os.path.lexists(place):
        _aside(new).rename(place)


def _aside(new: Path) -> Path:
    return new.with_name(f"{new.name}.old")


def _exchanged(path: Path, other: Path) -> bool:
    """Exchange two names atomically; False if the system cannot."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    if renameat2 is None:
        return False
    names = (os.fsencode(path), os.fsencode(other))
    return bool(renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0)
