"""Summaries are read, written and scored as the task says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from polyculture.checks.tasks import Case
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.errors import DataError, RowError
from polyculture.core.task import Context, Inventory, Task
from polyculture.core.values import Known
from polyculture.engine.answering.read import read_rows
from polyculture.engine.train import train
from polyculture.nets.build import open_network, open_tokenizer

TASK: Task = parts.load("tasks", "summarization")
TOY = TASK.toy().splits["train"]
ENGLISH, CHINESE = Inventory(numbers={"ascii": 1.0}), Inventory(numbers={"ascii": 0.2})
ROWS = pl.DataFrame(
    {"id": ["a", "b"], "text": ["Ada: hi. " * 40, "Bo: no."], "summary": ["Ada greets.", "Bo."]}
)


def settings(**chosen: Any) -> Any:
    return TASK.settings.model_validate(chosen)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small decoder whose random weights are large enough for texts that differ."""
    place = tmp_path_factory.mktemp("bases") / "llama"
    tiny_base(place, "llama", [*TOY["text"], *TOY["summary"]])
    config = AutoConfig.from_pretrained(place)
    config.initializer_range = 0.5
    torch.manual_seed(1)
    AutoModelForCausalLM.from_config(config).save_pretrained(place)
    return place


def context_of(folder: Path, **chosen: Any) -> Context:
    return Context(
        settings=settings(**chosen),
        inventory=ENGLISH,
        reader=open_tokenizer(folder),
        longest=48,
        form="decoder",
    )


def test_a_text_that_is_too_long_is_counted_and_told(folder: Path) -> None:
    """What stands behind the text in the prompt is still read."""
    context = context_of(folder, longest_answer=12, prompt="{text}\nSummary:")

    encoded = TASK.encode(ROWS, context)

    assert encoded.protocol == {"cut_texts": 1, "cut_targets": 0}
    assert encoded.notes == ("1 of 2 texts were cut at 36 tokens.",)
    read = [context.reader.decode(example.inputs["input_ids"]) for example in encoded.examples]
    assert all(text.endswith("\nSummary:") for text in read)
    assert "Ada: hi. Ada: hi." in read[0]


def test_a_text_that_is_too_long_can_be_refused(folder: Path) -> None:
    """A sentence says how many there are and what to do."""
    context = context_of(folder, longest_answer=12, too_long="refuse")

    with pytest.raises(DataError, match=r"1 of 2 texts are longer .* max_length, shorten"):
        TASK.encode(ROWS, context)
    assert TASK.encode(ROWS[1:], context).protocol["cut_texts"] == 0


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("longest", [1, 7])
def test_no_summary_is_longer_than_it_may_be(beams: int, longest: int, folder: Path) -> None:
    """Whatever an untrained model would like to say."""
    context = context_of(folder, longest_answer=longest, beams=beams)

    written = tokens_written(folder, context)

    assert {len(tokens) for tokens in written} == {longest}


def test_a_summary_ends_before_its_stop(folder: Path) -> None:
    """Nothing that the model would say behind it is kept, and other rows go on."""
    context = context_of(folder, longest_answer=12, beams=1)
    free = tokens_written(folder, context)
    stop = free[0][5]

    ended = tokens_written(folder, context, stop)

    assert ended == [tokens[: tokens.index(stop)] if stop in tokens else tokens for tokens in free]
    assert len(ended[0]) < 12
    assert max(map(len, ended)) == 12


def tokens_written(folder: Path, context: Context, stop: int | None = None) -> list[list[int]]:
    """What the base writes for some toy rows, before it is a text."""
    stop = context.reader.eos_token_id if stop is None else stop
    network = open_network(
        folder, labels=(), output="tokens", model_class=TASK.model_class["decoder"]
    )
    encoded = TASK.encode(TOY.head(8).drop("summary"), context)
    with_tokens = replace(
        TASK,
        read=lambda reading, context: reading.network.write(
            reading.batch,
            context.settings,
            longest=context.longest_answer,
            stop=stop,
        ),
    )
    return read_rows(network, encoded, with_tokens, context).rows


