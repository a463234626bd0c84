"""Train one recipe into a run folder; or check it without training."""

from __future__ import annotations

import math
import shutil
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from polyculture.api.existing_runs import refuse_finished
from polyculture.api.shared import Shared, is_made
from polyculture.core.errors import RecipeError, need
from polyculture.core.names import fault_of
from polyculture.core.recipe import Recipe  # noqa: TC001  # a doctest reads it here
from polyculture.core.record import Record
from polyculture.core.regularization import Regularization
from polyculture.core.request import Request, differences
from polyculture.core.task import task_of
from polyculture.store.digest import of_json
from polyculture.store.runs import refuse_unsound
from polyculture.store.writing.disk import telling_of_disk
from polyculture.store.writing.folder import finish
from polyculture.store.writing.unfinished import Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyculture.core.data import Dataset
    from polyculture.core.plugins import Base
    from polyculture.core.run import Run
    from polyculture.engine.answering.shown_rows import ShownRow
    from polyculture.engine.training import Training


class Check(Record):
    """What a training would do."""

    name: str
    rows: dict[str, int]
    labels: tuple[str, ...]
    parameters: int
    trained_parameters: int
    steps: int
    seconds: float
    """Estimated for all epochs, from a few timed steps."""
    seconds_low: float
    """The same, if nothing else runs on this machine."""
    seconds_high: float
    """The same, beside other programs."""
    chosen: dict[str, str | int | float | None]
    notes: tuple[str, ...]
    shown: tuple[dict[str, Any], ...] = ()
    """The first training rows as the model reads them: id, text, tokens, targets, notes."""


