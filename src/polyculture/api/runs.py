"""Train one recipe into a run folder; or check it without training."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from polyculture.core import parts
from polyculture.core.errors import PolycultureError, RecipeError, RowError, need
from polyculture.core.recipe import Recipe  # noqa: TC001  # a doctest reads it here
from polyculture.core.record import Record
from polyculture.store.digest import of_json
from polyculture.store.folder import refuse_existing, telling_of_disk, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from polyculture.core.data import Dataset
    from polyculture.core.plugins import Base, Task
    from polyculture.core.run import Run

FINGERPRINT = "fingerprint"
NEEDED = ("train", "valid")
NETWORKS = ("torch", "transformers")
"""What training a network needs."""


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
    chosen: dict[str, str | int | float | None]
    notes: tuple[str, ...]


def train(
    recipe: Recipe,
    out: Path,
    *,
    replace: bool = False,
    budget_seconds: float | None = None,
    on_tick: Callable[[Any], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    dataset: Dataset | None = None,
) -> tuple[Run, Path]:
    """Train a recipe; an unfinished run of the same recipe and data is continued.

    Args:
        recipe: What to train.
        out: Folder of runs; the run's folder in it carries its name.
        replace: Put the new run in the place of one of the same name.
        budget_seconds: End after this time at the latest.
        on_tick: Called with an ``engine.loop.Tick`` after every step.
        say: Told what is being done.
        dataset: The recipe's data, if it was read before.

    Returns:
        The run and its folder.

    Raises:
        PolycultureError: Recipe, data or base cannot be used, or the disk is full.
    """
    is_counted = _is_counted(recipe)
    _needs(*(("sklearn",) if is_counted else NETWORKS))
    from polyculture.engine.ingredients import Ingredients

    name = name_of(recipe)
    folder = out / name
    refuse_existing(folder, replace=replace)
    say("reading the data")
    dataset = dataset or read_data(recipe)
    rows, labels = prepared(recipe, dataset)
    unfinished = out / f".{name}.unfinished"
    with telling_of_disk(folder):
        base = _opened(recipe, rows["train"], unfinished)
        fingerprint = fingerprint_of(recipe, dataset, base.digest)
        _continue_or_empty(unfinished, fingerprint)
        given = Ingredients(
            recipe=recipe,
            name=name,
            fingerprint=fingerprint,
            dataset=dataset,
            rows=rows,
            labels=labels,
            base=base,
        )
        if is_counted:
            from polyculture.engine.counts import train_counts

            run = train_counts(given, unfinished, say)
        else:
            from polyculture.engine import train as engine  # loads torch

            run = engine.train(
                given, unfinished, budget_seconds=budget_seconds, on_tick=on_tick, say=say
            )
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
        # only now: a kill before the new name must find what it needs to go on
        for spent in ("checkpoint", "base"):
            shutil.rmtree(folder / spent, ignore_errors=True)
        for spent in (FINGERPRINT, "chosen.json"):
            (folder / spent).unlink(missing_ok=True)
    return run, folder


def check(recipe: Recipe) -> Check:
    """Check recipe and data, and estimate the time, without training.

    Raises:
        PolycultureError: Recipe, data or base cannot be used.
    """
    _needs(*NETWORKS)
    from polyculture.engine import estimate
    from polyculture.engine.ingredients import Ingredients

    dataset = read_data(recipe)
    rows, labels = prepared(recipe, dataset)
    with TemporaryDirectory() as place:
        base = open_base(recipe, rows["train"], Path(place) / "base")
        given = Ingredients(
            recipe=recipe,
            name=name_of(recipe),
            fingerprint=fingerprint_of(recipe, dataset, base.digest),
            dataset=dataset,
            rows=rows,
            labels=labels,
            base=base,
        )
        found = estimate.estimate(given)
    return Check(
        name=given.name,
        rows={split: len(part) for split, part in rows.items()},
        labels=labels,
        notes=(*dataset.notes, *base.notes, *found.notes),
        **found.figures,
    )


def _is_counted(recipe: Recipe) -> bool:
    """The model counts words, and torch is not needed."""
    return getattr(recipe.base, "kind", None) == "tfidf"


def _needs(*modules: str) -> None:
    from polyculture.nets import allocator, threads

    threads.be_polite()
    allocator.keep_freed_memory()
    for module in modules:
        need(module, extra="train", purpose="Training")


def _continue_or_empty(unfinished: Path, fingerprint: str) -> None:
    """Keep what a killed training of the same recipe and data left; throw away anything else."""
    mark = unfinished / FINGERPRINT
    if mark.exists() and mark.read_text(encoding="utf-8") == fingerprint:
        return
    for path in unfinished.iterdir():
        if path.name == "base":  # made a moment ago
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_text(mark, fingerprint)


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
    return "-".join([*words, f"seed{recipe.seed}"])


def read_data(recipe: Recipe) -> Dataset:
    """The recipe's data."""
    settings: Any = recipe.data
    dataset: Dataset = parts.load("sources.texts", settings.source).read(settings)
    return dataset


