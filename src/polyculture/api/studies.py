"""Train several recipes, observe them on one probe, audit them, write one report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from polyculture.api.evidence import check_probe
from polyculture.api.existing_runs import files_of, is_kept
from polyculture.api.recipes import changed, read_study, recipe_of
from polyculture.api.retraining_log import RetrainingLog
from polyculture.api.run_audits import audit_runs
from polyculture.api.runs import check, name_of, train
from polyculture.api.shared import Shared, is_made
from polyculture.core.errors import ProbeMismatchError
from polyculture.nets.efficiency.machine import set_up
from polyculture.store.writing.outputs import check_output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyculture.api.runs import Check
    from polyculture.core.audit import Audit
    from polyculture.core.recipe import Recipe
    from polyculture.core.several.study import Study


class Watcher(Protocol):
    """Receives the progress of a study."""

    def begin(self, title: str) -> None:
        """Another training begins."""

    def say(self, what: str) -> None:
        """What is being done, in a few words."""

    def tell(self, what: str) -> None:
        """What a person should know, a sentence."""

    def tick(self, tick: Any) -> None:
        """A step was taken."""


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """The result of a study."""

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
    keep_runs: bool = False,
    budget_seconds: float | None = None,
    show_text: bool = False,
    command: str = "",
) -> StudyResult:
    """Run a study; an interrupted one keeps its finished runs and resumes the unfinished one.

    Args:
        path: The study's TOML file.
        out: Folder of the study: ``runs``, ``evidence`` and ``audit`` in it.
        watcher: Told how it goes.
        changes: Settings to change in every recipe, as ``fit.epochs=1``.
        replace: Train again and replace what this program wrote there before.
        keep_runs: With ``replace``, keep finished runs that are what is asked for; others are
        trained again, and the audit is replaced.
        budget_seconds: Train for about this time in all, in equal parts.
        show_text: Show the items' texts also where their source restricts them.
        command: The command that makes this study again.

    Raises:
        PolycultureError: Something in the study cannot be used, or a finished run of it is not what
            is asked for now.
    """
    set_up()  # what is checked first may load torch
    until = None if budget_seconds is None else time.monotonic() + budget_seconds
    wanted, recipes = read_recipes(path, changes)
    check_output(out / "audit", kind="audit", replace=replace, inputs=[path])
    shared = Shared()
    log = RetrainingLog(out, is_asked=replace and not keep_runs)
    finished = _check_models(wanted, recipes, shared, out, replace=replace, log=log)
    runs: list[Path] = []
    for number, recipe in enumerate(recipes, start=1):
        name = name_of(recipe)
        runs.append(out / "runs" / name)
        if name in finished:
            continue
        watcher.begin(f"{name} ({number} of {len(recipes)})")
        left = sum(name_of(later) not in finished for later in recipes[number - 1 :])
        train(
            recipe,
            out / "runs",
            replace=replace,
            budget_seconds=None if until is None else _seconds_for_next(until, left),
            on_tick=watcher.tick,
            say=watcher.say,
            tell=watcher.tell,
            shared=shared,
        )
        log.add(name)
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
        shared=shared,
        say=watcher.say,
    )
    log.end()
    return StudyResult(audit=audit, folder=out / "audit", runs=tuple(runs), kept=finished)


def check_study(path: Path, *, watcher: Watcher, changes: Sequence[str] = ()) -> tuple[Check, ...]:
    """Check every model of a study and estimate its time, without training.

    Raises:
        PolycultureError: Something in the study cannot be used.
    """
    wanted, recipes = read_recipes(path, changes)
    shared = Shared()
    check_probe(shared.dataset(recipes[0]), wanted.probe)
    checks = []
    for recipe in recipes:
        watcher.begin(name_of(recipe))
        checks.append(check(recipe, shared=shared))
    return tuple(checks)


def read_recipes(path: Path, changes: Sequence[str] = ()) -> tuple[Study, list[Recipe]]:
    """A study and its recipes, two or more, each with a name of its own.

    Raises:
        PolycultureError: The file cannot be used.
    """
    wanted = read_study(path)
    recipes = [recipe_of(changed(table, changes), path, changes) for table in wanted.tables()]
    if len(recipes) < 2:  # noqa: PLR2004
        msg = f"{path}: a study compares models, but it has one. Name two or more in [[models]]."
        raise ProbeMismatchError(msg)
    names = [name_of(recipe) for recipe in recipes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        msg = f"{path}: two runs would be named {twice!r}. Give each model and seed its own name."
        raise ProbeMismatchError(msg)
    tasks = {name: recipe.task.kind for name, recipe in zip(names, recipes, strict=True)}  # type: ignore[attr-defined]
    odd = next((name for name in names if tasks[name] != tasks[names[0]]), None)
    if odd is not None:
        msg = (
            f"{path}: a study compares models of one task, but {names[0]!r} does "
            f"{tasks[names[0]]} and {odd!r} {tasks[odd]}. Make a study of each."
        )
        raise ProbeMismatchError(msg)
    return wanted, recipes


def _check_models(
    wanted: Study,
    recipes: Sequence[Recipe],
    shared: Shared,
    out: Path,
    *,
    replace: bool,
    log: RetrainingLog,
) -> tuple[str, ...]:
    """Check every recipe before any training starts.

    Returns:
        Names of runs that are finished and just what is asked for.
    """
    finished = []
    for recipe in recipes:
        shared.prepared_rows(recipe)
    check_probe(shared.dataset(recipes[0]), wanted.probe)
    for recipe in recipes:  # bases last: they may load torch
        folder = out / "runs" / name_of(recipe)
        base = None if is_made(recipe) else shared.base(recipe, folder).digest
        data = shared.dataset(recipe).digest
        stays = not log.trains(folder.name) and is_kept(folder, recipe, data, base, replace=replace)
        if stays:
            finished.append(folder.name)
        else:
            check_output(folder, kind="run", replace=replace, inputs=files_of(recipe))
        evidence = out / "evidence" / folder.name / wanted.probe
        check_output(evidence, kind="evidence", replace=True)
    return tuple(finished)


def _seconds_for_next(until: float, models: int) -> float:
    """Seconds for the next of some trainings; a tenth is left for comparing."""
    return max(1.0, 0.9 * (until - time.monotonic()) / models)
