"""Questions are answered with pieces of their context, or with none."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture import api
from polyculture.checks.killed import Cut, cut_after
from polyculture.checks.tasks import Case
from polyculture.core import parts
from polyculture.core.errors import RowError
from polyculture.core.recipe import Recipe
from polyculture.core.task import Context, Inventory, Task
from polyculture.core.values import Known
from polyculture.engine.answering.model import open_run
from polyculture.engine.answering.shown_rows import shown_rows
from polyculture.engine.opened import open_base
from polyculture.stats.texts.extract_scores import NONE
from polyculture.store.runs import read_run

TASK: Task = parts.load("tasks", "answers")
HERE = Path(__file__).parent
BY_HAND = TASK.prepare(pl.read_ndjson(HERE / "questions.jsonl"), "by hand", TASK.settings())
SOME_WITHOUT = {"without_answer": 0.3, "unspaced": 0.0}
ALL_WITH = {"without_answer": 0.0, "unspaced": 0.0}


def context_of(
    numbers: dict[str, float], settled: Mapping[str, float] | None = None, **settings: Any
) -> Context:
    inventory = Inventory(numbers=numbers, settled=dict(settled or {}))
    return Context(settings=TASK.settings(**settings), inventory=inventory)


def values_of(rows: pl.DataFrame, *margins: float) -> list[Any]:
    """What a perfect reader says of pieces; of rows without an answer it finds the first sign."""
    spans = [
        (a[0]["start"], a[0]["start"] + len(a[0]["text"])) if a else (0, 1)
        for a in rows["answers"].to_list()
    ]
    return [(*span, 0.5, m, 0.2) for span, m in zip(spans, margins, strict=True)]


def number_of(scores: Any, name: str) -> float:
    (value,) = [score.value for score in scores.scores if score.name == name]
    assert isinstance(value, Known)
    return value.number


def test_no_answer_is_given_above_the_threshold_alone() -> None:
    """Where every training row has an answer, every row is answered."""
    rows = BY_HAND.head(4)
    values = values_of(rows, -1, 1, 3, 5)

    def answered(
        numbers: dict[str, float], settled: Mapping[str, float] | None = None, **settings: Any
    ) -> list[bool]:
        table = TASK.decode(rows, values, context_of(numbers, settled, **settings))
        assert table["start"].is_null().to_list() == (table["answer"] == NONE).to_list()
        return (table["answer"] != NONE).to_list()

    assert answered(ALL_WITH) == [True] * 4
    assert answered(SOME_WITHOUT) == [True, False, False, False]
    assert answered(SOME_WITHOUT, {"threshold": 4.0}) == [True, True, True, False]
    assert answered(SOME_WITHOUT, {"threshold": 4.0}, threshold=2.0) == [True, True, False, False]
    assert answered(ALL_WITH, threshold=2.0) == [True, True, False, False]


def test_the_threshold_is_chosen_by_the_validation_rows_and_told() -> None:
    """In the middle between the last row that is answered and the first that is not."""
    rows = BY_HAND.head(4)  # the fourth has no answer
    values, context = values_of(rows, -1, 1, 3, 5), context_of(SOME_WITHOUT)
    assert TASK.settle is not None

    chosen = TASK.settle(rows, values, context)

    assert chosen == {"threshold": 4.0}
    assert TASK.settle(rows.head(3), values[:3], context) == {"threshold": 0.0}
    assert TASK.settle(rows, values, context_of(SOME_WITHOUT, threshold=1.0)) == {}
    assert TASK.settle(rows, values, context_of(ALL_WITH)) == {}
    settled = context_of(SOME_WITHOUT, chosen)
    answers = TASK.decode(rows, values, settled)
    assert TASK.score(rows, answers, settled, split="test").protocol["threshold"] == 4.0


def test_rows_with_and_without_an_answer_are_scored_apart() -> None:
    """And the best threshold on these very rows is named in-sample; a row not given is wrong."""
    rows, context = BY_HAND.head(4), context_of(SOME_WITHOUT)
    values = values_of(rows, -1, 1, 3, -1)
    answers = TASK.decode(rows, [None, values[1], None, values[3]], context)

    scores = TASK.score(rows, answers, context, split="test")

    assert scores.protocol["scorer"] == "squad 2.0"
    assert scores.protocol["missing_answers"] == 2
    assert number_of(scores, "no_answer_accuracy") == number_of(scores, "has_answer_f1") == 0
    (table,) = scores.tables
    assert "in-sample" in table.title
    assert all("in-sample" in str(row["label"]) for row in table.rows)


def test_sets_without_such_rows_are_scored_by_the_first_version() -> None:
    """No figure of questions without an answer, and no threshold."""
    rows = BY_HAND.head(3)
    context = context_of(ALL_WITH)
    answers = TASK.decode(rows, values_of(rows, 1, 1, 1), context)

    scores = TASK.score(rows, answers, context, split="test")

    assert {score.name for score in scores.scores} == {"f1", "exact_match"}
    assert scores.protocol["scorer"] == "squad 1.1"
    assert "threshold" not in scores.protocol
    assert not scores.tables
    assert (number_of(scores, "f1"), number_of(scores, "exact_match")) == (1, 1)


@pytest.mark.parametrize(
    ("share", "wanted", "scorer"),
    [
        (0.2, "auto", "squad 1.1"),
        (0.9, "auto", "cmrc2018"),
        (0.9, "words", "squad 1.1"),
        (0.2, "characters", "cmrc2018"),
    ],
)
def test_the_scorer_follows_the_script_of_the_answers(
    share: float, wanted: str, scorer: str
) -> None:
    """Or the setting; 石匠陈德山 for 陈德山 is half right by characters, and wrong by words."""
    rows = BY_HAND.filter(pl.col("id") == "zh-07")
    context = context_of({"without_answer": 0.0, "unspaced": share}, scorer=wanted)
    start = rows["context"][0].index("匠陈")
    answers = TASK.decode(rows, [(start, start + 4, 1.0, 0.0, 0.0)], context)

    scores = TASK.score(rows, answers, context, split="test")

    assert scores.protocol["scorer"] == scorer
    assert TASK.grade(rows, answers, context)[0] == (8 / 9 if scorer == "cmrc2018" else 0)


@pytest.mark.parametrize(
    ("gold", "answer", "f1"),
    [
        ("さくら", "さくらまつり", 6 / 9),
        ("กรุงเทพ", "กรุงเทพมหานคร", 12 / 18),
        ("ソニー株式会社", "ソニー", 6 / 10),
    ],
)
def test_other_scripts_without_spaces_are_scored_by_their_characters(
    gold: str, answer: str, f1: float
) -> None:
    """A mark stays with its letter: กรุงเทพ has six of them."""
    row = {"id": "a", "question": "?", "context": answer + gold}
    rows = pl.DataFrame([{**row, "answers": [{"text": gold, "start": len(answer)}]}])
    context = context_of(dict(TASK.learn({"train": rows}, TASK.settings()).numbers))
    answers = TASK.decode(rows, [(0, len(answer), 1.0, 0.0, 0.0)], context)

    scores = TASK.score(rows, answers, context, split="test")

    assert scores.protocol["scorer"] == "cmrc2018 by the characters of any script"
    assert TASK.grade(rows, answers, context) == pytest.approx([f1])


def test_what_has_no_answer_at_all_teaches_nothing() -> None:
    """One sentence says so."""
    rows = BY_HAND.filter(pl.col("answers").list.len() == 0)

    with pytest.raises(RowError, match=r"no question has an answer.*Give some that have"):
        TASK.learn({"train": rows}, TASK.settings())


def test_simple_methods_find_sentences_and_decline_where_that_is_best() -> None:
    """Every answer of theirs is a piece of its context."""
    context = context_of(TASK.learn({"train": BY_HAND}, TASK.settings()).numbers)
    answered = {name: made(BY_HAND, BY_HAND, context) for name, made in TASK.baselines.items()}

    assert set(answered["majority"]["answer"]) == {NONE}
    overlap = answered["word_overlap"]
    for text, (start, end, answer) in zip(
        BY_HAND["context"], overlap.select("start", "end", "answer").iter_rows(), strict=True
    ):
        assert text[start:end] == answer
    grades = TASK.grade(BY_HAND, overlap, context)
    assert 0.05 < sum(grades) / len(grades) < 0.6
    with_answer = BY_HAND.filter(pl.col("answers").list.len() > 0)
    first = TASK.baselines["majority"](with_answer, with_answer, context_of(ALL_WITH))
    assert set(first["start"]) == {0}


def test_a_model_sees_where_an_answer_starts_and_ends(tmp_path: Path) -> None:
    """As ``train --check --show`` prints it."""
    case = Case(task=TASK)
    context = open_base(case.training(tmp_path)).context
    rows = case.splits["train"].filter(pl.col("answers").list.len() > 0).head(1)

    (shown,) = shown_rows(rows, TASK, context)

    first, last = (target.partition(" → ")[2] for target in shown.targets)
    assert [target.partition(" → ")[0] for target in shown.targets] == ["start", "end"]
    answer = rows["answers"][0][0]["text"].lower().replace(" ", "")
    assert answer.startswith(first)
    assert answer.endswith(last.removeprefix("##"))


def recipe_of(folder: Path) -> Recipe:
    for split, rows in TASK.toy().splits.items():
        rows.write_ndjson(folder / f"{split}.jsonl")
    return Recipe.model_validate(
        {
            "name": "notes",
            "task": "answers",
            "base": {"source": "new", "kind": "transformer", "width": 64},
            "data": {
                "source": "jsonl",
                **{split: folder / f"{split}.jsonl" for split in ("train", "valid", "test")},
            },
            "fit": {
                "learning_rate": 2e-3,
                "epochs": 14,
                "patience": 14,
                "threads": 1,
                "precision": "float32",
            },
        }
    )


@pytest.mark.slow
def test_a_training_that_was_cut_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threshold too, which is chosen last; and files without gold are answered."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    recipe = recipe_of(tmp_path)
    quick = recipe.model_copy(
        update={"fit": recipe.fit.model_copy(update={"checkpoint_seconds": 1e-6})}
    )
    with pytest.raises(Cut):
        api.train(quick, tmp_path / "cut", on_tick=cut_after(30))

    resumed, folder = api.train(quick, tmp_path / "cut")
    whole, other = api.train(quick, tmp_path / "whole")

    assert resumed.inventory == whole.inventory == read_run(folder).inventory
    assert "threshold" in resumed.inventory.settled
    for name in ("model/model.safetensors", "predictions/test.parquet"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()
    saved = pl.read_parquet(folder / "predictions" / "test.parquet")
    assert set(saved.columns) >= {"answer", "start", "end", "score", "piece", "margin", "gold"}
    bare = tmp_path / "new.jsonl"
    asked = [{"question": "where?", "context": "note : Ada Berg in Rome ."}]
    bare.write_text("\n".join(json.dumps(row) for row in asked), encoding="utf-8")
    table, _ = api.predict(folder, bare)
    (row,) = table.to_dicts()
    assert row["answer"] == row["context"][row["start"] : row["end"]] == "Rome"
    assert 0 < row["score"] <= 1
    assert open_run(folder).context.inventory == whole.inventory
