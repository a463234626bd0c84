"""A task may choose numbers on the validation rows; the run keeps them and answers by them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from polyculture import api
from polyculture.api.predictions import predict
from polyculture.core.data import Dataset
from polyculture.core.errors import ModelError
from polyculture.core.recipe import Recipe
from polyculture.core.task import Context
from polyculture.engine.answering.model import open_run
from polyculture.store.runs import read_run
from polyculture.tasks import classification

Make = Callable[..., Recipe]
Toy = Callable[[str], Dataset]
TFIDF = {"source": "new", "kind": "tfidf"}
SHIFT = "shift:good"


def settle(rows: pl.DataFrame, read: Sequence[Any], context: Context) -> Mapping[str, float]:
    """How much more probable 'good' has to become so that it is answered as often as it is gold."""
    column = context.labels.index("good")
    margins = np.sort([float(np.delete(row, column).max() - row[column]) for row in read])
    return {SHIFT: float(margins[int((rows["label"] == "good").sum()) - 1]) + 1e-6}


def decode(rows: pl.DataFrame, logits: Sequence[Any], context: Context) -> pl.DataFrame:
    """Answers of the shifted logits."""
    shift = context.inventory.settled.get(SHIFT, 0.0)
    marks = np.array([float(label == "good") for label in context.labels])
    return classification.decode(rows, [row + shift * marks for row in logits], context)


@pytest.fixture
def settles(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make classification choose such a number."""

    def chosen_by(choose: Callable[..., Mapping[str, float]] = settle) -> None:
        changed = replace(classification.PLUGIN, settle=choose, decode=decode)
        monkeypatch.setattr(classification, "PLUGIN", changed)

    return chosen_by


@pytest.mark.parametrize(
    "base", [TFIDF, pytest.param(None, marks=pytest.mark.slow)], ids=["counts", "network"]
)
def test_the_run_keeps_what_was_chosen_and_answers_by_it(
    base: dict[str, str] | None,
    settles: Callable[..., None],
    make_recipe: Make,
    toy: Toy,
    tmp_path: Path,
) -> None:
    """Reopened, predicted with and scored again, it is the same number."""
    settles()
    data = toy("classification")
    recipe = make_recipe(**({} if base is None else {"base": base}))

    run, folder = api.train(recipe, tmp_path, dataset=data)

    assert run.inventory.settled.keys() == {SHIFT}
    assert read_run(folder).inventory == run.inventory
    valid = pl.read_parquet(folder / "predictions" / "valid.parquet")
    assert (valid["answer"] == "good").sum() == (valid["gold"] == "good").sum()
    again, _ = open_run(folder).answer(data.splits["test"])
    saved = pl.read_parquet(folder / "predictions" / "test.parquet")
    assert again["answer"].to_list() == saved["answer"].to_list()
    data.splits["test"].write_csv(tmp_path / "rows.csv")
    predicted, _ = predict(folder, tmp_path / "rows.csv")
    assert predicted["answer"].to_list() == saved["answer"].to_list()


def test_scores_say_what_was_chosen_and_where(
    settles: Callable[..., None], make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """A score of the validation rows is in-sample; baselines were not adjusted."""
    settles()

    run, _ = api.train(make_recipe(base=TFIDF), tmp_path, dataset=toy("classification"))

    assert run.test is not None
    assert run.test.protocol["chosen_on_valid"] == "shift"
    assert "in_sample" not in run.test.protocol
    assert run.valid.protocol["in_sample"] == "shift"
    assert all("chosen_on_valid" not in b.scores.protocol for b in run.baselines)


def test_what_is_not_a_finite_number_is_refused(
    settles: Callable[..., None], make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """JSON has no infinity, and a threshold that is NaN compares with nothing."""
    settles(lambda *_: {"threshold": float("inf")})

    with pytest.raises(ModelError, match=r"gave inf for 'threshold'. Leave out what has no finite"):
        api.train(make_recipe(base=TFIDF), tmp_path, dataset=toy("classification"))
