"""Take named files out of an archive, and nothing else.

A member goes to a file of its own last name in a flat folder, so no path in an archive can lead
anywhere.
"""

import shutil
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from polyculture.core.errors import StarterError


def unpack(archive: Path, members: Sequence[str], target: Path) -> None:
    """Copy the members into a folder.

    Raises:
        StarterError: The archive is broken or a member is not a file in it.
    """
    try:
        for member in members:
            with (
                _opened(archive, member) as source,
                (target / PurePosixPath(member).name).open("wb") as copy,
            ):
                shutil.copyfileobj(source, copy, 1 << 20)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        msg = f"{archive.name} cannot be read as an archive: {error}."
        raise StarterError(msg) from error


@contextmanager
def _opened(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if archive.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(archive) as box:
            if member not in box.namelist() or member.endswith("/"):
                raise StarterError(_missing(archive, member))
            with box.open(member) as source:
                yield source
        return
    with tarfile.open(archive) as roll:
        found = next((item for item in roll if item.name == member), None)
        # a link could name any file of this machine
        source_or_none = roll.extractfile(found) if found and found.isreg() else None
        if source_or_none is None:
            raise StarterError(_missing(archive, member))
        with source_or_none as source:
            yield source


def _missing(archive: Path, member: str) -> str:
    return f"{archive.name} holds no file {member!r}, so it is not the archive that was expected."
