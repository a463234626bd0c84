"""What a recipe leaves out follows the base and the data."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyculture import api
from polyculture.api.recipes import recipe_of
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.recipe import Recipe
from polyculture.core.task import Output
from polyculture.engine.choices.defaults import FEWEST_STEPS, batch_tokens
from polyculture.engine.prepare import prepare_training
from polyculture.engine.training import Training

Begin = Callable[..., Training]
EXAMPLES = Path(__file__).parents[2] / "examples"
LENGTHS = np.array([12, 30, 18])


def test_a_measured_example_keeps_the_batches_it_was_measured_with() -> None:
    """It leaves the batch out, and had 32 texts of mean length."""
    path = EXAMPLES / "reviews-zh.toml"

    for table in api.read_study(path).tables():
        recipe = recipe_of(table, path)
        data: Any = recipe.data
        tokens = batch_tokens(LENGTHS, data.train_rows, recipe.fit.epochs, "labels")

        assert tokens == 32 * LENGTHS.mean()


@pytest.mark.parametrize("output", ["labels", "word_labels"])
@pytest.mark.parametrize("rows", [200, 400, 1_000])
def test_few_rows_get_enough_steps(rows: int, output: Output) -> None:
    """From some hundred rows on, a training has the steps that it takes to learn anything."""
    lengths = np.full(rows, 20)

    steps = lengths.sum() * 4 / batch_tokens(lengths, rows, 4, output)

    assert steps >= FEWEST_STEPS


@pytest.mark.slow
def test_a_recipe_without_fit_says_what_was_chosen(
    make_recipe: Callable[..., Recipe],
    toy: Callable[[str], Dataset],
    pretrained: dict[str, str],
    tmp_path: Path,
) -> None:
    """Rate and batch are on record, and are those of a small pretrained base."""
    fit = {"epochs": 1, "threads": 1, "precision": "float32"}

    run = api.train(make_recipe(base=pretrained, fit=fit), tmp_path, dataset=toy("classification"))[
        0
    ]

    assert run.facts.chosen["learning_rate"] == 2e-4
    assert run.facts.chosen["head_learning_rate"] == 1e-3
    assert run.recipe.fit.learning_rate is None
    assert run.facts.steps > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fit", "rate"), [({"learning_rate": 3e-4}, 3e-4), ({"head_learning_rate": 2e-3}, 2e-3)]
)
def test_a_rate_that_is_named_is_kept(
    fit: dict[str, float],
    rate: float,
    make_recipe: Callable[..., Recipe],
    pretrained: dict[str, str],
    tmp_path: Path,
) -> None:
    """Named alone, the rate is for all weights; a head's own rate is what it says."""
    few = {"epochs": 1, "threads": 1, "precision": "float32"}
    data: Dataset = parts.load("tasks", "classification").toy()

    run = api.train(make_recipe(base=pretrained, fit={**few, **fit}), tmp_path, dataset=data)[0]

    assert run.facts.chosen["head_learning_rate"] == rate


@pytest.mark.parametrize(
    ("precision", "adaptation", "wanted"),
    [("bfloat16", "full", True), ("float32", "full", False), ("bfloat16", "head_only", False)],
)
def test_batches_have_few_widths_where_kernels_are_made_for_each(
    begin: Begin, precision: str, adaptation: str, *, wanted: bool
) -> None:
    """Not where what a base says is kept, which is as wide as its texts."""
    fit = {"epochs": 1, "threads": 1, "learning_rate": 3e-3, "precision": precision}

    prepared = prepare_training(begin(fit=fit, adaptation=adaptation), None)

    assert prepared.context.even_widths is wanted
    width = prepared.work.batch_of(prepared.work.plan[0], 0).inputs["input_ids"].shape[1]
    assert not wanted or width % 8 == 0
