"""Folders that are written once: under a temporary name, renamed when whole."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp, mkstemp

from polyculture.core.errors import StoreError


@contextmanager
def written_once(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside ``folder`` and rename it into place when the block ends well.

    After an error, or a Ctrl-C, nothing is left behind. A kill leaves at most the temporary folder,
    whose name starts with a dot.

    Args:
        folder: Where the whole folder will stand.
        replace: Put the new folder in the place of one that exists.

    Raises:
        StoreError: The folder exists and ``replace`` is false, or the disk is full.
    """
    refuse_existing(folder, replace=replace)
    with telling_of_disk(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            unfinished.chmod(0o755)  # mkdtemp's 0o700 would make results unreadable to colleagues
            yield unfinished
            if replace and folder.exists():
                old = Path(mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
                folder.rename(old / folder.name)
                unfinished.rename(folder)
                shutil.rmtree(old)
            else:
                unfinished.rename(folder)
        finally:
            with suppress(OSError):
                shutil.rmtree(unfinished)


def refuse_existing(folder: Path, *, replace: bool) -> None:
    """Say early that an output folder is in the way, before hours are spent on filling it."""
    if folder.exists() and not replace:
        msg = f"{folder} exists already. Choose another folder, or add --replace."
        raise StoreError(msg)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new, never a part.

    Raises:
        StoreError: The disk is full, or the folder may not be written.
    """
    with telling_of_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; see ``write_bytes``."""
    write_bytes(path, text.encode())


@contextmanager
def telling_of_disk(path: Path) -> Iterator[None]:
    """Turn the system's refusals to write into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreError(_full(path)) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            msg = f"{path} may not be written. Choose a folder that you own."
            raise StoreError(msg) from error
        raise
    except Exception as error:
        # writers of weights and tables put the system's refusal into errors of their own
        if "No space left on device" in str(error) and not isinstance(error, StoreError):
            raise StoreError(_full(path)) from error
        raise


def _full(path: Path) -> str:
    return f"The disk of {path} is full. Free some space, then run the same command again."
