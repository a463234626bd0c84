"""The installed transformers library as a record of model families."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.errors import DataError, MissingExtraError
from polyculture.core.plugins import CardSource
from polyculture.zoo.first_few import first_few
from polyculture.zoo.frames import frame
from polyculture.zoo.library import build_families, inheritance, traits
from polyculture.zoo.library.cache import keep, kept
from polyculture.zoo.library.families import communities, library
from polyculture.zoo.library.graph_json import unpacked
from polyculture.zoo.library.tokenisers import tokenisers
from polyculture.zoo.library.workers import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from polyculture.zoo.library.families import Library

BLIND = (
    "The year is that of the port to this library, by the file headers, not of publication.",
    "A header that was copied from an older file, or rewritten later, counts as it stands.",
    "Class bases are those of modular_*.py, which recent families have; copies show older ones.",
    "What was copied without a comment is not seen.",
    "Parameters are those of the default settings, mostly those of the first model released.",
    "A family is one card, however many models of it exist or are used.",
    "Communities follow the library's automatic mappings; where there is none, names of families.",
    *traits.BLIND,
    "Families that are built alike may still hold different weights.",
)
BUILDERS = ("torch", "torchvision", "torchaudio", "timm", "pillow", "natten", "detectron2")
"""Libraries that networks are built with; a family may fail for want of one."""
CODE = (
    "zoo/sources/transformers.py",
    "zoo/library",
    "zoo/frames.py",
    "zoo/first_few.py",
    "nets/graph.py",
    "core/cards.py",
    "core/views.py",
)
"""Our own files whose change makes what is kept out of date."""


def read(
    places: Sequence[Path] = (),
    *,
    on_progress: Callable[[int, int, str], None] = lambda *_: None,
    processes: int | None = None,
    fresh: bool = False,
) -> Cards:
    """Read the installed library: a card for each folder of models that defines a network.

    Nothing is fetched, no weights are made, and only torch's code and the library's is run. The
    first reading takes minutes; it is kept in the user's cache by the library's version.

    Args:
        places: None; the library is found where it is installed.
        on_progress: Is told (families done, of all, the family).
        processes: How many to build in; the cores that this process may use, if not given.
        fresh: Build again, whatever is kept.

    Raises:
        DataError: A place was named.
        MissingExtraError: The library or torch is not installed.
    """
    from polyculture.store.cache import key_of
    from polyculture.store.home import convenient, home

    if places:
        msg = f"The transformers library is found where it is installed, not at {places[0]}."
        raise DataError(msg)
    models, number = _installed()
    key = key_of(code=CODE, libraries=BUILDERS)
    folder = home() / "survey" / f"transformers-{number}-{key[:12]}"
    cards = None if fresh else kept(folder)
    if cards is None:
        cards = cards_of(
            library(models), f"transformers {number}", on_progress=on_progress, processes=processes
        )
        with convenient():
            keep(cards, folder)
    return cards


def cards_of(
    found: Library,
    source: str,
    *,
    on_progress: Callable[[int, int, str], None] = lambda *_: None,
    processes: int | None = None,
    families: Sequence[str] | None = None,
) -> Cards:
    """Cards of a library's families, built anew.

    Args:
        found: Its tables.
        source: Its name and version.
        on_progress: As for ``read``.
        processes: As for ``read``.
        families: Only these, or all.
    """
    from polyculture.nets.efficiency.threads import available

    names = sorted(found.families if families is None else families)
    built: dict[str, Any] = {}
    cores = processes or available()
    start = build_families.START.format(str(found.models))
    for done, (family, answer) in enumerate(answers(names, start=start, processes=cores), 1):
        built[family] = answer
        on_progress(done, len(names), family)
    return Cards(
        source=source,
        unit="family",
        table=_table(found, names, built),
        parents=_parents(found, names),
        traits=_all_traits(found, names, built),
        graphs={name: unpacked(built[name]["graph"]) for name in names if built[name]["graph"]},
        listed=len(found.folders) if families is None else len(names),
        year_means="year of the port",
        is_census=True,
        blind=BLIND,
        notes=_notes(found),
        digest=_digest(found.models, names),
    )


def _installed() -> tuple[Path, str]:
    """The folder of models and the version, found without importing the library."""
    for name in ("torch", "transformers"):
        if find_spec(name) is None:
            msg = (
                f"Reading the transformers library needs {name!r}, which is not installed. "
                "Install it with: pip install 'polyculture[train]'"
            )
            raise MissingExtraError(msg)
    spec = find_spec("transformers")
    places = (spec.submodule_search_locations if spec else None) or [""]
    return Path(next(iter(places))) / "models", version("transformers")


def _digest(models: Path, names: Sequence[str]) -> str:
    """Of the Python files that were read: the tables and the families'."""
    from polyculture.store.digest import of_file, of_json

    paths = [path for name in ("auto", *names) for path in sorted((models / name).glob("*.py"))]
    return of_json([(path.relative_to(models).as_posix(), of_file(path)) for path in paths])


def _table(found: Library, names: Sequence[str], built: Mapping[str, Any]) -> pl.DataFrame:
    places = communities(found)
    rows = [
        {
            "name": name,
            "communities": list(places[name]),
            "year": inheritance.year(found.models / name),
            "parameters": built[name]["graph"] and float(built[name]["graph"]["parameters"]),
            "is_built": built[name]["graph"] is not None,
            "reason": built[name]["reason"],
        }
        for name in names
    ]
    return frame(rows, CARD_COLUMNS)


def _parents(found: Library, names: Sequence[str]) -> pl.DataFrame:
    kinds = (("base", inheritance.bases), ("copy", inheritance.copies))
    rows = [
        {"child": name, "parent": parent, "kind": kind, "count": count}
        for name in names
        for kind, of in kinds
        for parent, count in sorted(of(found.models / name, found.folders).items())
    ]
    return frame(rows, PARENT_COLUMNS)


def _all_traits(found: Library, names: Sequence[str], built: Mapping[str, Any]) -> pl.DataFrame:
    cuts = tokenisers(found)
    rows = [
        {"name": name, "trait": trait, "value": value}
        for name in names
        for trait, values in (
            *sorted(built[name]["traits"].items()),
            ("tokeniser", [cuts[name]] if name in cuts else []),
        )
        for value in values
    ]
    return frame(rows, TRAIT_COLUMNS)


def _notes(found: Library) -> tuple[str, ...]:
    left = sorted(found.folders - set(found.families))
    several = sum(len(kinds) > 1 for kinds in communities(found).values())
    notes = [f"{several} families belong to more than one community."]
    if left:
        notes.append(
            f"{len(left)} folders define no network and no configuration and are left out: "
            f"{first_few(left)}."
        )
    return tuple(notes)


PLUGIN = CardSource(read=read, accepts=None, blind=BLIND)
