"""Folders of finished runs: where they lie, and what their ``run.json`` says as plain values.

The record is not rebuilt as a recipe: runs of other versions, with parts that are not installed,
are cards too.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FILE = "run.json"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One run."""

    name: str
    """Of the card: the last two folders, since a run is often called like its base."""
    folder: Path
    called: str = ""
    """Of the run."""
    task: str = ""
    base: dict[str, Any] = field(default_factory=dict)
    """What the recipe says of the base."""
    lineage: tuple[str, ...] = ()
    """The base, then its ancestors, the nearest first."""
    parameters: int = 0
    traits: dict[str, str] = field(default_factory=dict)
    """How it was trained."""
    reason: str = ""
    """Why its record cannot be read."""


def folders_of(place: Path) -> Iterator[Path]:
    """The runs of a place: itself, those in it, or those in its folder ``runs``."""
    if (place / FILE).is_file():
        yield place
        return
    for pattern in (f"*/{FILE}", f"runs/*/{FILE}"):
        yield from (file.parent for file in sorted(place.glob(pattern)))


def named(folders: Sequence[Path]) -> dict[str, Path]:
    """Names of cards to folders: the last two parts of the path, or all of it where two agree.

    Example:
        >>> list(named([Path("/a/runs/x"), Path("/a/runs/y"), Path("/b/runs/y")]))
        ['runs/x', '/a/runs/y', '/b/runs/y']
    """
    short = {folder: "/".join(folder.parts[-2:]) for folder in folders}
    counts = Counter(short.values())
    return {
        name if counts[name] == 1 else folder.as_posix(): folder for folder, name in short.items()
    }


def read(name: str, folder: Path) -> Found:
    """Read one record; what is wrong with it is its reason."""
    try:
        record = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Found(name=name, folder=folder, reason=f"its {FILE} cannot be read as JSON")
    try:
        return _told(name, folder, record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        lacking = f": {error}" if isinstance(error, KeyError) else ""
        reason = f"its {FILE} is no record of a run{lacking}"
        return Found(name=name, folder=folder, reason=reason)


def _told(name: str, folder: Path, record: dict[str, Any]) -> Found:
    recipe, facts = record["recipe"], record["facts"]
    parts = {place: recipe[place]["kind"] for place in ("adaptation", "head")}
    return Found(
        name=name,
        folder=folder,
        called=str(record["name"]),
        task=str(recipe["task"]["kind"]),
        base=dict(recipe["base"]),
        lineage=tuple(str(one) for one in facts["lineage"]),
        parameters=int(facts["parameters"]),
        traits={place: str(kind) for place, kind in parts.items()},
    )


def parents_of(runs: Iterable[Found]) -> dict[str, str]:
    """Card to the name of its parent.

    That is the run whose model was trained on, where it is one of these, or else the furthest
    ancestor that is known, so that what comes from one root is seen to.
    """
    every = list(runs)
    cards = {run.folder: run.name for run in every}
    found = {}
    for run in every:
        based_on = _based_on(run)
        of_run = None if based_on is None else cards.get(based_on)
        if of_run or run.lineage:
            found[run.name] = of_run or run.lineage[-1]
    return found


def _based_on(run: Found) -> Path | None:
    """The folder of the run whose model this one was trained on, if it was one."""
    path = run.base.get("path")
    return Path(path).resolve().parent if isinstance(path, str) else None
