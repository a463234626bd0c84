"""Folders with a ``config.json``: where they lie, and what the files say, before anything is built.

A configuration may name code of its own (``auto_map``). Such code is never run: what the library
does not know by itself is not built.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

FILE = "config.json"
MOST = 2000
"""Layers, experts and the like that are still built: more would take all memory."""
COUNTED = ("layer", "layers", "block", "blocks", "depth", "depths", "experts", "stages")
"""Last words of settings that say how often a part is repeated."""
REMOTE = "needs remote code, which is never run"


@dataclass(frozen=True, kw_only=True)
class Found:
    """One folder and its configuration."""

    name: str
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    """Empty where the file cannot be read."""
    reason: str = ""
    """Why its file cannot be read."""
    digest: str = ""

    @property
    def kind(self) -> str:
        """Its type of model; empty where it names none."""
        kind = self.settings.get("model_type")
        return kind if isinstance(kind, str) else ""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of networks it was saved from."""
        named = self.settings.get("architectures")
        names = named if isinstance(named, list) else ()
        return tuple(name for name in names if isinstance(name, str))


def folders_of(place: Path) -> Iterator[tuple[str, Path]]:
    """Folders that hold a configuration, with their names: the place itself, or those below it.

    Below a folder with a configuration nothing is looked for: parts of a model may have their own.
    """
    if (place / FILE).is_file():
        yield place.resolve().name, place
        return
    for folder, below, files in os.walk(place, followlinks=False):
        if FILE in files:
            path = place.__class__(folder)
            yield path.relative_to(place).as_posix(), path
            below.clear()
        below[:] = sorted(name for name in below if not name.startswith("."))


def read(name: str, folder: Path) -> Found:
    """Read one configuration; what is wrong with the file is its reason."""
    import hashlib

    try:
        content = (folder / FILE).read_bytes()
    except OSError as error:
        return Found(
            name=name, folder=folder, reason=f"its {FILE} cannot be read: {error.strerror}"
        )
    digest = hashlib.sha256(content).hexdigest()
    try:
        settings = json.loads(content)
        json.dumps(settings, ensure_ascii=False).encode()  # halves of characters are no text
    except (ValueError, RecursionError):
        reason = f"its {FILE} is no JSON"
        return Found(name=name, folder=folder, reason=reason, digest=digest)
    if not isinstance(settings, dict):
        reason = f"its {FILE} is no JSON object"
        return Found(name=name, folder=folder, reason=reason, digest=digest)
    return Found(name=name, folder=folder, settings=settings, digest=digest)


def refusal(found: Found, known: Collection[str], library: str) -> str | None:
    """Why a configuration is not even tried, or none.

    Args:
        found: What was read.
        known: The types of models that the library builds.
        library: Its name and version, for the reason.

    Example:
        >>> from pathlib import Path
        >>> own = Found(name="a", folder=Path("a"), settings={"model_type": "own", "auto_map": {}})
        >>> refusal(own, {"bert"}, "transformers 5"), refusal(own, {"own"}, "transformers 5")
        ('needs remote code, which is never run', None)
    """
    if found.reason:
        return found.reason
    if found.kind not in known:
        if "auto_map" in found.settings:
            return REMOTE
        if not found.kind:
            return "its configuration names no model_type"
        return f"{library} knows no model_type {found.kind[:40]!r}"
    many = next((name for name, count in _counts(found.settings) if count > MOST), None)
    return f"{many} asks for more than {MOST:,} parts" if many else None


def _counts(settings: Any) -> Iterable[tuple[str, float]]:
    """Settings, and those within settings, that say how often a part is repeated."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _counts(value)
        elif name.rpartition("_")[2] in COUNTED:
            values = value if isinstance(value, list) else [value]
            yield from ((name, one) for one in values if isinstance(one, int | float))
