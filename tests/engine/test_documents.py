"""What stands around a sentence is learnt from, where neighbours are learnt from together."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from polyculture import api
from polyculture.core.data import Dataset
from polyculture.core.recipe import Recipe
from polyculture.engine.cost.estimate import _spread

Make = Callable[..., Recipe]
FIRST = {"PER": ("she", "sang"), "LOC": ("it", "snowed")}
LATER = (("Berg", "was", "there"), ("we", "saw", "Berg"), ("Berg", "again"))


def rows(documents: int, seed: int) -> pl.DataFrame:
    """Documents whose first sentence alone tells what the name in the others is."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(documents):
        kind = "PER" if rng.random() < 0.5 else "LOC"
        sentences = [FIRST[kind], *(LATER[place] for place in rng.permutation(3))]
        for place, words in enumerate(sentences):
            tags = [f"B-{kind}" if word == "Berg" else "O" for word in words]
            name = f"{number}-{place}"
            found.append({"id": name, "tokens": words, "tags": tags, "document": f"d{number}"})
    return pl.DataFrame(found)


@pytest.mark.slow
def test_a_name_is_known_by_the_first_sentence_of_its_document(
    tmp_path: Path, make_recipe: Make, toy: Callable[[str], Dataset]
) -> None:
    """Alone, a sentence says nothing of it; two threads share what is read together."""
    splits = {"train": rows(150, 1), "valid": rows(40, 2)}
    data = replace(toy("spans"), splits=splits)
    fit = {
        "threads": 2,
        "learning_rate": 3e-3,
        "precision": "float32",
        "batch_tokens": 128,
        "patience": 100,
        "evaluations_per_epoch": 1,
    }
    reached = {}
    for context, epochs in (("document", 32), ("sentence", 2)):
        recipe = make_recipe(
            task={"kind": "spans", "context": context},
            head="crf",
            fit={**fit, "epochs": epochs},
            name=context,
        )
        run, _ = api.train(recipe, tmp_path, dataset=data)
        reached[context] = run.scores.headline().value.number
        joined = [note for note in run.facts.notes if "stretches of neighbours" in note]
        assert len(joined) == (context == "document")

    assert reached["document"] > 0.95
    assert reached["sentence"] < 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "adaptation", "precision"),
    [
        ("linear", "full", "bfloat16"),
        ("mlp", "head_only", "float32"),
        ({"kind": "mlp", "shapes": True}, "full", "float32"),
    ],
)
def test_every_head_learns_from_sentences_that_are_read_together(  # noqa: PLR0917
    tmp_path: Path,
    make_recipe: Make,
    toy: Callable[[str], Dataset],
    pretrained: dict[str, str],
    head: Any,
    adaptation: str,
    precision: str,
) -> None:
    """Also where what the base says is kept, in half precision, and with R-Drop."""
    data = replace(toy("spans"), splits={"train": rows(30, 1), "valid": rows(10, 2)})
    recipe = make_recipe(
        task={"kind": "spans", "context": "document"},
        base=pretrained,
        head=head,
        adaptation=adaptation,
        regularization={"r_drop": 1.0, "dropout": 0.2},
        fit={"epochs": 2, "threads": 2, "learning_rate": 1e-3, "precision": precision},
    )

    run, _ = api.train(recipe, tmp_path, dataset=data)

    assert run.facts.rows["train"] == 120
    assert run.valid.items == 40


def test_rows_that_are_timed_stand_beside_their_neighbours() -> None:
    """A few sentences of every document would not tell how many are read together."""
    some = _spread(pl.DataFrame({"id": np.arange(10_000)}), 400)["id"].to_numpy()

    assert len(some) == len(set(some.tolist())) == 400
    assert some[0] == 0
    assert some[-1] > 9_900
    assert (np.diff(some) == 1).mean() > 0.9
