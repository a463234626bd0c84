"""Cache keys, which change with everything that made the content, our own code included."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.store.digest import of_file, of_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PACKAGE = Path(__file__).parents[1]


def key_of(*, code: Sequence[str], libraries: Sequence[str], facts: Any = None) -> str:
    """A key that stays the same as long as the same content would be made.

    Args:
        code: Files and folders of ours that it is made by, as places in the package; of a folder
            every file counts, so that a new one cannot be forgotten.
        libraries: Distributions that it is made by; they may be missing.
        facts: What else it is made from, as JSON values.

    Example:
        >>> one, other = (key_of(code=["store"], libraries=["numpy"], facts=n) for n in (1, 2))
        >>> len(one), one == other
        (64, False)
    """
    files = [(path.relative_to(PACKAGE).as_posix(), of_file(path)) for path in own_files(code)]
    return of_json([files, {name: _version(name) for name in libraries}, facts])


def own_files(places: Iterable[str]) -> list[Path]:
    """The Python files at some places of the package, in order of their paths.

    Raises:
        ValueError: A place holds no Python file, so it was moved.
    """
    files: set[Path] = set()
    for place in places:
        path = PACKAGE / place
        part = [path] if path.is_file() else list(path.rglob("*.py"))
        if not part:
            msg = f"Expected Python files of ours at {place}, found none. Correct the place."
            raise ValueError(msg)
        files.update(part)
    return sorted(files)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
