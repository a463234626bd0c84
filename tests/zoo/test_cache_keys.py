"""What is kept of a library is found again only where all that made it is the same."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from polyculture.store.cache import PACKAGE, key_of, own_files
from polyculture.zoo.count import assemble, cache
from polyculture.zoo.sources import transformers

MAKERS = ("polyculture.zoo.", "polyculture.nets.graph")
"""Modules that decide what cards and figures are; others only keep and tell them."""


def imported(file: Path) -> set[Path]:
    """Our own files that a file imports, also within functions and for types alone."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {path for name in names if name.startswith(MAKERS) if (path := file_of(name))}


def file_of(name: str) -> Path | None:
    """The file of a module; none for a name that is something else."""
    path = PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py")
    return path if path.is_file() else None


def reached(file: Path) -> set[Path]:
    """A file and all that it imports, however far."""
    found: set[Path] = set()
    waiting = {file}
    while waiting:
        found |= waiting
        waiting = {path for one in waiting for path in imported(one)} - found
    return found


@pytest.mark.parametrize(
    ("module", "code"),
    [(transformers.__name__, transformers.CODE), (assemble.__name__, cache.CODE)],
)
def test_every_file_that_makes_it_is_in_the_key(module: str, code: tuple[str, ...]) -> None:
    """A module that is added to the work cannot be forgotten."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None

    files = reached(Path(spec.origin))

    assert len(files) > 10
    assert files <= set(own_files(code))


def test_a_place_that_was_moved_is_an_error() -> None:
    """A key that silently covers nothing would keep what is out of date."""
    with pytest.raises(ValueError, match=r"at zoo/nowhere, found none"):
        key_of(code=["zoo/nowhere"], libraries=[])


def test_a_library_that_is_not_installed_is_a_version_too() -> None:
    """It may be installed later, and then builds more."""
    without = key_of(code=["store/cache.py"], libraries=["no-such-library"])

    assert without != key_of(code=["store/cache.py"], libraries=[])
