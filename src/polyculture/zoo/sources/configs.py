"""Folders that each hold a Hugging Face ``config.json``, built without weights and without code.

No weights are read, nothing is fetched, and code that a configuration names is never run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.errors import DataError, need
from polyculture.core.plugins import CardSource
from polyculture.zoo.first_few import first_few
from polyculture.zoo.frames import frame
from polyculture.zoo.library import workers
from polyculture.zoo.library.build_families import ORDER
from polyculture.zoo.library.families import communities_of, family_of, library
from polyculture.zoo.library.tokenisers import tokeniser_of
from polyculture.zoo.library.traits import BLIND as BLIND_TRAITS
from polyculture.zoo.saved import build_configs as building
from polyculture.zoo.saved import find_configs as finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from polyculture.core.views import Architecture
    from polyculture.zoo.library.families import Library
    from polyculture.zoo.saved.find_configs import Found

UNKNOWN = "unknown"
"""The community of a configuration that the library does not know."""
BLIND = (
    "A configuration does not say which model it was trained from, when, by whom, or on what.",
    "Two configurations that are equal may belong to networks with the same weights, or not.",
    "Networks that need code of their own are not built; what they are made of is not seen.",
    "What is built is the plain network of a type where the library has one, without a head.",
    *BLIND_TRAITS,
)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of building one network."""

    graph: Architecture | None = None
    traits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reason: str = ""
    """Why there is no graph."""


def accepts(path: Path) -> bool:
    """Whether a path is a folder with a configuration, or has such folders below it.

    Folders of runs hold configurations too, but say more by themselves.
    """
    if not path.is_dir() or _has_runs(path):
        return False
    return next(finding.folders_of(path), None) is not None


def _has_runs(path: Path) -> bool:
    places = ("run.json", "*/run.json", "runs/*/run.json")  # a run, runs, a study
    return any(next(path.glob(place), None) is not None for place in places)


def read(
    places: Sequence[str | Path],
    *,
    on_progress: Callable[[int, int, str], None] | None = None,
    processes: int | None = None,
) -> Cards:
    """Read folders of configurations as cards, one a model.

    Args:
        places: Folders that hold a ``config.json``, or have such folders below them. A model is
            named by its folder; of two with one name the first is kept.
        on_progress: Told (done, of all, what is being done).
        processes: How many networks to build at a time; as many as there are cores for none.

    Raises:
        DataError: A place is no folder, or there is no configuration anywhere.
        MissingExtraError: The transformers library is not installed.
    """
    tables = _tables()
    every = [pair for place in places for pair in _folders(Path(place))]
    if not every:
        msg = f"There is no {finding.FILE} in or below {', '.join(map(str, places))}."
        raise DataError(msg)
    first: dict[str, Path] = {}
    for name, folder in every:
        first.setdefault(name, folder)
    found = [finding.read(name, first[name]) for name in sorted(first)]
    results = _results(found, tables, processes, on_progress or (lambda *_: None))
    return _cards(found, results, tables, listed=len(every))


PLUGIN = CardSource(read=read, accepts=accepts, blind=BLIND)


def _folders(place: Path) -> list[tuple[str, Path]]:
    if not place.is_dir():
        msg = f"{place} is no folder. Name folders that hold a {finding.FILE}."
        raise DataError(msg)
    return [(_writable(name), folder) for name, folder in finding.folders_of(place)]


def _writable(name: str) -> str:
    """A file's name as text; bytes that are not text become question marks."""
    return name.encode("utf-8", "replace").decode()


def _tables() -> Library:
    """The library's tables, read without importing it."""
    for name in ("torch", "transformers"):
        if find_spec(name) is None:
            need(name, extra="train", purpose="Building networks from configurations")
    spec = find_spec("transformers")
    return library(Path(str(spec and spec.origin)).parent / "models")


def _results(
    found: Sequence[Found],
    tables: Library,
    processes: int | None,
    tell: Callable[[int, int, str], None],
) -> dict[str, Result]:
    """Name to the network as built, or the reason why it is not."""
    from polyculture.nets.efficiency.threads import available

    title = f"transformers {version('transformers')}"
    refused = {one.name: finding.refusal(one, tables.configurations, title) for one in found}
    results = {name: Result(reason=reason) for name, reason in refused.items() if reason}
    asked = {
        building.task(one.name, one.kind, one.settings, _classes(one, tables)): one.name
        for one in found
        if not refused[one.name]
    }
    said = workers.answers(tuple(asked), start=building.START, processes=processes or available())
    tell(0, len(asked), "building networks without weights")
    for done, (line, answer) in enumerate(said, start=1):
        results[asked[line]] = _result(answer)
        tell(done, len(asked), f"built {asked[line]}")
    return results


def _result(answer: Mapping[str, Any]) -> Result:
    from polyculture.zoo.library.graph_json import unpacked

    if answer["graph"] is None:
        return Result(reason=answer["reason"])
    return Result(graph=unpacked(answer["graph"]), traits=answer["traits"])


def _classes(one: Found, tables: Library) -> tuple[str, ...]:
    """Classes of networks to try: those the library maps, the plain one first, then its own."""
    mapped = (tables.mappings.get(mapping, {}).get(one.kind) for mapping in ORDER)
    return tuple(dict.fromkeys([*(name for name in mapped if name), *one.classes]))


def _cards(
    found: Sequence[Found], results: Mapping[str, Result], tables: Library, *, listed: int
) -> Cards:
    from polyculture.store.digest import of_json

    graphs = {name: one.graph for name, one in results.items() if one.graph is not None}
    return Cards(
        source=f"configurations, built by transformers {version('transformers')}",
        unit="model",
        table=frame((_row(one, results[one.name], tables) for one in found), CARD_COLUMNS),
        parents=frame((), PARENT_COLUMNS),
        traits=_traits(found, results),
        graphs=graphs,
        listed=listed,
        blind=BLIND,
        notes=_notes(found, results, listed),
        digest=of_json([(one.name, one.digest) for one in found]),
    )


def _row(one: Found, result: Result, tables: Library) -> dict[str, object]:
    return {
        "name": one.name,
        "communities": _communities(one, tables),
        "library": "transformers" if one.kind in tables.configurations else None,
        "parameters": float(result.graph.parameters) if result.graph else None,
        "is_built": result.graph is not None,
        "reason": result.reason or None,
    }


def _communities(one: Found, tables: Library) -> list[str]:
    family = family_of(tables, one.kind)
    if family is None:
        return [UNKNOWN]
    return list(communities_of(tables, types=(one.kind,), family=family, classes=one.classes))


def _traits(found: Sequence[Found], results: Mapping[str, Result]) -> pl.DataFrame:
    rows = (
        {"name": one.name, "trait": trait, "value": value}
        for one in found
        for trait, values in {**results[one.name].traits, **tokeniser_of(one.folder)}.items()
        for value in values
    )
    return frame(rows, TRAIT_COLUMNS).sort("name", "trait", "value")


def _notes(found: Sequence[Found], results: Mapping[str, Result], listed: int) -> tuple[str, ...]:
    broken = [one.name for one in found if one.reason]
    remote = [name for name, result in results.items() if result.reason == finding.REMOTE]
    repeated = listed - len(found)
    notes = [f"Folders with a name that came before, dropped: {repeated:,}."] if repeated else []
    notes += [f"Files that cannot be read, not built: {_names(broken)}."] if broken else []
    notes += [f"Needing remote code, not built: {_names(remote)}."] if remote else []
    return tuple(notes)


def _names(names: Sequence[str]) -> str:
    return f"{len(names):,} ({first_few(sorted(names))})"
