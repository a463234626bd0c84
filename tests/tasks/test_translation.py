"""Translation is learnt, written, scored as sacreBLEU scores, and held against simple methods."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM

from polyculture.checks.tasks import Case
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.errors import ModelError, RowError
from polyculture.core.recipe import Recipe
from polyculture.core.task import Context, Form, Inventory, Task
from polyculture.core.values import Known
from polyculture.engine.answering.model import open_run
from polyculture.engine.evaluate import simple_answers
from polyculture.engine.train import train
from polyculture.nets.batch import IGNORED, Batch, Reading
from polyculture.nets.build import open_network, open_tokenizer

TASK: Task = parts.load("tasks", "translation")
TOY = TASK.toy().splits["train"]
ROWS = pl.DataFrame(
    {
        "id": ["a", "b", "c"],
        "source": ["the old house", "a bird", "no"],
        "target": ["Dom stary", "Ärger mit der Jagd", "鸟"],
    }
)
TEXTS = [*ROWS["source"], *TOY["source"], *TOY["target"]]
NEVER_SAID = 3
"""A token whose logit is 0, below others."""
ENGLISH, CHINESE = ({"unspaced": share} for share in (0.0, 1.0))


def settings(**chosen: Any) -> Any:
    return TASK.settings.model_validate(chosen)


def context_of(folder: Path, form: Form, **chosen: Any) -> Context:
    return Context(
        settings=settings(longest_answer=8, **chosen),
        inventory=Inventory(numbers=ENGLISH),
        reader=open_tokenizer(folder),
        longest=32,
        form=form,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small decoder with the head of a language model."""
    place = tiny_base(tmp_path_factory.mktemp("bases") / "llama", "llama", TEXTS)
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(place)).save_pretrained(place)
    return place


def test_a_prompt_is_read_and_the_target_alone_is_learnt(folder: Path) -> None:
    """The decoder is asked behind the prompt, once for each token of the target and its end."""
    context = context_of(folder, "decoder", prompt="English: {source}\nThis is:")
    encoded = TASK.encode(ROWS, context)

    batch = TASK.collate(encoded.examples, context)

    read = context.reader.batch_decode(
        [
            tokens[:n]
            for tokens, n in zip(batch.inputs["input_ids"], batch.places["prompt"], strict=True)
        ],
        skip_special_tokens=True,
    )
    told = [[*tokens[tokens != IGNORED].tolist()] for tokens in batch.targets["tokens"]]
    stop = context.reader.eos_token_id
    assert [text.strip() for text in read] == [f"English: {s}\nThis is:" for s in ROWS["source"]]
    assert told[0][-1] == stop
    assert context.reader.decode(told[0][:-1]).strip() == "Dom stary"
    # 8 tokens at most, and the tokenizer has seen no German
    assert encoded.protocol == {"cut_texts": 0, "cut_targets": 1}
    assert len(told[1]) == 8
    assert told[1][-1] != stop
    network = open_network(
        folder, labels=(), output="tokens", model_class=TASK.model_class["decoder"]
    ).eval()
    whole = Batch(inputs=batch.inputs)
    with torch.no_grad():
        asked, all_ = network(batch)["logits"], network(whole)["logits"]
    for row, places in enumerate(batch.places["positions"]):
        torch.testing.assert_close(asked[row], all_[row][places])
    assert batch.count == sum(len(tokens) for tokens in told)
    assert [example.size for example in encoded.examples] == [
        len(example.inputs["input_ids"]) + len(tokens)
        for example, tokens in zip(encoded.examples, told, strict=True)
    ]


def test_an_instruction_behind_a_long_source_is_read(folder: Path) -> None:
    """Where the prompt is too long, the source is cut and the rest of the prompt stays."""
    prompt = "{source} is:"
    context = context_of(folder, "decoder", prompt=prompt)
    rows = pl.DataFrame({"id": ["a", "b"], "source": ["the old house " * 30, "a bird"]})

    encoded = TASK.encode(rows, context)

    long, short = (example.inputs["input_ids"] for example in encoded.examples)
    assert encoded.protocol["cut_texts"] == 1
    assert len(long) == context.longest - context.longest_answer
    assert context.reader.decode(long).endswith(" is:")
    assert context.reader.decode(short).endswith("a bird is:")


