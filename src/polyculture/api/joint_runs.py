"""Train several tasks together: one body, a run for each part."""

from __future__ import annotations

import math
import shutil
import time
from typing import TYPE_CHECKING, Any

from polyculture.api.existing_runs import files_of
from polyculture.api.runs import begin, fingerprint_of, prepare_machine
from polyculture.api.shared import Shared, is_made
from polyculture.core.errors import StoreError
from polyculture.core.request import Request
from polyculture.store.digest import of_json
from polyculture.store.runs import RECORD, refuse_unsound
from polyculture.store.writing.disk import telling_of_disk
from polyculture.store.writing.folder import finish
from polyculture.store.writing.outputs import check_output
from polyculture.store.writing.unfinished import Unfinished, clear_leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from polyculture.core.data import Dataset
    from polyculture.core.plugins import Base
    from polyculture.core.recipe import Recipe
    from polyculture.core.run import Run
    from polyculture.core.several.together import Together
    from polyculture.engine.training import Training


def train_together(
    asked: Together,
    out: Path,
    *,
    replace: bool = False,
    budget_seconds: float | None = None,
    on_tick: Callable[[Any], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    datasets: Mapping[str, Dataset] | None = None,
) -> dict[str, tuple[Run, Path]]:
    """Train several tasks on one body; an interrupted training of the same request is resumed.

    Args:
        asked: What to train.
        out: Folder of runs; the folder of this training in it carries its name, and holds a run for
            each part.
        replace: Replace finished runs of the same name, once the new ones stand.
        budget_seconds: End after this time at the latest, testing included.
        on_tick: Called with an ``engine.loop.Tick`` after every step.
        say: Told what is being done.
        tell: Told what a person should know, a sentence each.
        datasets: The data by part, if they were read before.

    Returns:
        By part, its run and its folder.

    Raises:
        PolycultureError: Request, data or base cannot be used, another process trains these runs,
            or the disk is full.
        Ended: A signal asked to end. What was done is kept, and the same call resumes from it.
    """
    until = math.inf if budget_seconds is None else time.monotonic() + budget_seconds
    folder, recipes = out / asked.name, asked.recipes()
    inputs = [path for recipe in recipes.values() for path in files_of(recipe)]
    _refuse_finished(folder, recipes, inputs, replace=replace)
    prepare_machine(next(iter(recipes.values())))
    say("reading the data")
    shared = {name: Shared((datasets or {}).get(name)) for name in recipes}
    for name, recipe in recipes.items():
        shared[name].prepared_rows(recipe)
    with Unfinished.held(folder) as unfinished:
        _refuse_finished(folder, recipes, inputs, replace=replace)
        say("opening the base")
        base = _open_base(recipes, shared, unfinished.path / "base")
        from polyculture.engine.together import train_together as engine

        with telling_of_disk(folder):
            trainings = _trainings(asked, recipes, shared, base)
            reason = begin(unfinished, _request(asked, trainings))
            say("loading torch")
            runs = engine(
                trainings,
                asked,
                unfinished.path,
                until=until,
                starts_over=reason,
                on_tick=on_tick,
                say=say,
                tell=tell,
            )
            finish(unfinished.run, folder, kind="run", replace=replace)
            unfinished.clear()
    for name, run in runs.items():
        refuse_unsound(run, folder / name)
    return {name: (run, folder / name) for name, run in runs.items()}


def opened_trainings(
    asked: Together, work: Path, datasets: Mapping[str, Dataset] | None = None
) -> dict[str, Training]:
    """All that the parts start from, with one base that is made or opened in ``work``.

    Raises:
        PolycultureError: Data or base cannot be used.
    """
    recipes = asked.recipes()
    shared = {name: Shared((datasets or {}).get(name)) for name in recipes}
    return _trainings(asked, recipes, shared, _open_base(recipes, shared, work))


def _refuse_finished(
    folder: Path, recipes: Mapping[str, Recipe], inputs: list[Path], *, replace: bool
) -> None:
    """Refuse early to train over finished runs."""
    if not replace and any((folder / name / RECORD).is_file() for name in recipes):
        is_interrupted = clear_leftovers(folder)
        kept = " An interrupted training is kept: --replace resumes it." if is_interrupted else ""
        msg = (
            f"{folder} holds finished runs already. Choose another name (--set name=...), or add "
            f"--replace to train them again.{kept}"
        )
        raise StoreError(msg)
    check_output(folder, kind="run", replace=replace, inputs=inputs)


def _open_base(recipes: Mapping[str, Recipe], shared: Mapping[str, Shared], work: Path) -> Base:
    """One base for all; one from nothing is made of the texts of every part."""
    from polyculture.api.shared import open_common_base

    shutil.rmtree(work, ignore_errors=True)  # half made, if it was killed there
    rows = {name: shared[name].prepared_rows(recipe)[0] for name, recipe in recipes.items()}
    return open_common_base([(recipes[name], rows[name]["train"]) for name in recipes], work)


def _trainings(
    asked: Together, recipes: Mapping[str, Recipe], shared: Mapping[str, Shared], base: Base
) -> dict[str, Training]:
    from polyculture.engine.training import Training

    datasets = {name: shared[name].dataset(recipe) for name, recipe in recipes.items()}
    alone = {n: fingerprint_of(recipes[n], datasets[n], base.digest) for n in recipes}
    how = {name: part.weight for name, part in asked.parts.items()}
    trainings = {}
    for name, recipe in recipes.items():
        rows, inventory = shared[name].prepared_rows(recipe)
        trainings[name] = Training(
            recipe=recipe,
            name=str(recipe.name),
            fingerprint=of_json([name, alone, how, asked.sampling]),
            dataset=datasets[name],
            rows=rows,
            inventory=inventory,
            base=base,
        )
    return trainings


def _request(asked: Together, trainings: Mapping[str, Training]) -> Request:
    first = next(iter(trainings.values()))
    return Request(
        recipe=asked.model_dump(mode="json"),
        data=of_json([training.dataset.digest for training in trainings.values()]),
        base=None if is_made(first.recipe) else first.base.digest,
    )
