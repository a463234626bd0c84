"""Test the model of a finished run on other rows, as a run of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.api.existing_runs import refuse_finished
from polyculture.api.runs import begin, name_of, open_base, prepare_machine, training_of
from polyculture.api.shared import is_made
from polyculture.core.errors import RecipeError
from polyculture.core.request import Request, differences
from polyculture.store.runs import read_run, refuse_unsound
from polyculture.store.writing.disk import telling_of_disk
from polyculture.store.writing.folder import finish
from polyculture.store.writing.unfinished import Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyculture.api.shared import Shared
    from polyculture.core.recipe import Recipe
    from polyculture.core.run import Run

TEST = "test"


def differs_in_test_alone(recipe: Recipe, other: Recipe) -> bool:
    """Whether two recipes ask for one training, and at most name other rows to test on."""
    return not differences(*(_without_test(one) for one in (recipe, other)))


def _without_test(recipe: Recipe) -> Request:
    request = Request.of(recipe, None, None)
    data = {name: v for name, v in request.recipe["data"].items() if not name.startswith(TEST)}
    return request.model_copy(update={"recipe": {**request.recipe, "data": data}})


def retest_run(
    recipe: Recipe,
    earlier: Path,
    out: Path,
    *,
    shared: Shared,
    replace: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Run, Path]:
    """Test a finished run's model on the test rows of a recipe that is otherwise the same.

    Args:
        recipe: That of the run, but for its name and its test rows.
        earlier: Folder of the finished run.
        out: Folder of runs; the new run's folder in it carries its name.
        shared: What was read already.
        replace: Replace a finished run of the same name.
        say: Told what is being done.

    Returns:
        The run and its folder.

    Raises:
        PolycultureError: The recipes or what is learnt from differ, or something cannot be read.
    """
    run = read_run(earlier)
    folder = out / name_of(recipe)
    refuse_finished(folder, recipe, replace=replace)
    prepare_machine(recipe)
    say("reading the data")
    dataset, before = shared.dataset(recipe), shared.dataset(run.recipe)
    splits = {*dataset.splits, *before.splits} - {TEST}
    is_same = before.digest == run.facts.data_digest and all(
        split in dataset.splits
        and split in before.splits
        and dataset.splits[split].equals(before.splits[split])
        for split in splits
    )
    if not is_same or not differs_in_test_alone(recipe, run.recipe):
        msg = (
            f"{earlier} was trained with other settings or rows than {name_of(recipe)} asks for. "
            "Train that one anew, or this one by itself."
        )
        raise RecipeError(msg)
    shared.prepared_rows(recipe)  # rows that cannot be used are told before anything is made
    with Unfinished.held(folder) as unfinished:
        base = open_base(recipe, shared, unfinished)
        training = training_of(recipe, shared, base)
        with telling_of_disk(folder):
            begin(
                unfinished,
                Request.of(recipe, dataset.digest, None if is_made(recipe) else base.digest),
            )
            from polyculture.engine.retest import retest

            run = retest(training, earlier, unfinished.run, say=say, answer_simply=shared.simple)
            finish(unfinished.run, folder, kind="run", replace=replace)
            unfinished.clear()
    refuse_unsound(run, folder)
    return run, folder
