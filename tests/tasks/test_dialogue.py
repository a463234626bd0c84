"""Dialogue: rows that are refused, simple replies, and a model that replies as it was trained."""

import json
from pathlib import Path

import polars as pl
import pytest

from polyculture import api
from polyculture.checks.tasks import Case
from polyculture.core import parts
from polyculture.core.errors import DataError, RowError
from polyculture.core.task import Context, Inventory, Task
from polyculture.engine.answering.model import open_run
from polyculture.engine.train import train
from polyculture.stats.rows import in_one_line
from tests.tasks.test_promises import CASES

TASK: Task = parts.load("tasks", "dialogue")
SETTINGS = TASK.settings.model_validate({})
CONTEXT = Context(settings=SETTINGS, inventory=Inventory())


def talk(*contents: str) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(contents)]


def rows_of(*talks: list[dict[str, str]]) -> pl.DataFrame:
    return pl.DataFrame({"id": [str(n) for n in range(len(talks))], "messages": [*talks]})


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        (talk("hi"), "no assistant turn that replies to another"),
        ([{"role": "assistant", "content": "hi"}], "no assistant turn that replies to another"),
        (talk("hi", "ho", "hm"), "ends with a turn of the user"),
    ],
)
def test_a_conversation_needs_a_reply_at_its_end(turns: list[dict[str, str]], told: str) -> None:
    """To learn from and to be scored on; to predict it may end anywhere."""
    rows = TASK.prepare(rows_of(talk("a", "b"), turns), "train", SETTINGS)

    with pytest.raises(RowError, match=rf"train, item '1': .*{told}"):
        TASK.learn({"train": rows}, SETTINGS)


def test_the_file_and_line_of_a_conversation_without_a_reply_are_told(tmp_path: Path) -> None:
    """By the command that trains, before a base is opened."""
    lines = [{"messages": talk("a", "b")}, {"messages": talk("a", "b", "c")}]
    text = "\n".join(map(json.dumps, lines))
    (tmp_path / "talks.jsonl").write_text(text, encoding="utf-8")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'task = "dialogue"\nbase = { source = "new", kind = "decoder" }\n[data]\n'
        'source = "jsonl"\ntrain = "talks.jsonl"\nvalid = "talks.jsonl"\n'
    )

    with pytest.raises(DataError, match=r"talks\.jsonl, line 2: .* turn of the user"):
        api.train(api.read_recipe(recipe), tmp_path / "runs")


def test_simple_methods_reply_and_rank() -> None:
    """The reply to what is most alike, and the most frequent one; both say their rank."""
    train_rows = rows_of(
        talk("do you like cats", "cats are fine"),
        talk("is it cold", "no it is warm"),
        talk("why", "no"),
        talk("when", "no"),
    )
    rows = rows_of(talk("are cats nice", "cats are good"), talk("cold today", "no it is hot"))

    similar = TASK.baselines["similar"](train_rows, rows, CONTEXT)
    unigram = TASK.baselines["unigram"](train_rows, rows, CONTEXT)

    assert similar["answer"].to_list() == ["cats are fine", "no it is warm"]
    assert similar["rank"].to_list() == [1, 1]
    assert similar["nats"].null_count() == 2
    assert unigram["answer"].to_list() == ["no", "no"]
    assert unigram["bytes"].to_list() == [13, 12]
    assert (unigram["nats"] > 0).all()
    assert TASK.grade(rows, similar, CONTEXT) == [1.0, 1.0]


def test_the_loss_of_all_replies_or_of_the_last_is_scored() -> None:
    """What is learnt is what is counted."""
    rows = rows_of(talk("a", "bb", "c", "dddd"))
    train_rows = rows_of(talk("a", "bb dddd"))
    for learns, covers in (("all", 6), ("last", 4)):
        chosen = TASK.settings.model_validate({"learns": learns})
        context = Context(settings=chosen, inventory=Inventory())
        answers = TASK.baselines["unigram"](train_rows, rows, context)

        scores = TASK.score(rows, answers, context, split="test")

        assert scores.protocol["bytes"] == covers
        assert scores.protocol["unread_bytes"] == 0
        assert scores.protocol["learns"] == learns


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on the toy data."""
    place = tmp_path_factory.mktemp("dialogue")
    train(Case(task=TASK, **CASES["dialogue"]).training(place), place)
    return place / "run"


@pytest.mark.slow
def test_a_model_replies_to_what_a_user_says_last(trained: Path) -> None:
    """Conversations that end with a user, one that ends with a reply, and a single row."""
    predictor = open_run(trained)
    open_ended = talk("what is tea like", "tea is hot 🙂", "tell me about snow")
    rows = rows_of(open_ended, talk("狗吃什么"), talk("猫吃什么", "不知道"))

    answers, _ = predictor.answer(rows)
    alone, _ = predictor.answer(rows[:1])

    assert answers["answer"].to_list() == ["snow is cold 🙂", "狗吃骨头", "猫吃鱼"]
    assert answers["nats"].to_list()[:2] == [None, None]
    assert answers["nats"][2] > 1  # what stands there is not what it expects
    assert alone["answer"].to_list() == answers["answer"].to_list()[:1]
    told = TASK.table(rows, answers, CONTEXT)
    assert told["bits_per_byte"].to_list()[:2] == [None, None]


@pytest.mark.slow
def test_a_run_answers_conversations_of_a_file(trained: Path, tmp_path: Path) -> None:
    """JSON Lines and CSV; the reply stands beside the conversation."""
    given = tmp_path / "asks.jsonl"
    given.write_text(json.dumps({"messages": talk("milk please")}), encoding="utf-8")

    table, _ = api.predict(trained, given)

    assert table["answer"].to_list() == ["milk is white 🙂"]


def test_toy_conversations_are_told_in_one_line() -> None:
    """What ``train --check`` shows of a row."""
    line = in_one_line(TASK.toy().splits["train"].head(1), TASK.columns)[0]
    assert "user: " in line
    assert "assistant: " in line