def prepared(
    recipe: Recipe, dataset: Dataset, needed: Sequence[str] = NEEDED
) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """All splits as the task wants them, and the labels.

    Raises:
        RecipeError: A split that training needs is missing.
        DataError: A row or label is not what the task can use.
    """
    settings: Any = recipe.task
    task: Task = parts.load("tasks", settings.kind)
    for split in needed:
        if split not in dataset.splits:
            msg = (
                f"The data {dataset.name!r} has no {split} split. Name a file for it in [data], "
                "or set hold_out = 0.1 to hold out some of the training rows."
            )
            raise RecipeError(msg)
    rows = {}
    for split, part in dataset.splits.items():
        try:
            rows[split] = task.prepare(part, dataset.where(split), settings)
        except RowError as error:
            raise dataset.tell(split, error) from error
    try:
        return rows, task.labels(rows, settings)
    except RowError as error:
        raise dataset.tell(error.where, error) from error


def open_base(recipe: Recipe, rows: pl.DataFrame, work: Path) -> Base:
    """The recipe's base; one made from nothing looks at the training texts."""
    settings: Any = recipe.base
    columns = [name for name in ("tokens", "text", "text_b") if name in rows.columns]
    texts: list[list[str]] = (
        rows["tokens"].to_list()
        if "tokens" in columns
        else [list(row) for row in rows.select(columns).iter_rows()]
    )
    work.mkdir(parents=True)
    base: Base = parts.load("sources.bases", settings.source).open(
        settings, texts, work, recipe.seed
    )
    return base


def _opened(recipe: Recipe, rows: pl.DataFrame, unfinished: Path) -> Base:
    """Open the base in a run's folder; if that is refused, no new folder stays behind."""
    made = [path for path in (unfinished, *unfinished.parents) if not path.exists()]
    unfinished.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(unfinished / "base", ignore_errors=True)  # half made, if it was killed there
    try:
        return open_base(recipe, rows, unfinished / "base")
    except PolycultureError:
        if made:
            shutil.rmtree(made[-1])
        raise


def check_base(recipe: Recipe, rows: pl.DataFrame) -> None:
    """Make sure that the recipe's base is there, if that is quickly said.

    Raises:
        PolycultureError: It is not there, not fetched, or cannot be trusted.
    """
    settings: Any = recipe.base
    if not parts.load("sources.bases", settings.source).is_made:
        with TemporaryDirectory() as place:
            open_base(recipe, rows, Path(place) / "base")


def fingerprint_of(recipe: Recipe, dataset: Dataset, base_digest: str) -> str:
    """SHA-256 of what a run depends on; where files lie does not matter, what they hold does."""
    asked = recipe.model_dump(mode="json", exclude={"data", "base", "name"})
    kind = getattr(recipe.base, "kind", None)
    return of_json([asked, kind, dataset.digest, base_digest])
