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
        msg = f"{folder} exists already. Choose another place, or add --replace."
        raise StoreError(msg)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary file beside ``path`` that takes its place when the block ends well.

    Readers see the old content or the new, never a part.

    Raises:
        StoreError: The disk is full, or the folder may not be written.
    """
    with telling_of_disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        unfinished = Path(name)
        try:
            yield unfinished
            unfinished.chmod(0o644)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; see ``whole_file``."""
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text; see ``write_bytes``."""
    write_bytes(path, text.encode())


FULL = "The disk of {path} is full. Free some space, then run the same command again."
REFUSALS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: "{path} grew larger than this system allows. Raise the limit on file sizes.",
    errno.EACCES: "{path} may not be written. Choose a folder that you own.",
    errno.EPERM: "{path} may not be written. Choose a folder that you own.",
    errno.EROFS: "{path} lies on a disk that may not be written. Choose another folder.",
    errno.ENOTDIR: "{path} cannot be made, since a file stands in its way. Choose another folder.",
}
"""What a person is told, by the system's number of its refusal."""


class DiskError(StoreError):
    """The disk refuses to be written to."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason.format(path=path))
        self.reason = reason


@contextmanager
def telling_of_disk(path: Path) -> Iterator[None]:
    """Turn the system's refusals to write into one sentence about ``path``."""
    try:
        yield
    except DiskError as error:  # of a file inside, which may have a temporary name
        raise DiskError(path, error.reason) from error
    except Exception as error:
        # writers of weights and tables put the system's refusal into errors of their own
        number = getattr(error, "errno", None)
        if number not in REFUSALS and "No space left on device" in str(error):
            number = errno.ENOSPC
        if number not in REFUSALS:
            raise
        raise DiskError(path, REFUSALS[number]) from error
