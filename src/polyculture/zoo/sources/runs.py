"""Finished runs of one's own as cards: what was trained, on which base, for which task."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.errors import DataError
from polyculture.core.plugins import CardSource
from polyculture.zoo.first_few import first_few
from polyculture.zoo.frames import frame
from polyculture.zoo.saved import find_runs as finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polyculture.core.views import Architecture
    from polyculture.zoo.saved.find_runs import Found
    from polyculture.zoo.saved.models import Traits

BLIND = (
    "A run knows the ancestors that its base names; the furthest of them stands as its parent.",
    "When a run was trained is not in its record, so runs have no year.",
    "Where a run was never observed, a head of our own kind is missing from its network.",
    "How alike runs answer is not looked at: audit them.",
)


def accepts(path: Path) -> bool:
    """Whether a path is a finished run, a folder of runs, or a study with its ``runs``."""
    return path.is_dir() and next(finding.folders_of(path), None) is not None


def read(
    places: Sequence[str | Path],
    *,
    on_progress: Callable[[int, int, str], None] = lambda *_: None,
) -> Cards:
    """Read folders of finished runs as cards, one a run.

    Args:
        places: Runs, folders of runs, or studies. A card is called by its last two folders.
        on_progress: Is told (runs done, of all, the run).

    Raises:
        DataError: A place holds no finished run.
    """
    given = [folder for place in places for folder in _folders(Path(place))]
    folders = finding.named(list(dict.fromkeys(given)))
    runs = [finding.read(name, folders[name]) for name in sorted(folders)]
    seen: dict[str, _Seen] = {}
    for done, run in enumerate(runs, 1):
        seen[run.name] = _seen(run)
        on_progress(done, len(runs), run.name)
    return Cards(
        source="runs",
        unit="run",
        table=frame((_row(run, seen[run.name]) for run in runs), CARD_COLUMNS),
        parents=frame(_edges(runs), PARENT_COLUMNS),
        traits=frame(_traits(runs, seen), TRAIT_COLUMNS),
        graphs={name: one.graph for name, one in seen.items() if one.graph is not None},
        listed=len(given),
        blind=BLIND,
        notes=_notes(runs, seen, len(given)),
        digest=_digest(runs),
    )


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What one run's network is like, or why that is not known."""

    graph: Architecture | None = None
    traits: Traits = field(default_factory=dict)
    reason: str | None = None
    is_headless: bool = False
    """Its head is one of ours and was never observed."""


def _folders(place: Path) -> list[Path]:
    found = [folder.resolve() for folder in finding.folders_of(place)]
    if not found:
        msg = (
            f"There is no finished run in {place}: no {finding.FILE} in it, in the folders in it, "
            "or in its folder 'runs'. Name the folder that polyculture train printed last."
        )
        raise DataError(msg)
    return found


def _seen(run: Found) -> _Seen:
    if run.reason:
        return _Seen(reason=run.reason)
    from polyculture.zoo.library.build_on_meta import reason_of
    from polyculture.zoo.saved.models import opened

    observed, folder = _observed(run), run.folder / "model"
    try:
        built, traits = opened(folder)
    except Exception as error:  # noqa: BLE001  # the library raises whatever it likes
        return _Seen(graph=observed, reason=None if observed else reason_of(error))
    if observed is not None:
        return _Seen(graph=observed, traits=traits)
    is_headless = (folder / "head.safetensors").is_file()
    return _Seen(graph=built, traits=traits, is_headless=is_headless)


def _observed(run: Found) -> Architecture | None:
    """The network as it was observed, if that was this very run."""
    from pydantic import ValidationError

    from polyculture.core.views import Architecture

    evidence = run.folder.parent.parent / "evidence" / run.called
    for file in sorted(evidence.glob("*/architecture.json")):
        try:
            found = Architecture.model_validate_json(file.read_bytes())
        except (OSError, ValidationError):
            continue
        # evidence of an older run of the same name may lie there
        if found.parameters == run.parameters:
            return found
    return None


def _row(run: Found, seen: _Seen) -> dict[str, object]:
    return {
        "name": run.name,
        "communities": [run.task] if run.task else [],
        "library": "polyculture",
        "parameters": float(run.parameters) if run.parameters else None,
        "is_built": seen.graph is not None,
        "reason": seen.reason,
    }


def _edges(runs: Sequence[Found]) -> Iterator[dict[str, object]]:
    for child, parent in finding.parents_of(runs).items():
        yield {"child": child, "parent": parent, "kind": "base", "count": 1}


def _traits(runs: Sequence[Found], seen: Mapping[str, _Seen]) -> Iterator[dict[str, str]]:
    for run in runs:
        told = {trait: (value,) for trait, value in run.traits.items()}
        for trait, values in sorted((told | seen[run.name].traits).items()):
            yield from ({"name": run.name, "trait": trait, "value": value} for value in values)


def _notes(runs: Sequence[Found], seen: Mapping[str, _Seen], listed: int) -> tuple[str, ...]:
    broken = [run.name for run in runs if run.reason]
    headless = [run.name for run in runs if seen[run.name].is_headless]
    counts = {
        "Runs that were named more than once, counted once": listed - len(runs),
        f"Records that cannot be read, not built ({first_few(broken)})": len(broken),
        f"Never observed, so without their head ({first_few(headless)})": len(headless),
    }
    return tuple(f"{what}: {count:,}." for what, count in counts.items() if count)


def _digest(runs: Sequence[Found]) -> str:
    from polyculture.store.digest import of_file, of_json

    return of_json([(run.name, of_file(run.folder / finding.FILE)) for run in runs])


PLUGIN = CardSource(read=read, accepts=accepts, blind=BLIND)