def train(
    recipe: Recipe,
    out: Path,
    *,
    replace: bool = False,
    budget_seconds: float | None = None,
    on_tick: Callable[[Any], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    dataset: Dataset | None = None,
    shared: Shared | None = None,
) -> tuple[Run, Path]:
    """Train a recipe; an interrupted training of the same recipe, data and base is resumed.

    Args:
        recipe: What to train.
        out: Folder of runs; the run's folder in it carries its name.
        replace: Replace a finished run of the same name, once the new one stands.
        budget_seconds: End after this time at the latest, testing included.
        on_tick: Called with an ``engine.loop.Tick`` after every step.
        say: Told what is being done.
        tell: Told what a person should know, a sentence each: whether training starts, resumes or
            starts over, and why.
        dataset: The recipe's data, if it was read before.
        shared: What other trainings have read and made already.

    Returns:
        The run and its folder.

    Raises:
        PolycultureError: Recipe, data or base cannot be used, another process trains this run, or
            the disk is full.
        Ended: A signal asked to end. What was done is kept, and the same call resumes from it.
    """
    until = math.inf if budget_seconds is None else time.monotonic() + budget_seconds
    name = name_of(recipe)
    folder = out / name
    refuse_finished(folder, recipe, replace=replace)
    prepare_machine(recipe)
    say("reading the data")
    shared = shared or Shared(dataset)
    dataset = shared.dataset(recipe)
    shared.prepared_rows(recipe)  # rows that cannot be used are told before anything is made
    with Unfinished.held(folder) as unfinished:
        refuse_finished(folder, recipe, replace=replace)  # another process may have been quicker
        say("opening the base")
        base = open_base(recipe, shared, unfinished)
        with telling_of_disk(folder):
            request = Request.of(recipe, dataset.digest, None if is_made(recipe) else base.digest)
            reason = begin(unfinished, request)
            training = training_of(recipe, shared, base)
            if is_counted(recipe):
                from polyculture.engine.counts import train_counts

                run = train_counts(training, unfinished.run, say, answer_simply=shared.simple)
            else:
                say("loading torch")
                from polyculture.engine import train as engine

                run = engine.train(
                    training,
                    unfinished.path,
                    until=until,
                    starts_over=reason,
                    on_tick=on_tick,
                    say=say,
                    tell=tell,
                    answer_simply=shared.simple,
                )
            finish(unfinished.run, folder, kind="run", replace=replace)
            unfinished.clear()
    refuse_unsound(run, folder)
    return run, folder


def training_of(recipe: Recipe, shared: Shared, base: Base) -> Training:
    """All that a training of a recipe starts from.

    Args:
        recipe: What to train.
        shared: What has read, or reads now, its data.
        base: Its base.
    """
    from polyculture.engine.training import Training

    dataset = shared.dataset(recipe)
    rows, inventory = shared.prepared_rows(recipe)
    return Training(
        recipe=recipe,
        name=name_of(recipe),
        fingerprint=fingerprint_of(recipe, dataset, base.digest),
        dataset=dataset,
        rows=rows,
        inventory=inventory,
        base=base,
    )


def begin(unfinished: Unfinished, request: Request) -> str:
    """Keep the state of an interrupted training with the same request; discard any other.

    Returns:
        Why earlier state is not used; empty if it is used, or there is none.
    """
    before = unfinished.request_before()
    changed = () if before is None else differences(before, request)
    if before is not None and not changed:
        return ""
    was_begun = unfinished.is_begun()
    unfinished.begin(request)
    if changed:
        return f"what is asked has changed ({'; '.join(changed)})"
    return "the record of what was asked is missing or damaged" if was_begun else ""


def check(
    recipe: Recipe,
    say: Callable[[str], None] = lambda _: None,
    *,
    shared: Shared | None = None,
    show: int = 0,
) -> Check:
    """Check recipe and data, and estimate the time, without training.

    Args:
        recipe: What would be trained.
        say: Told what is being done.
        shared: What other checks have read already.
        show: Training rows to show as the model reads them.

    Raises:
        PolycultureError: Recipe, data or base cannot be used.
    """
    prepare_machine(recipe)
    say("reading the data")
    shared = shared or Shared()
    dataset = shared.dataset(recipe)
    rows, inventory = shared.prepared_rows(recipe)
    remarks = task_of(recipe.task).remarks(rows, inventory, recipe.task)
    with TemporaryDirectory() as place:
        say("opening the base")
        base = shared.base(recipe, Path(place) / "base")
        training = training_of(recipe, shared, base)
        figures, notes, shown = _estimated(training, say, show)
    return Check(
        name=training.name,
        rows={split: len(part) for split, part in rows.items()},
        labels=inventory.labels,
        notes=(*dataset.notes, *base.notes, *remarks, *notes),
        shown=tuple(row.model_dump(mode="json") for row in shown),
        **figures,
    )


def _estimated(
    training: Training, say: Callable[[str], None], show: int
) -> tuple[dict[str, Any], tuple[str, ...], tuple[ShownRow, ...]]:
    """Figures, notes and first rows of a training, without training."""
    if is_counted(training.recipe):
        names = ("parameters", "trained_parameters", "steps")
        seconds = dict.fromkeys(("seconds", "seconds_low", "seconds_high"), 0.0)
        from polyculture.engine.answering.shown_rows import shown_rows

        shown = shown_rows(training.rows["train"], training.task, training.context, first=show)
        figures = {**dict.fromkeys(names, 0), **seconds, "chosen": {}}
        return figures, ("TF-IDF takes seconds.",), shown
    say("loading torch")
    from polyculture.engine.cost.estimate import estimate

    estimated = estimate(training, say, show=show)
    figures = estimated.figures | {"seconds_low": estimated.low, "seconds_high": estimated.high}
    return figures, estimated.notes, estimated.shown


def is_counted(recipe: Recipe) -> bool:
    """Whether the model counts words, so that torch is not needed."""
    return getattr(recipe.base, "kind", None) == "tfidf"


def prepare_machine(recipe: Recipe) -> None:
    """Set what must be set before torch is loaded; report missing libraries early."""
    from polyculture.nets.efficiency.machine import set_up

    set_up()
    for module in ("sklearn",) if is_counted(recipe) else ("torch", "transformers"):
        if find_spec(module) is None:
            need(module, extra="train", purpose="Training")


def name_of(recipe: Recipe) -> str:
    """The run's name: the recipe's, or one made from base, adaptation, head and seed.

    Example:
        >>> name_of(Recipe.model_validate({
        ...     "task": "spans",
        ...     "base": {"source": "starter", "name": "minilm-l6"},
        ...     "data": {"source": "starter", "name": "conll2003"},
        ... }))
        'minilm-l6-full-linear-seed1'
    """
    if recipe.name:
        return recipe.name
    base: Any = recipe.base
    parts_: list[Any] = [recipe.adaptation, recipe.head]
    first = getattr(base, "name", None) or getattr(base, "kind", None) or base.source
    path = getattr(base, "path", None)
    if path is not None:
        first = Path(path).name
    words = [str(first).replace("/", "--"), *(part.kind for part in parts_)]
    name = "-".join([*words, f"seed{recipe.seed}"])
    fault = fault_of(name)
    if fault is not None:
        msg = f"The run would be named {name[:60]!r}, but a name {fault}. Set name in the recipe."
        raise RecipeError(msg)
    return name


def open_base(recipe: Recipe, shared: Shared, unfinished: Unfinished) -> Base:
    """The base of a training, made in its folder where it is made from nothing."""
    work = unfinished.path / "base"
    shutil.rmtree(work, ignore_errors=True)  # half made, if it was killed there
    return shared.base(recipe, work)


def fingerprint_of(recipe: Recipe, dataset: Dataset, base_digest: str) -> str:
    """SHA-256 of what a run depends on; where files lie does not matter, what they hold does."""
    asked = recipe.model_dump(
        mode="json",
        exclude={"data": True, "base": True, "name": True, "fit": {"checkpoint_seconds"}},
    )
    if recipe.fit.device == "auto":
        del asked["fit"]["device"]  # recipes had no such setting, and their fingerprints stay
    if recipe.regularization == Regularization():  # likewise
        del asked["regularization"]
    kind = getattr(recipe.base, "kind", None)
    return of_json([asked, kind, dataset.digest, base_digest])
