"""Write errors of the system, each as one sentence about the path that a person named."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyculture.core.errors import StoreError

FULL = "The disk of {path} is full. Free some space, then run the same command again."
CLOSED = "{path} may not be written. Choose a folder that you own."
REFUSALS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: "{path} grew larger than this system allows. Raise the limit on file sizes.",
    errno.EACCES: CLOSED,
    errno.EPERM: CLOSED,
    errno.EROFS: "{path} lies on a disk that may not be written. Choose another folder.",
    errno.ENOTDIR: "{path} cannot be made, since a file stands in its way. Choose another folder.",
    errno.ENAMETOOLONG: "{path} has a name that is too long. Choose a shorter one.",
    errno.ELOOP: "{path} leads through symbolic links in a circle. Choose another folder.",
    errno.EMFILE: "{path} cannot be opened: this process may open no more files (ulimit -n).",
}
"""Messages by errno."""


class DiskError(StoreError):
    """The disk refuses to be written to."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason.format(path=path))
        self.reason = reason


@contextmanager
def telling_of_disk(path: Path) -> Iterator[None]:
    """Turn write errors of the system into one sentence about ``path``."""
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


def make_parents(path: Path) -> None:
    """Make the folders above a path.

    Raises:
        DiskError: They cannot be made; whatever the system says, the path is named.
    """
    with telling_of_disk(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise DiskError(path, REFUSALS[errno.ENOTDIR]) from error
        except FileNotFoundError as error:  # below /proc, or in a working folder that is gone
            raise DiskError(path, "{path} cannot be made here. Choose another folder.") from error
