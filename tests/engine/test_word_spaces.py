"""A run answers with the tokens that it was trained with, also one from before they changed."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from polyculture import api
from polyculture.checks.killed import Cut, cut_after
from polyculture.core.data import Dataset
from polyculture.core.errors import ModelError
from polyculture.core.recipe import Recipe
from polyculture.core.task import Encoded, task_of
from polyculture.engine.answering.model import open_run
from polyculture.engine.opened import open_base
from polyculture.engine.prepare import prepare_training
from polyculture.engine.training import Training
from polyculture.nets.build import open_tokenizer
from polyculture.nets.text.word_tokens import tokenize_words

Make = Callable[..., Recipe]
Toy = Callable[[str], Dataset]
Begin = Callable[..., Training]

WORDS = ["Ada", "在", "青", "岛", "。"]
ROWS = pl.DataFrame({"id": ["1"], "tokens": [WORDS]})
FIT = {"epochs": 1, "threads": 1, "learning_rate": 3e-3, "precision": "float32"}


def tokens(encoded: Encoded) -> list[list[int]]:
    return [example.inputs["input_ids"].tolist() for example in encoded.examples]


def forget(file: Path) -> None:
    """Take the words' spaces from a record, as if it were from before."""
    record = json.loads(file.read_bytes())
    del (record["facts"]["chosen"] if "facts" in record else record)["word_spaces"]
    file.write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.slow
def test_a_run_is_read_as_it_was_trained(
    make_recipe: Make, toy: Toy, spaced: dict[str, str], tmp_path: Path
) -> None:
    """Without a record every word has its space; with one, words are as in a text."""
    recipe = make_recipe("spans", base=spaced, fit=FIT)
    run, folder = api.train(recipe, tmp_path, dataset=toy("spans"))
    tokenizer = open_tokenizer(folder / "model")
    assert run.facts.chosen["word_spaces"] == "as_in_text"
    readme = (folder / "model" / "README.md").read_text(encoding="utf-8")
    assert "Words go in as they stand in a text, Chinese ones without a space" in readme

    _, new = open_run(folder).answer(ROWS)
    forget(folder / "run.json")
    _, old = open_run(folder).answer(ROWS)

    assert tokens(old) == tokenizer([WORDS], is_split_into_words=True)["input_ids"]
    assert tokens(new) == tokenize_words(tokenizer, [WORDS], spaces="as_in_text")["input_ids"]
    assert tokens(old) != tokens(new)


@pytest.mark.slow
def test_words_of_an_unknown_kind_are_refused(
    make_recipe: Make, toy: Toy, spaced: dict[str, str], tmp_path: Path
) -> None:
    """A record of a later version is not read as if it were an older one."""
    recipe = make_recipe("spans", base=spaced, fit=FIT)
    _, folder = api.train(recipe, tmp_path, dataset=toy("spans"))
    record = json.loads((folder / "run.json").read_bytes())
    record["facts"]["chosen"]["word_spaces"] = "as_sung"
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")

    with pytest.raises(ModelError, match=r"one of as_in_text, every_word, got 'as_sung'"):
        open_run(folder)


@pytest.mark.slow
def test_a_training_from_before_is_resumed_as_it_began(
    make_recipe: Make, toy: Toy, spaced: dict[str, str], tmp_path: Path
) -> None:
    """Its record and its saved answers follow the older tokens."""
    data = toy("spans")
    recipe = make_recipe("spans", base=spaced, fit={**FIT, "checkpoint_seconds": 1e-6})
    with suppress(Cut):
        api.train(recipe, tmp_path, dataset=data, on_tick=cut_after(2))
    (chosen,) = tmp_path.rglob("chosen.json")
    forget(chosen)

    run, folder = api.train(recipe, tmp_path, dataset=data)

    assert run.facts.chosen["word_spaces"] == "every_word"
    predictor = open_run(folder)
    split = "test" if run.test else "valid"
    rows = task_of(recipe.task).prepare(data.splits[split], split, recipe.task)
    saved = pl.read_parquet(folder / "predictions" / f"{split}.parquet")
    assert predictor.context.word_spaces == "every_word"
    assert predictor.answer(rows)[0]["answer"].to_list() == saved["answer"].to_list()
    assert "as they stand in a text" not in (folder / "model" / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_texts_are_read_by_what_was_chosen_before(
    begin: Begin, spaced: dict[str, str], tmp_path: Path
) -> None:
    """Length and spaces of an interrupted training hold before anything is encoded."""
    training = begin("spans", base=spaced, fit=FIT)
    first = prepare_training(training, tmp_path)
    earlier = first.chosen.model_copy(update={"max_length": 6, "word_spaces": "every_word"})
    (tmp_path / "chosen.json").write_text(earlier.model_dump_json(), encoding="utf-8")

    again = prepare_training(training, tmp_path)

    opened = open_base(training, earlier)
    assert first.lengths.max() > again.lengths.max() == 6
    assert again.chosen == earlier
    assert again.lengths.tolist() == opened.encode(training, "train").sizes.tolist()
    expected = open_tokenizer(Path(spaced["path"]))([WORDS], is_split_into_words=True)
    some = Training(**{**vars(training), "rows": {"train": ROWS}})
    assert tokens(open_base(training, first.chosen).encode(some, "train")) != expected["input_ids"]
    old = first.chosen.model_copy(update={"word_spaces": "every_word"})
    assert tokens(open_base(training, old).encode(some, "train")) == expected["input_ids"]


@pytest.mark.parametrize("kept", [0, 40])
def test_choices_that_cannot_be_read_are_made_anew(begin: Begin, tmp_path: Path, kept: int) -> None:
    """They come out the same, and are written whole again."""
    training = begin()
    first = prepare_training(training, tmp_path)
    file = tmp_path / "chosen.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:kept])

    again = prepare_training(training, tmp_path)

    assert again.chosen == first.chosen
    assert file.read_bytes() == whole


@pytest.mark.slow
def test_a_training_whose_choices_are_lost_resumes_to_the_same_bytes(
    make_recipe: Make, toy: Toy, pretrained: dict[str, str], tmp_path: Path
) -> None:
    """A truncated file is no traceback, and the checkpoint still fits."""
    data = toy("classification")
    recipe = make_recipe(base=pretrained, fit={**FIT, "checkpoint_seconds": 1e-6})
    _, whole = api.train(recipe, tmp_path / "whole", dataset=data)
    with suppress(Cut):
        api.train(recipe, tmp_path / "cut", dataset=data, on_tick=cut_after(2))
    (chosen,) = (tmp_path / "cut").rglob("chosen.json")
    chosen.write_bytes(chosen.read_bytes()[:40])
    told: list[str] = []

    _, cut = api.train(recipe, tmp_path / "cut", dataset=data, tell=told.append)

    assert any("resuming from step 1 of" in sentence for sentence in told)
    weights = Path("model", "model.safetensors")
    assert (cut / weights).read_bytes() == (whole / weights).read_bytes()