@pytest.mark.parametrize("asked", [3, 24, 1_000])
def test_prompt_and_answer_fit_into_what_is_read_at_once(
    asked: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the source is and however long the answer may be; half is left to the source."""
    context = replace(context_of(folder, "decoder"), settings=settings(longest_answer=asked))
    rows = pl.DataFrame({"id": ["a", "b"], "source": ["a bird", "the old house " * 50]})
    network = open_network(
        folder, labels=(), output="tokens", model_class=TASK.model_class["decoder"]
    ).eval()
    batch = TASK.collate(TASK.encode(rows, context).examples, context)
    lengths: list[int] = []
    usual = network.write

    def endless(batch: Batch, search: Any, *, longest: int, stop: int) -> list[list[int]]:
        tokens = usual(batch, search, longest=longest, stop=stop)
        lengths.extend(map(len, tokens))
        return tokens

    monkeypatch.setattr(network, "write", endless)
    monkeypatch.setattr("polyculture.nets.reading.written.stop_of", lambda _: NEVER_SAID)
    model: Any = network.model
    model.generation_config.eos_token_id = None
    model.lm_head.weight.data[NEVER_SAID] = 0

    TASK.read(Reading(network, batch), context)

    assert lengths == [min(asked, context.longest // 2)] * 2
    assert max(batch.places["prompt"].tolist()) + lengths[0] <= context.longest


def test_a_search_asks_for_one_token_of_each_beam(folder: Path) -> None:
    """So many rows are answered at once, however large the vocabulary; in learning, all targets."""
    context = context_of(folder, "decoder", beams=3)

    known = TASK.encode(ROWS, context).examples
    bare = TASK.encode(ROWS.drop("target"), context).examples

    assert [example.asked for example in known] == [len(e.targets["tokens"]) for e in known]
    assert [example.asked for example in bare] == [3, 3, 3]
    for example in bare:  # an answer is about as long as what is read, but never too long
        read = len(example.inputs["input_ids"])
        assert example.size == read + min(read, context.longest_answer)


def test_a_prompt_that_leaves_no_room_for_the_source_is_refused(folder: Path) -> None:
    """Nothing of the source could be read."""
    context = context_of(folder, "decoder", prompt="{source}" + " and so on" * 30)

    with pytest.raises(ModelError, match="a prompt has 24 at most"):
        TASK.encode(ROWS, context)


def test_the_loss_is_a_sum_over_the_tokens_that_are_told(folder: Path) -> None:
    """Padding adds nothing, with label smoothing or without."""
    context = context_of(folder, "encoder_decoder", label_smoothing=0.2)
    tokens = torch.tensor([[3, 5, IGNORED], [4, IGNORED, IGNORED]])
    logits = torch.randn(2, 3, 9, generator=torch.Generator().manual_seed(1))

    found = TASK.loss({"logits": logits}, Batch(inputs={}, targets={"tokens": tokens}), context)

    one_by_one = [
        functional.cross_entropy(logits[row, place], tokens[row, place], label_smoothing=0.2)
        for row, place in ((0, 0), (0, 1), (1, 0))
    ]
    torch.testing.assert_close(found, torch.stack(one_by_one).sum())


def test_a_tokenizer_without_an_end_is_refused(folder: Path) -> None:
    """What it writes would never end."""
    context = context_of(folder, "decoder")
    context.reader.eos_token = None

    with pytest.raises(ModelError, match="no token for the end of a text"):
        TASK.encode(ROWS, context)


def test_rows_without_targets_are_told_where_targets_are_needed() -> None:
    """To predict they are fine."""
    bare = TASK.prepare(ROWS.drop("target"), "train", settings())

    with pytest.raises(RowError, match="there is no column 'target'"):
        TASK.learn({"train": bare}, settings())


def scored(gold: list[str], given: list[str | None], numbers: dict[str, float]) -> Any:
    rows = pl.DataFrame({"id": [str(n) for n in range(len(gold))], "target": gold})
    answers = rows.select("id").with_columns(pl.Series("answer", given, pl.String))
    context = Context(settings=settings(), inventory=Inventory(numbers=numbers))
    return TASK.score(rows, answers, context, split="test"), TASK.grade(rows, answers, context)


def test_scores_are_those_of_sacrebleu_and_name_its_signature() -> None:
    """A published vector of Chinese, 42.73; and one text that was not given."""
    chinese, _ = scored(["我喜欢狗。"], ["我喜欢猫。"], CHINESE)
    english, grades = scored(
        ["The dog bit the man.", "no"], ["The dog bit the man.", None], ENGLISH
    )

    first = chinese.headline()
    assert (first.name, first.value.number) == ("bleu", pytest.approx(42.73, abs=0.01))
    assert "tok:zh" in chinese.protocol["bleu"]
    assert english.protocol["bleu"] == "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0"
    assert english.protocol["chrf2"].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0")
    assert english.protocol["missing_answers"] == 1
    assert grades == [1.0, 0.0]


def test_intervals_hold_the_score() -> None:
    """Rounds of the bootstrap are sums of sentences' counts."""
    gold = [f"this is sentence number {n} of a few" for n in range(40)]
    given: list[str | None] = [
        text if n % 3 else "this is another one" for n, text in enumerate(gold)
    ]
    found, _ = scored(gold, given, ENGLISH)

    for score in found.scores:
        assert isinstance(score.value, Known)
        assert score.value.low is not None
        assert score.value.high is not None
        assert 0 < score.value.low < score.value.number < score.value.high < 100


def test_simple_methods_keep_what_they_do_not_know() -> None:
    """Signs and spaces stay in their places, and so do words that train does not have."""
    train = pl.DataFrame(
        {
            "id": ["1", "2", "3"],
            "source": ["the house", "the book", "a book"],
            "target": ["das Haus", "das Buch", "ein Buch"],
        }
    )
    rows = pl.DataFrame({"id": ["x"], "source": ["the  house, a Zebra!"]})
    context = Context(settings=settings(), inventory=Inventory(numbers=ENGLISH))

    found = {n: simple(train, rows, context)["answer"][0] for n, simple in TASK.baselines.items()}

    assert found == {"copy": "the  house, a Zebra!", "word_by_word": "das  Haus, ein Zebra!"}


@pytest.mark.slow
def test_a_decoder_learns_to_write_behind_a_prompt(folder: Path, tmp_path: Path) -> None:
    """It is trained from a folder, saved, opened again, and writes as it did."""
    case = Case(
        task=TASK,
        base={"source": "folder", "path": str(folder)},
        fit={"learning_rate": 5e-3, "epochs": 8, "max_length": 64},
        settings={"beams": 1, "longest_answer": 32, "prompt": "{source} ="},
    )

    run = train(case.training(tmp_path), tmp_path / "run", answer_simply=simple_answers)

    rows = case.splits["test"]
    again, _ = open_run(tmp_path / "run" / "run").answer(rows.drop("target"))
    saved = pl.read_parquet(tmp_path / "run" / "run" / "predictions" / "test.parquet")
    assert run.test is not None
    value = run.test.headline().value
    assert isinstance(value, Known)
    assert value.number > 50
    assert again["answer"].to_list() == saved["answer"].to_list()


def test_a_prompt_needs_a_place_for_the_source() -> None:
    """Otherwise all rows would read the same."""
    with pytest.raises(ValueError, match="source"):
        Recipe.model_validate({"task": {"kind": "translation", "prompt": "Say it"}})
