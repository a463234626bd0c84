"""Texts that belong together are found: of a corpus, of a label, of a pair."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from polyculture import api
from polyculture.api.shared import prepare_rows
from polyculture.checks.tasks import Case, learns_its_toy_data_and_predicts_the_same_after_reloading
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.errors import DataError, ModelError, RecipeError
from polyculture.core.recipe import Recipe
from polyculture.core.task import Context, Inventory, Pool
from polyculture.engine.answering.model import open_run
from polyculture.engine.batches import collated
from polyculture.engine.train import train
from polyculture.nets.build import open_tokenizer
from polyculture.store.pools import FOLDER, ROWS

TASK = parts.load("tasks", "similarity")
LEARNT: dict[str, Any] = {
    "head": {"kind": "pooled"},
    "fit": {"learning_rate": 3e-3, "epochs": 16, "patience": 16},
}
"""How a small model learns the toy data."""
TEXTS = pl.DataFrame({"id": ["x", "y", "z"], "text": ["a red fox", "a blue whale", "the red sun"]})
QUESTIONS = pl.DataFrame(
    {
        "id": ["1", "2"],
        "text": ["which fox", "which whale"],
        "matches": [["x", "z"], ["y"]],
        "negative": ["a blue whale", "a red fox"],
    }
)
PAIRS = pl.DataFrame(
    {"id": ["1", "2"], "text": ["a", "b"], "text_b": ["a", "c"], "score": [5.0, 1.0]}
)


def context_of(settings: dict[str, Any], rows: pl.DataFrame, folder: Path | None = None) -> Context:
    chosen = TASK.settings(**settings)
    splits = {"train": rows, "corpus": TEXTS}
    reader = None
    if folder is not None:
        texts = [*TEXTS["text"], *rows["text"]]
        reader = open_tokenizer(tiny_base(folder, "bert", texts))
    pool = TASK.pool(chosen)
    return Context(
        settings=chosen,
        inventory=TASK.learn(splits, chosen),
        reader=reader,
        longest=16,
        pool=Pool(rows=splits[pool]) if pool else None,
    )


def recipe_of(**task: Any) -> Recipe:
    base, data = {"source": "new", "kind": "transformer"}, {"source": "jsonl", "train": "t.jsonl"}
    return Recipe.model_validate(
        {"task": {"kind": "similarity", **task}, "base": base, "data": data}
    )


def test_a_batch_holds_a_text_one_of_its_matches_and_its_negative(tmp_path: Path) -> None:
    """Which match is drawn; the negative is always there."""
    context = context_of({}, QUESTIONS, tmp_path)
    encoded = TASK.encode(QUESTIONS, context)
    seen = set()

    for step in range(20):
        batch = collated(encoded, np.arange(2), TASK, context, chance=(1, step))
        texts = context.reader.batch_decode(batch.inputs["input_ids"], skip_special_tokens=True)
        assert (texts[0], texts[2]) == ("which fox", "a blue whale")
        assert texts[3:] == ["which whale", "a blue whale", "a red fox"]
        assert batch.count == 2
        seen.add(texts[1])

    assert seen == {"a red fox", "the red sun"}


def test_every_right_text_of_a_row_is_spared_whichever_is_drawn(tmp_path: Path) -> None:
    """Equal questions share what is right for them."""
    rows = QUESTIONS.vstack(QUESTIONS[:1].with_columns(id=pl.lit("3"), matches=pl.lit(["y"])))
    encoded = TASK.encode(rows, context_of({}, rows, tmp_path))

    right = [set(example.targets["right"].tolist()) for example in encoded.examples]

    assert right[0] == right[2]
    assert len(right[0]) == 3
    assert right[1] < right[0]


def test_rows_of_one_label_belong_together(tmp_path: Path) -> None:
    """A row is paired with others of its label, and with itself where it is alone."""
    texts = ["one", "two", "three", "four"]
    rows = pl.DataFrame({"id": texts, "text": texts, "label": ["a", "a", "a", "b"]})
    context = context_of({"answer": "label"}, rows, tmp_path)

    examples = TASK.encode(rows, context).examples

    assert [len(example.places["lengths"]) for example in examples] == [3, 3, 3, 2]
    assert [example.targets["right"].tolist() for example in examples] == [[0], [0], [0], [1]]
    assert len({tuple(example.inputs["input_ids"].tolist()) for example in examples}) == 4


def test_the_whole_corpus_is_ranked() -> None:
    """Not a sample of it; the best is the answer."""
    context = context_of({}, QUESTIONS)
    pool = Pool(rows=TEXTS, read=np.eye(3, dtype=np.float32))
    vectors = [np.array([0.6, 0.0, 0.8]), np.array([0.0, 1.0, 0.0])]

    answers = TASK.decode(QUESTIONS, vectors, replace(context, pool=pool))

    assert answers["answer"].to_list() == ["z", "y"]
    assert answers["ranking"].to_list()[0] == ["z", "x", "y"]
    assert TASK.grade(QUESTIONS, answers, context) == [1.0, 1.0]


def test_ranks_of_cosines_and_of_words_can_be_fused() -> None:
    """BM25 puts x first for "which fox" and y and z, which share no word, behind it."""
    context = context_of({"fuse": "ranks"}, QUESTIONS)
    pool = Pool(rows=TEXTS, read=np.eye(3, dtype=np.float32))
    vectors = [np.array([0.7, 0.1, 0.8]), np.array([0.0, 1.0, 0.0])]

    answers = TASK.decode(QUESTIONS, vectors, replace(context, pool=pool))

    assert answers["ranking"].to_list()[0] == ["x", "z", "y"]  # by cosines z, x, y
    assert answers["similarity"][0] == pytest.approx(1 / 61 + 1 / 62)
    assert TASK.pool_keeps(context.settings) == ("text",)
    assert TASK.pool_keeps(context_of({}, QUESTIONS).settings) == ()
    protocol = TASK.score(QUESTIONS, answers, context, split="test").protocol
    assert protocol["fused_with_bm25"] == "ranks"


def test_the_weight_of_cosines_is_chosen_on_rows_with_gold() -> None:
    """The least that puts y before x, which shares a word with the question and is wrong."""
    context = context_of({"fuse": "scores"}, QUESTIONS)
    context = replace(context, pool=Pool(rows=TEXTS, read=np.eye(3, dtype=np.float32)))
    vectors = [np.array([0.8, 0.9, 0.1])]
    rows = QUESTIONS[:1].with_columns(matches=pl.Series([["y"]]))
    assert TASK.settle is not None

    settled = TASK.settle(rows, vectors, context)
    answers = TASK.decode(rows, vectors, replace(context, inventory=Inventory(settled={**settled})))

    assert settled == {"fusion_weight": 0.9}
    assert answers["answer"].to_list() == ["y"]


def test_labels_are_not_fused() -> None:
    """A setting that would do nothing is refused."""
    with pytest.raises(ValueError, match="fuse joins rankings of texts"):
        recipe_of(answer="label", fuse="ranks")


def test_the_label_is_that_whose_near_rows_are_nearest() -> None:
    """What else the label may mean does not count against it."""
    rows = pl.DataFrame({"id": ["1", "2", "3"], "text": ["u", "v", "w"], "label": ["a", "a", "b"]})
    context = context_of({"answer": "label"}, rows)
    read = np.array([[1.0, 0.0], [-0.8, 0.6], [0.6, 0.8]], dtype=np.float32)

    answers = TASK.decode(
        rows[:1], [np.array([1.0, 0.0])], replace(context, pool=Pool(rows=rows, read=read))
    )

    assert answers["ranking"].to_list() == [["a", "b"]]


def test_scores_of_pairs_are_learnt_as_cosines_from_0_to_1() -> None:
    """A cosine that is off by a quarter of the range has grade 0.75."""
    context = context_of({"answer": "score"}, PAIRS)

    answers = TASK.decode(PAIRS, [np.float32(0.75), np.float32(0.0)], context)

    assert TASK.grade(PAIRS, answers, context) == [0.75, 1.0]
    assert TASK.score(PAIRS, answers, context, split="test").headline().name == "spearman"


@pytest.mark.parametrize(
    ("settings", "rows", "told"),
    [
        ({}, QUESTIONS.with_columns(matches=pl.lit(["w"])), "the corpus has no text 'w'"),
        ({}, QUESTIONS.with_columns(matches=pl.lit([], pl.List(pl.String))), "no text of the"),
        ({}, QUESTIONS.drop("matches"), "no column 'matches'"),
        ({"answer": "label"}, QUESTIONS.with_columns(label=pl.lit("a")), "every label is 'a'"),
        ({"answer": "score"}, PAIRS.drop("text_b"), "no column 'text_b'"),
    ],
)
def test_what_cannot_be_learnt_is_refused(
    settings: dict[str, Any], rows: pl.DataFrame, told: str
) -> None:
    """In one sentence that says what is missing."""
    data = replace(TASK.toy(), splits={"train": rows, "valid": rows, "corpus": TEXTS})

    with pytest.raises(DataError, match=told):
        prepare_rows(recipe_of(**settings), data)


def test_a_search_without_a_corpus_is_refused() -> None:
    """The sentence names the setting."""
    data = replace(TASK.toy(), splits={"train": QUESTIONS, "valid": QUESTIONS})

    with pytest.raises(RecipeError, match=r"has no corpus, .* as corpus = 'its path'"):
        prepare_rows(recipe_of(), data)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"answer": "label"}, {"loss": "triplet", "sizes": (16, 32)}])
def test_other_settings_learn_the_toy_data_too(settings: dict[str, Any]) -> None:
    """Labels by their rows; the nearest wrong text alone, at several sizes."""
    case = Case(task=TASK, settings=settings, **LEARNT)

    learns_its_toy_data_and_predicts_the_same_after_reloading(case)


@pytest.mark.slow
def test_a_run_answers_new_questions_from_what_it_kept(tmp_path: Path) -> None:
    """Without the corpus' texts, of which it has no copy; one that was changed is refused."""
    train(Case(task=TASK, **LEARNT).training(tmp_path), tmp_path)
    run = tmp_path / "run"
    (tmp_path / "new.csv").write_text("id,text\n1,about purr\n", encoding="utf-8")

    table, _ = api.predict(run, tmp_path / "new.csv")

    cats = {f"corpus-{number}" for number in (0, 6, 12, 18)}
    assert set(table["ranking"].to_list()[0][:4]) == cats
    assert pl.read_parquet(run / FOLDER / ROWS).columns == ["id"]
    pl.DataFrame({"id": ["other"]}).write_parquet(run / FOLDER / ROWS)
    with pytest.raises(ModelError, match="does not hold what the run wrote"):
        open_run(run)
