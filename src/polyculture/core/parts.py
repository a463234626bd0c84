"""The finder of parts: a shelf is a folder, a part is a file in it, its name is the file's name.

A shelf is named by its package below ``polyculture``: ``"tasks"``, ``"measures.predictions"``,
``"sources.data"``. Every part file holds one ``PLUGIN``. Other packages add parts to a shelf
through the entry point group ``polyculture.<shelf>``, each entry point naming a ``PLUGIN``.

Listing reads file names only. Loading imports one file.
"""

import difflib
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from polyculture.core.errors import RecipeError

FORMER = {"sources.cards": "zoo.sources", "sources.texts": "sources.data"}
"""Former names of shelves, which are still read: in calls, and as groups of entry points."""


@cache
def _outside(shelf: str) -> dict[str, EntryPoint]:
    groups = [*(old for old, new in FORMER.items() if new == shelf), shelf]
    points = [point for group in groups for point in entry_points(group=f"polyculture.{group}")]
    return {point.name: point for point in points}


@cache
def _inside(shelf: str) -> tuple[str, ...]:
    spec = find_spec(f"polyculture.{shelf}")
    folders = spec.submodule_search_locations if spec else None
    modules = iter_modules(folders) if folders else ()
    return tuple(sorted(m.name for m in modules if not m.ispkg))


def names(shelf: str) -> tuple[str, ...]:
    """Names of all parts on a shelf, in code-point order.

    Example:
        >>> "error_consistency" in names("measures.predictions")
        True
    """
    shelf = FORMER.get(shelf, shelf)
    return tuple(sorted({*_inside(shelf), *_outside(shelf)}))


def load(shelf: str, name: str) -> Any:
    """Import one part and return its ``PLUGIN``.

    Raises:
        RecipeError: There is no such part; the message names the nearest one.
    """
    shelf = FORMER.get(shelf, shelf)
    if name in _inside(shelf):
        return import_module(f"polyculture.{shelf}.{name}").PLUGIN
    if name in _outside(shelf):
        return _loaded(_outside(shelf)[name], shelf)
    msg = f"There is no {name!r} in {shelf}. {suggestion(name, names(shelf))}"
    raise RecipeError(msg)


def _loaded(point: EntryPoint, shelf: str) -> Any:
    """A part of another package; its name has to be that of its settings."""
    try:
        part = point.load()
    except (ImportError, AttributeError) as error:
        msg = (
            f"The part {point.name!r} of {shelf} cannot be loaded from {point.value!r}: {error}. "
            "Correct the entry point, or the package that has it."
        )
        raise RecipeError(msg) from error
    fields = getattr(getattr(part, "settings", None), "model_fields", {})
    named = [fields[key].default for key in ("kind", "source") if key in fields]
    if named and point.name not in named:
        msg = (
            f"The entry point {point.name!r} of {shelf} holds the part {named[0]!r}. Give both one "
            "name."
        )
        raise RecipeError(msg)
    return part


def suggestion(word: str, known: tuple[str, ...] | list[str]) -> str:
    """Name the nearest known word, or list all of them.

    Example:
        >>> suggestion("epoch", ["epochs", "patience"])
        "Did you mean 'epochs'?"
        >>> suggestion("x", ["epochs", "patience"])
        "Known are: 'epochs', 'patience'."
    """
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known are: {', '.join(repr(name) for name in known)}."
