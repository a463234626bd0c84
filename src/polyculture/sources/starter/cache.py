"""Where fetched starters stand: one plain folder each, with a note of what it was made from."""

from pathlib import Path

from pydantic import ValidationError

from polyculture.core.errors import StarterError
from polyculture.core.record import Record
from polyculture.sources.starter.entry import Starter
from polyculture.store.home import home

MARK = "starter.json"


class Mark(Record):
    """What a folder was made from, and what its making told."""

    schema_number: int = 1
    name: str
    package: str
    version: str
    sha256: str
    conversion: int
    digest: str
    """SHA-256 over the folder's other files."""
    notes: tuple[str, ...]
    """What was dropped, merged or repaired, one sentence with counts each."""


def root() -> Path:
    """The folder of all starters."""
    return home() / "starter"


def folder_of(entry: Starter) -> Path:
    """Where a starter's folder is, or will be."""
    return root() / entry.name


def mark_of(entry: Starter) -> Mark | None:
    """The note in a starter's folder; none if it is not there or was made from something else."""
    try:
        mark = Mark.model_validate_json((folder_of(entry) / MARK).read_bytes())
    except (OSError, ValidationError):
        return None
    fits = (mark.sha256, mark.conversion) == (entry.archive.sha256, entry.conversion)
    return mark if fits else None


def need(entry: Starter) -> tuple[Path, Mark]:
    """The folder of a fetched starter, and its note.

    Raises:
        StarterError: It is not fetched; the message says how to.
    """
    mark = mark_of(entry)
    if mark is None:
        msg = f"{entry.name!r} is not fetched yet. Run: polyculture starter fetch {entry.name}"
        raise StarterError(msg)
    return folder_of(entry), mark
