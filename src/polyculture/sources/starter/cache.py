"""Where fetched starters stand: one plain folder each, with a note of what it was made from."""

from pathlib import Path

from pydantic import Field, ValidationError

from polyculture.core.errors import StarterError
from polyculture.core.record import Record
from polyculture.sources.starter.entry import Starter
from polyculture.sources.starter.whole import damage
from polyculture.store.digest import of_file, of_json
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
    files: dict[str, int] = Field(default_factory=dict)
    """Bytes of each of them; empty in notes of older versions."""
    notes: tuple[str, ...]
    """What was dropped, merged or repaired, one sentence with counts each."""


def root() -> Path:
    """The folder of all starters."""
    return home() / "starter"


def folder_of(entry: Starter) -> Path:
    """Where a starter's folder is, or will be."""
    return root() / entry.name


def mark_of(entry: Starter) -> Mark | None:
    """The note in a starter's folder; none if it is not there, not whole, or of something else."""
    mark = _note(entry)
    return mark if mark and not damage(folder_of(entry), mark) else None


def damage_of(entry: Starter) -> str:
    """What is broken in a starter's folder; "" if it is whole, or not fetched at all."""
    mark = _note(entry)
    return damage(folder_of(entry), mark) if mark else ""


def is_genuine(entry: Starter) -> bool:
    """Whether every byte of a fetched starter is as it was when it was made."""
    mark = mark_of(entry)
    return mark is not None and digest_of(folder_of(entry)) == mark.digest


def _note(entry: Starter) -> Mark | None:
    try:
        mark = Mark.model_validate_json((folder_of(entry) / MARK).read_bytes())
    except (OSError, ValidationError):
        return None
    fits = (mark.sha256, mark.conversion) == (entry.archive.sha256, entry.conversion)
    return mark if fits else None


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of a starter's files, its note left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = [(path.relative_to(folder).as_posix(), path) for path in files]
    return of_json([(name, of_file(path)) for name, path in named if name != MARK])


def need(entry: Starter) -> tuple[Path, Mark]:
    """The folder of a fetched starter, and its note.

    Raises:
        StarterError: It is not fetched, or not whole; the message says how to mend it.
    """
    mark = mark_of(entry)
    if mark is None:
        broken = damage_of(entry)
        what = f"is damaged ({broken})" if broken else "is not fetched yet"
        msg = f"{entry.name!r} {what}. Run: polyculture starter fetch {entry.name}"
        raise StarterError(msg)
    return folder_of(entry), mark
