"""Train several recipes, observe them on one probe, audit them, write one report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from polyculture.api.evidence import check_probe
from polyculture.api.recipes import changed, read_study, recipe_of
from polyculture.api.runs import check_base, fingerprint_of, name_of, prepared, read_data, train
from polyculture.api.runs_audit import audit_runs
from polyculture.core.errors import ProbeMismatchError
from polyculture.store.digest import of_json
from polyculture.store.folder import refuse_existing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyculture.core.audit import Audit
    from polyculture.core.data import Dataset
    from polyculture.core.recipe import Recipe
    from polyculture.core.run import Run


class Watcher(Protocol):
    """Who is told how a study goes."""

    def begin(self, title: str) -> None:
        """Another training begins."""

    def say(self, what: str) -> None:
        """What is being done, in a few words."""

    def tick(self, tick: Any) -> None:
        """A step was taken."""


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """What a study made."""

    audit: Audit
    folder: Path
    """The audit's folder, with the report in it."""
    runs: tuple[Path, ...]
    kept: tuple[str, ...]
    """Runs that were there already, of the same recipe and data."""


def study(
    path: Path,
    out: Path,
    *,
    watcher: Watcher,
    changes: Sequence[str] = (),
    replace: bool = False,
    show_text: bool = False,
    command: str = "",
) -> StudyResult:
    """Run a study; what a killed one finished is kept, what it began is continued.

    Args:
        path: The study's TOML file.
        out: Folder of the study: ``runs``, ``evidence`` and ``audit`` in it.
        watcher: Told how it goes.
        changes: Settings to change in every recipe, as ``fit.epochs=1``.
        replace: Train again and write anew what exists already.
        show_text: Show the items' texts also where their source restricts them.
        command: The command that makes this study again.

    Raises:
        PolycultureError: Something in the study cannot be used.
    """
    wanted = read_study(path)
    recipes = [recipe_of(changed(table, changes), path, changes) for table in wanted.tables()]
    if len(recipes) < 2:  # noqa: PLR2004
        msg = f"{path}: a study compares models, but it has one. Name two or more in [[models]]."
        raise ProbeMismatchError(msg)
    refuse_existing(out / "audit", replace=replace)
    data = _Data()
    for recipe in recipes:  # every slip is found before the first hour is spent
        rows, _ = prepared(recipe, data.of(recipe))
        check_base(recipe, rows["train"])
    check_probe(data.of(recipes[0]), wanted.probe)
    runs, kept = [], []
    for number, recipe in enumerate(recipes, start=1):
        name = name_of(recipe)
        watcher.begin(f"{name} ({number} of {len(recipes)})")
        folder = out / "runs" / name
        if not replace and _is_finished(folder, recipe, data.of(recipe)):
            kept.append(name)
        else:
            train(
                recipe,
                out / "runs",
                replace=replace,
                on_tick=watcher.tick,
                say=watcher.say,
                dataset=data.of(recipe),
            )
        runs.append(folder)
    watcher.begin("audit")
    audit = audit_runs(
        runs,
        probe=wanted.probe,
        out=out / "audit",
        title=wanted.title or path.stem,
        asked={
            "study": path.name,
            "models": ", ".join(run.name for run in runs),
            "probe": wanted.probe,
        },
        evidence=out / "evidence",
        replace=replace,
        show_text=show_text,
        resamples=wanted.resamples,
        command=command,
        dataset=data.of(recipes[0]),
        say=watcher.say,
    )
    return StudyResult(audit=audit, folder=out / "audit", runs=tuple(runs), kept=tuple(kept))


class _Data:
    """Data sets by what was asked, each read once."""

    def __init__(self) -> None:
        self.known: dict[str, Dataset] = {}

    def of(self, recipe: Recipe) -> Dataset:
        key = of_json(recipe.data.model_dump(mode="json"))
        if key not in self.known:
            self.known[key] = read_data(recipe)
        return self.known[key]


def _is_finished(folder: Path, recipe: Recipe, dataset: Dataset) -> bool:
    if not (folder / "run.json").exists():
        return False
    from polyculture.store.runs import read_run

    run: Run = read_run(folder)
    if run.fingerprint == fingerprint_of(recipe, dataset, run.facts.base_digest):
        return True
    refuse_existing(folder, replace=False)
    return False
