"""Marks on what a command wrote itself, and may therefore replace.

A folder carries ``.polyculture.json``: what kind of result it is, and the files that were written
into it. A single file has its mark beside it, ``.NAME.polyculture.json``, with a digest of what was
written. What has no mark, a mark of another kind, or holds anything beyond its mark is somebody
else's, and is never replaced.
"""

from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from polyculture.core.record import Record
from polyculture.store.digest import of_file

MARK = ".polyculture.json"
LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that file managers leave in any folder they show."""

NO_MARK = "it has no mark of polyculture (earlier versions left none)"

FolderKind = Literal["run", "audit", "survey", "evidence", "data check"]
FileKind = Literal["answers", "drawing", "recipe", "results", "snapshot"]


class Mark(Record):
    """What was written: its kind, and the names (a folder's) or the digest (a file's)."""

    schema_number: int = 1
    kind: str
    files: tuple[str, ...] = ()
    """Paths below the folder, with ``/`` between their parts."""
    sha256: str = ""
    sha256_before: str = ""
    """Of the file that is being replaced: a kill may leave either of the two."""


def mark_folder(folder: Path, kind: FolderKind) -> None:
    """Mark a folder as ours, with everything that is in it now."""
    names = sorted(_names(folder) - {MARK})
    (folder / MARK).write_text(
        Mark(kind=kind, files=tuple(names)).model_dump_json() + "\n", encoding="utf-8"
    )


def mark_of_file(unfinished: Path, path: Path, kind: FileKind) -> str:
    """The mark of a file that is about to take the place of ``path``, as text."""
    before = _read_mark(beside(path))
    old = "" if before is None else before.sha256
    return Mark(kind=kind, sha256=of_file(unfinished), sha256_before=old).model_dump_json() + "\n"


def beside(path: Path) -> Path:
    """Where the mark of a file stands.

    Example:
        >>> str(beside(Path("out/answers.csv")))
        'out/.answers.csv.polyculture.json'
    """
    return path.with_name(f".{path.name}{MARK}")


def marked_kind(folder: Path) -> str | None:
    """The kind of result that a folder is marked as; None without a mark."""
    mark = _read_mark(folder / MARK)
    return None if mark is None else mark.kind


def is_ours(path: Path) -> bool:
    """Whether a file lies in a folder whose mark names it; a link never does."""
    mark = _read_mark(path.parent / MARK)
    return mark is not None and path.name in mark.files and not path.is_symlink()


def why_foreign_folder(folder: Path, kind: FolderKind) -> str | None:
    """Why a folder must not be replaced by a result of this kind; None if it may be.

    An empty folder may be.
    """
    names = _names(folder)
    if not names:
        return None
    mark = _read_mark(folder / MARK)
    if mark is None:
        return NO_MARK
    if mark.kind != kind:
        return f"it holds {_article(mark.kind)}, not {_article(kind)}"
    extra = sorted(names - {*mark.files, MARK})
    if extra:
        return f"it holds {extra[0]!r}, which polyculture did not write"
    return None


def why_foreign_file(path: Path, kind: FileKind) -> str | None:
    """Why a file must not be replaced by a result of this kind; None if it may be."""
    mark = _read_mark(beside(path))
    if mark is None:
        return NO_MARK
    if mark.kind != kind:
        return f"it holds {_article(mark.kind)}, not {_article(kind)}"
    if of_file(path) not in {mark.sha256, mark.sha256_before}:
        return "it was changed since polyculture wrote it"
    return None


def _read_mark(path: Path) -> Mark | None:
    try:
        return Mark.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _names(folder: Path) -> set[str]:
    """Every file, link and empty folder below a folder."""
    names = set()
    for path in folder.rglob("*"):
        is_inner = path.is_dir() and not path.is_symlink() and any(path.iterdir())
        if not is_inner and path.name not in LITTER:
            names.add(path.relative_to(folder).as_posix())
    return names


def _article(kind: str) -> str:
    """A kind in words.

    Example:
        >>> _article("audit"), _article("answers")
        ('an audit', 'answers')
    """
    if kind in {"answers", "evidence"}:
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