def test_several_summaries_are_scored_by_the_best_and_the_first_is_learnt() -> None:
    """Each score by itself; a row with one summary is a row with a list of one."""
    rows = pl.DataFrame(
        {
            "id": ["a", "b"],
            "text": ["Ada: hi.", "Bo: no."],
            "summaries": [["Ada is there.", "Someone greets."], ["Bo says no."]],
        }
    )
    prepared = TASK.prepare(rows, "test", settings())
    context = Context(settings=settings(), inventory=ENGLISH)
    answers = pl.DataFrame({"id": ["a", "b"], "answer": ["Someone greets.", "no"]})

    assert prepared["summary"].to_list() == ["Ada is there.", "Bo says no."]
    assert TASK.gold(prepared, settings()) == ["Ada is there.", "Bo says no."]
    assert TASK.grade(prepared, answers, context) == [1.0, 0.5]
    scores = TASK.score(prepared, answers, context, split="test")
    assert scores.protocol["references"] == "1 to 2"
    value = scores.headline().value
    assert isinstance(value, Known)
    assert value.number == 0.75


@pytest.mark.parametrize("summaries", [[], [" "]])
def test_an_empty_list_of_summaries_is_refused(summaries: list[str]) -> None:
    """Nothing could be right."""
    rows = pl.DataFrame({"id": ["a"], "text": ["x"], "summaries": [summaries]})

    with pytest.raises(RowError, match="test, item 'a': 'summaries' is empty"):
        TASK.prepare(rows.cast({"summaries": pl.List(pl.String)}), "test", settings())


def test_rows_without_summaries_are_told_where_they_are_needed() -> None:
    """To predict they are fine."""
    bare = TASK.prepare(ROWS.drop("summary"), "train", settings())

    with pytest.raises(RowError, match="there is no column 'summary'"):
        TASK.learn({"train": bare}, settings())


@pytest.mark.parametrize(
    ("inventory", "tokenize", "expected"),
    [
        (ENGLISH, "auto", 0.0),
        (CHINESE, "auto", 10 / 12),
        (CHINESE, "stemmed", 0.0),
        (ENGLISH, "words", 10 / 12),
    ],
)
def test_the_tokenizer_follows_the_letters_of_the_summaries(
    inventory: Inventory, tokenize: str, expected: float
) -> None:
    """ROUGE's own drops all but English letters."""
    rows = pl.DataFrame({"id": ["a"], "text": ["今天"], "summary": ["今天天气很好"]})
    answers = pl.DataFrame({"id": ["a"], "answer": ["今天天气不好"]})
    context = Context(settings=settings(tokenize=tokenize), inventory=inventory)

    assert TASK.grade(rows, answers, context) == [pytest.approx(expected)]
    protocol = TASK.score(rows, answers, context, split="test").protocol
    assert ("any script" in str(protocol["tokens"])) is (expected > 0)


def test_letters_are_counted() -> None:
    """Signs and digits say nothing about a language."""
    rows = ROWS.with_columns(summary=pl.Series(["ab 12!", "中é"]))

    assert TASK.learn({"train": rows}, settings()).numbers == {"ascii": 0.5}


def test_the_first_three_sentences_or_turns() -> None:
    """Whatever the text is."""
    rows = pl.DataFrame(
        {"id": ["a", "b", "c"], "text": ["One. Two. Three. Four.", "A: 1\nB: 2\nA: 3\nB: 4", "好"]}
    )
    context = Context(settings=settings(), inventory=ENGLISH)

    found = TASK.baselines["lead_3"](rows, rows, context)["answer"].to_list()

    assert found == ["One.\nTwo.\nThree.", "A: 1\nB: 2\nA: 3", "好"]


@pytest.mark.slow
def test_a_decoder_learns_to_summarize(folder: Path, tmp_path: Path) -> None:
    """It is surely better than the first three turns."""
    case = Case(
        task=TASK,
        base={"source": "folder", "path": str(folder)},
        fit={"learning_rate": 5e-3, "epochs": 8, "max_length": 64},
        settings={"beams": 1, "longest_answer": 16},
    )

    run = train(case.training(tmp_path), tmp_path / "run")

    assert run.test is not None
    reached, lead = run.test.headline().value, run.baselines[0].scores.headline().value
    assert isinstance(reached, Known)
    assert isinstance(lead, Known)
    assert reached.number > lead.number
