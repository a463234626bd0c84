"""What runs a folder holds, finished and unfinished."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

from polyculture.core.errors import PolycultureError
from polyculture.core.record import Record
from polyculture.store.runs import RECORD, read_run
from polyculture.store.writing import locks
from polyculture.store.writing.unfinished import LOCK, REQUEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyculture.core.run import Run

UNFINISHED = re.compile(r"\.(.+)\.unfinished")
CHECKPOINT = re.compile(r"step-(\d+)\.json")


class Listed(Record):
    """One run, as a list shows it."""

    name: str
    state: Literal["finished", "training", "interrupted", "damaged"]
    folder: str
    base: str = ""
    """Name of the base, or of its kind where it is made from nothing."""
    task: str = ""
    step: int | None = None
    """Steps taken, or the step of the last checkpoint."""
    score: float | None = None
    """The headline score on test, or on validation where there is no test."""
    score_name: str = ""
    note: str = ""
    """Who trains it, or what is damaged."""


def list_runs(folder: Path) -> list[Listed]:
    """All runs of a folder, in the order of their names.

    Args:
        folder: A folder of runs, such as ``runs``; or that of a study, whose ``runs`` are listed.

    Raises:
        PolycultureError: There is no such folder.
    """
    if not folder.is_dir():
        msg = f"There is no folder {folder}. Name a folder of runs, as train --out does."
        raise PolycultureError(msg)
    listed = list(_listed(folder))
    if not listed and (folder / "runs").is_dir():
        listed = list(_listed(folder / "runs"))
    return sorted(listed, key=lambda run: (run.name, run.state))


def _listed(folder: Path) -> Iterator[Listed]:
    if (folder / RECORD).is_file():
        yield _finished(folder)
        return
    for path in folder.iterdir():
        hidden = UNFINISHED.fullmatch(path.name)
        if hidden and (path / REQUEST).is_file():
            yield _unfinished(hidden[1], path)
        elif not path.name.startswith("."):
            yield from _runs_at(path)


def _runs_at(path: Path) -> Iterator[Listed]:
    """The run in a folder, or those of the parts of a training of several tasks."""
    if (path / RECORD).is_file():
        yield _finished(path)
    elif path.is_dir():
        for part in path.iterdir():
            if (part / RECORD).is_file():
                yield _finished(part, name=f"{path.name}/{part.name}")


def _finished(folder: Path, name: str = "") -> Listed:
    shown = name or folder.name
    try:
        run = read_run(folder)
    except PolycultureError as error:
        return Listed(name=shown, state="damaged", folder=str(folder), note=str(error))
    score_name, number = _score(run)
    return Listed(
        name=shown,
        state="finished",
        folder=str(folder),
        base=_base_name(run.recipe.model_dump(mode="json")["base"]),
        task=str(getattr(run.recipe.task, "kind", "")),
        step=run.facts.steps,
        score=number,
        score_name=score_name,
    )


def _score(run: Run) -> tuple[str, float | None]:
    score = run.scores.headline()
    return score.name, score.value.number if score.value.kind == "known" else None


def _unfinished(name: str, folder: Path) -> Listed:
    is_training = locks.state_of(folder / LOCK) == "held"
    try:
        recipe = json.loads((folder / REQUEST).read_bytes())["recipe"]
        base, task = _base_name(recipe["base"]), str(recipe["task"]["kind"])
    except (OSError, ValueError, KeyError, TypeError):
        base = task = ""
    steps = [CHECKPOINT.fullmatch(path.name) for path in folder.glob("checkpoint/step-*.json")]
    return Listed(
        name=name,
        state="training" if is_training else "interrupted",
        folder=str(folder),
        base=base,
        task=task,
        step=max((int(match[1]) for match in steps if match), default=0),
        note=f"by {locks.who_holds(folder / LOCK)}" if is_training else "",
    )


def _base_name(settings: dict[str, object]) -> str:
    """What a base is called in few words.

    Example:
        >>> _base_name({"source": "new", "kind": "tfidf"})
        'new tfidf'
        >>> _base_name({"source": "folder", "path": "a/b"})
        'b'
    """
    if settings.get("name"):
        return str(settings["name"])
    if settings.get("path"):
        return str(settings["path"]).rstrip("/").rpartition("/")[2]
    return f"{settings.get('source')} {settings.get('kind')}"
