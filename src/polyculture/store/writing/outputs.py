"""Check that a result may be written to a path.

Called before the work begins, and once more when the result is complete.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from polyculture.core.errors import StoreError
from polyculture.core.names import LONGEST
from polyculture.store.writing import marks
from polyculture.store.writing.disk import CLOSED, DiskError
from polyculture.store.writing.marks import FileKind, FolderKind


def check_output(
    path: Path, *, kind: FolderKind | FileKind, replace: bool, inputs: Iterable[Path] = ()
) -> None:
    """Refuse a path where the result would destroy something or cannot be written.

    Args:
        path: Where the result will stand.
        kind: What it will be.
        replace: What this program wrote there before may be replaced: a result of the same kind,
            or an empty folder.
        inputs: What the command reads.

    Raises:
        StoreError: Something is there that stays, or the place cannot be written.
    """
    try:
        _check_place(path)
        if os.path.lexists(path):
            _check_what_is_there(path, kind, inputs, replace=replace)
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL, no rights
        if isinstance(error, StoreError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"{str(path)!r} cannot be written ({reason}). Choose another place."
        raise StoreError(msg) from error


def _check_place(path: Path) -> None:
    name = path.name
    if name in {"", ".."}:
        msg = f"{path} is the working folder or one above it. Name a place of its own."
        raise StoreError(msg)
    if len(os.fsencode(name)) > LONGEST:
        msg = f"{name[:40]!r}… is a name of more than {LONGEST} bytes. Choose a shorter one."
        raise StoreError(msg)
    above = next((parent for parent in path.absolute().parents if os.path.lexists(parent)), None)
    if above is None or not above.is_dir():
        msg = f"{path} cannot be made: {above} is not a folder. Choose another place."
        raise StoreError(msg)
    if not os.access(above, os.W_OK | os.X_OK):
        raise DiskError(path, CLOSED)
    holder = next(
        (parent for parent in path.absolute().parents if (parent / marks.MARK).exists()), None
    )
    if holder is not None:
        msg = f"{path} lies inside {holder.name!r}, a finished result. Choose another place."
        raise StoreError(msg)


def _check_what_is_there(
    path: Path, kind: FolderKind | FileKind, inputs: Iterable[Path], *, replace: bool
) -> None:
    if path.is_symlink():
        msg = f"{path} is a symbolic link. Name the place that it leads to, or another one."
        raise StoreError(msg)
    whole = path.resolve()
    here = Path.cwd()
    if whole == here or whole in here.parents:
        msg = f"{path} is the working folder or one above it. Name a place of its own."
        raise StoreError(msg)
    for read in inputs:
        if whole == read.resolve() or whole in read.resolve().parents:
            msg = f"{path} is what this command reads. Choose another place for what it writes."
            raise StoreError(msg)
    reason = _why_foreign(path, kind)
    if reason is not None:
        msg = f"{path} exists already and is never replaced, since {reason}. Choose another place."
        raise StoreError(msg)
    if not replace:
        msg = f"{path} exists already. Choose another place, or add --replace."
        raise StoreError(msg)


def _why_foreign(path: Path, kind: FolderKind | FileKind) -> str | None:
    if kind in get_args(FolderKind):
        if not path.is_dir():
            return "it is a file, not a folder"
        return marks.why_foreign_folder(path, kind)  # type: ignore[arg-type]
    if path.is_dir():
        return "it is a folder, not a file"
    return marks.why_foreign_file(path, kind)  # type: ignore[arg-type]
