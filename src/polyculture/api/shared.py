"""What several trainings have in common: data, bases and baselines, each read or made once."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from polyculture.core import parts
from polyculture.core.errors import RecipeError, RowError
from polyculture.core.task import task_of
from polyculture.store.digest import of_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from polyculture.core.data import Dataset
    from polyculture.core.plugins import Base, DataSource
    from polyculture.core.recipe import Recipe
    from polyculture.core.task import Column, Inventory
    from polyculture.engine.training import Training

NEEDED = ("train", "valid")
"""Splits that training needs."""
Rows = dict[str, "pl.DataFrame"]


class Shared:
    """Datasets, prepared rows, bases and baselines' answers, each made once for the same settings.

    A study hands one of these to all its trainings; a training alone makes its own.

    Args:
        dataset: The data of every recipe, if it was read before.
    """

    def __init__(self, dataset: Dataset | None = None) -> None:
        self._given = dataset
        self._datasets: dict[str, Dataset] = {}
        self._prepared: dict[str, tuple[Rows, Inventory]] = {}
        self._bases: dict[str, Base] = {}
        self._simple: dict[str, Mapping[str, pl.DataFrame]] = {}

    def dataset(self, recipe: Recipe) -> Dataset:
        """The recipe's data.

        Raises:
            PolycultureError: They cannot be read.
        """
        if self._given is not None:
            return self._given
        task: Any = recipe.task
        key = _key(recipe.data) + task.kind
        if key not in self._datasets:
            self._datasets[key] = read_data(recipe)
        return self._datasets[key]

    def prepared_rows(self, recipe: Recipe) -> tuple[Rows, Inventory]:
        """All splits as the task wants them, and what can be learnt of them before training.

        Raises:
            RecipeError: A split that training needs is missing.
            DataError: A row or label is not what the task can use.
        """
        key = _key(recipe.data, recipe.task)
        if key not in self._prepared:
            self._prepared[key] = prepare_rows(recipe, self.dataset(recipe))
        return self._prepared[key]

    def base(self, recipe: Recipe, work: Path) -> Base:
        """The recipe's base. One that is made from nothing is made in ``work``, every time again.

        Raises:
            PolycultureError: It is not there, not fetched, or cannot be trusted.
        """
        rows = self.prepared_rows(recipe)[0]["train"]
        if is_made(recipe):
            return open_base(recipe, rows, work)
        key = _key(recipe.base)
        if key not in self._bases:
            with TemporaryDirectory() as place:
                self._bases[key] = open_base(recipe, rows, Path(place) / "base")
        return self._bases[key]

    def simple(self, training: Training) -> Mapping[str, pl.DataFrame]:
        """What the baselines of a task answer to the split that they are held against."""
        from polyculture.engine.evaluate import simple_answers

        recipe = training.recipe
        key = _key(recipe.data, recipe.task) + training.base.kind
        if key not in self._simple:
            self._simple[key] = simple_answers(training)
        return self._simple[key]


def _key(*settings: Any) -> str:
    return of_json([part.model_dump(mode="json") for part in settings])


def read_data(recipe: Recipe) -> Dataset:
    """The recipe's data, in the columns that its task declares.

    Raises:
        PolycultureError: They cannot be read.
    """
    settings: Any = recipe.data
    source: DataSource = parts.load("sources.data", settings.source)
    return source.read(settings, task_of(recipe.task).columns)


def prepare_rows(recipe: Recipe, dataset: Dataset) -> tuple[Rows, Inventory]:
    """See ``Shared.prepared_rows``."""
    settings, task = recipe.task, task_of(recipe.task)
    pool = task.pool(settings)
    if pool and pool not in dataset.splits:
        msg = (
            f"The data {dataset.name!r} has no {pool}, which this task answers all rows against. "
            f"Name a file for it in [data], as {pool} = 'its path'."
        )
        raise RecipeError(msg)
    for split in NEEDED:
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
        inventory = task.learn(rows, settings)
        _refuse_without_gold(rows, task.columns)
    except RowError as error:
        raise dataset.tell(error.where, error) from error
    return rows, inventory


def _refuse_without_gold(rows: Rows, columns: Mapping[str, Column]) -> None:
    """Training needs a right answer; a task that has several columns of it says which."""
    gold = [name for name, column in columns.items() if column.is_gold and not column.is_optional]
    for split, part in rows.items():
        if gold and not set(gold) & set(part.columns):
            reason = f"there is no column {gold[0]!r}, which holds the right answers. Add it."
            raise RowError(reason, where=split, column=gold[0])


def open_base(recipe: Recipe, rows: pl.DataFrame, work: Path) -> Base:
    """The recipe's base; one made from nothing looks at the training texts."""
    return open_common_base([(recipe, rows)], work)


def open_common_base(parts_: Sequence[tuple[Recipe, pl.DataFrame]], work: Path) -> Base:
    """The one base of some recipes; one made from nothing looks at the training texts of all.

    Args:
        parts_: Recipes of one base and seed, with their prepared training rows.
        work: A folder that is made.
    """
    first, _ = parts_[0]
    settings: Any = first.base
    texts = [
        text for recipe, rows in parts_ for text in _texts_of(rows, task_of(recipe.task).columns)
    ]
    work.mkdir(parents=True)
    base: Base = parts.load("sources.bases", settings.source).open(
        settings, texts, work, first.seed
    )
    return base


def _texts_of(rows: pl.DataFrame, columns: Mapping[str, Column]) -> list[list[Any]]:
    """The words, the numbers, or all texts and paths, of each row.

    Answers that are texts are among them, and so are labels that are read, as choices are.
    """
    import polars as pl

    there = {name: column.kind for name, column in columns.items() if name in rows.columns}
    parts_ = {kind: name for name, kind in there.items() if not columns[name].is_gold}
    several = parts_.get("words") or parts_.get("numbers")
    if several is not None:
        return rows[several].to_list()
    texts = [name for name, kind in there.items() if kind in {"text", "file"}]
    choices = [n for n, kind in there.items() if kind == "labels" and not columns[n].is_gold]
    turns = [name for name, kind in there.items() if kind == "turns"]
    rows = rows.with_columns(
        pl.col(name).list.eval(pl.element().struct.field("content")) for name in turns
    )
    names = [*texts, *choices, *turns]
    if not names:
        return []
    return [
        [part for cell in row for part in ([cell] if isinstance(cell, str) else cell)]
        for row in rows.select(names).iter_rows()
    ]


def is_made(recipe: Recipe) -> bool:
    """Whether the base is made from the data: then the recipe says all about it."""
    settings: Any = recipe.base
    return bool(parts.load("sources.bases", settings.source).is_made)
