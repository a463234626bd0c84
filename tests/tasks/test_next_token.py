"""Next tokens: each is asked once, what is learnt from loses nothing, and bits are the text's."""

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from transformers import PreTrainedTokenizerFast as Fast

from polyculture import api
from polyculture.checks.killed import Cut, cut_after
from polyculture.checks.tasks import Case
from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import DataError, ModelError
from polyculture.core.recipe import Recipe
from polyculture.core.run import Run
from polyculture.core.task import Context, Encoded, Example, Inventory
from polyculture.engine.answering.model import Predictor, network_of, open_run
from polyculture.engine.answering.read import read_rows
from polyculture.engine.choices.automatic import budget_of
from polyculture.engine.opened import open_base
from polyculture.nets.build import open_tokenizer
from polyculture.nets.reading.next_tokens import encode_next, pack, tokenizer_digest
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find
from polyculture.tasks.next_token import KNOWN, PLUGIN, NextToken

TEXTS = ("one cat drinks warm milk at home", "小猫在家喝热牛奶", "two dogs chase a ball 😀 ")
NEW = {"source": "new", "kind": "decoder", "width": 32, "layers": 1, "vocabulary": 300}
FIT = {"epochs": 2, "threads": 1, "learning_rate": 2e-3, "precision": "float32"}


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was chosen by timing is remembered for one test only."""
    place = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("POLYCULTURE_HOME", str(place))
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama whose tokenizer has a first and a last token."""
    return tiny_base(tmp_path_factory.mktemp("base") / "llama", "llama", TEXTS)


def recipe(base: Any = NEW, **changes: Any) -> Recipe:
    """A training on toy stories that takes a second."""
    data = {"source": "table", "train": "toy.csv"}
    table = {"name": "next", "task": "next_token", "base": base, "data": data, "fit": FIT}
    return Recipe.model_validate({**table, **changes})


def train(place: Path, made: Recipe | None = None, **more: Any) -> tuple[Run, Path]:
    """A finished run."""
    run, folder = api.train(made or recipe(), place, dataset=PLUGIN.toy(), **more)
    return run, folder


def context_of(base: Path, longest: int = 64, known: float = 3.0, **settings: Any) -> Context:
    return Context(
        settings=NextToken(**settings),
        inventory=Inventory(numbers={KNOWN: known}),
        reader=open_tokenizer(base),
        longest=longest,
        form="decoder",
    )


def rows_of(*texts: str) -> pl.DataFrame:
    return pl.DataFrame({"id": [str(n) for n in range(len(texts))], "text": list(texts)})


def opened(base: Path, longest: int = 64) -> Predictor:
    """A base as it is, before any training."""
    made = recipe({"source": "folder", "path": str(base)})
    network = network_of(base, made, Inventory()).eval()
    return Predictor(recipe=made, context=context_of(base, longest), network=network)


def labels(examples: Sequence[Example]) -> list[int]:
    return [int(token) for example in examples for token in example.targets["labels"]]


def packed(encoded: Encoded, context: Context, *, joined: bool, seed: int = 1) -> list[Example]:
    rng = np.random.default_rng(seed)
    return [*pack(encoded, context, rng, joined=joined).examples]


@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.9])
def test_each_token_is_asked_once_and_behind_context(folder: Path, overlap: float) -> None:
    """Windows repeat what stands before them; an empty text has none; no byte is lost."""
    context, text = context_of(folder, longest=13), " ".join(TEXTS) * 3
    encoded = encode_next(rows_of("milk", text, ""), context, overlap=overlap)
    windows = [example for example in encoded.examples if example.row == 1]
    whole = context.reader(text, add_special_tokens=False)["input_ids"]

    assert labels(windows) == whole
    assert sum(int(e.places["covers"].sum()) for e in windows) == len(text.encode())
    repeated = int(overlap * 12)
    read = [context.reader.bos_token_id, *whole]
    asked = 0
    for window in windows:
        tokens, positions = window.inputs["input_ids"].tolist(), window.places["positions"]
        begin = asked - int(positions[0])
        assert tokens == read[begin : begin + len(tokens)]
        assert positions[0] == min(asked, repeated)
        asked += len(positions)
    assert max(example.size for example in windows) == 12
    assert {example.row for example in encoded.examples} == {0, 1}
    assert encoded.notes[0] == "1 of 3 texts are longer than 12 tokens and were read in windows."


def test_texts_may_begin_with_another_token(folder: Path) -> None:
    """What it was pre-trained with; one that there is not is refused with those that there are."""
    named, usual = (context_of(folder, begins_with=name) for name in ("<pad>", ""))
    encoded = encode_next(rows_of("milk"), named, overlap=0.5)

    assert encoded.examples[0].inputs["input_ids"][0] == named.reader.pad_token_id
    assert encoded.protocol["begins_with"] == "<pad>"
    assert packed(encoded, named, joined=True)[0].inputs["input_ids"][0] == 1
    assert encode_next(rows_of("milk"), usual, overlap=0.5).protocol["begins_with"] == "<s>"
    with pytest.raises(ModelError, match=r"no token '<x>' \(begins_with\).*'<s>', '</s>', '<pad>'"):
        encode_next(rows_of("milk"), context_of(folder, begins_with="<x>"), overlap=0.5)


@settings(max_examples=40)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_is_asked_of_a_text_covers_all_its_bytes(folder: Path, text: str) -> None:
    """Spaces at its ends too, in any script, so that bits a byte are those of the text."""
    encoded = encode_next(rows_of(text), context_of(folder), overlap=0.5)

    asked = sum(int(example.places["covers"].sum()) for example in encoded.examples)
    assert asked == (len(text.encode()) if encoded.examples else 0)
    assert bool(encoded.examples) == bool(text)


def test_a_text_that_spells_the_end_of_a_text_does_not_end(folder: Path) -> None:
    """Its tokens are those of any other text."""
    context = context_of(folder)
    (example,) = encode_next(rows_of("a</s>b<s>"), context, overlap=0.5).examples

    assert not set(labels([example])) & set(context.reader.all_special_ids)


def test_texts_apart_are_learnt_from_whole_with_their_ends(folder: Path) -> None:
    """Every token once, and the last token of each text asks for its end."""
    context = context_of(folder, longest=12)
    encoded = encode_next(rows_of(*TEXTS), context, overlap=0.5)

    examples = packed(encoded, context, joined=False)

    for row, text in enumerate(TEXTS):
        tokens = context.reader(text, add_special_tokens=False)["input_ids"]
        mine = [example for example in examples if example.row == row]
        assert labels(mine) == [*tokens, context.reader.eos_token_id]
        assert mine[0].inputs["input_ids"][0] == context.reader.bos_token_id
        assert max(example.size for example in mine) <= 12


def test_joined_texts_fill_blocks_and_lose_nothing(folder: Path) -> None:
    """Of one size but for the last; each token once; the order follows the seed alone."""
    context = context_of(folder, longest=12)
    encoded = encode_next(rows_of(*TEXTS), context, overlap=0.5)
    begin, end = context.reader.bos_token_id, context.reader.eos_token_id

    examples, again = (packed(encoded, context, joined=True) for _ in range(2))

    stream = [begin, *labels(examples)]
    texts = [context.reader(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    ends = np.flatnonzero(np.array(stream) == end) + 1
    parts = [part.tolist() for part in np.split(np.array(stream), ends[:-1])]
    assert sorted(parts) == sorted([begin, *text, end] for text in texts)
    assert [example.size for example in examples[:-1]] == [12] * (len(examples) - 1)
    read = [int(token) for example in examples for token in example.inputs["input_ids"]]
    assert read == stream[:-1]
    assert labels(again) == labels(examples)
    orders = {tuple(labels(packed(encoded, context, joined=True, seed=n))) for n in range(9)}
    assert len(orders) > 1


@pytest.mark.slow
def test_texts_apart_cost_what_they_cost_alone(folder: Path) -> None:
    """The loss that is learnt from is the loss that is scored, and that of the ends."""
    predictor = opened(folder)
    context, network = predictor.context, predictor.network
    encoded = encode_next(rows_of(*TEXTS), context, overlap=0.5)
    learnt = Encoded(examples=packed(encoded, context, joined=False), rows=len(TEXTS))

    alone = read_rows(network, encoded, PLUGIN, context).rows  # type: ignore[arg-type]
    with_ends = read_rows(network, learnt, PLUGIN, context).rows  # type: ignore[arg-type]

    for scored, trained in zip(alone, with_ends, strict=True):
        assert trained[1] == scored[1] + 1
        assert trained[0] > scored[0]
    assert sum(row[0] for row in with_ends) - sum(row[0] for row in alone) < len(TEXTS) * 20


@pytest.mark.slow
@pytest.mark.parametrize("documents", ["apart", "joined"])
def test_a_run_opens_with_transformers_alone_to_the_same_bits(
    documents: str, tmp_path: Path
) -> None:
    """What a text costs is the loss of transformers' own class, and nothing is drawn anew."""
    run, out = train(tmp_path, recipe(task={"kind": "next_token", "documents": documents}))
    predictor, rows = open_run(out), PLUGIN.toy().splits["test"].head(5)
    model: Any = AutoModelForCausalLM.from_pretrained(out / "model", dtype=torch.float32).eval()

    answers, _ = predictor.answer(rows)

    for text, nats in zip(rows["text"], answers["nats"], strict=True):
        assert nats == pytest.approx(cost(model, predictor.context, text), abs=1e-3)
    assert answers["bytes"].to_list() == [len(text.encode()) for text in rows["text"]]
    assert not any("drawn anew" in note for note in run.facts.notes)
    assert any("joined to" in note for note in run.facts.notes) == (documents == "joined")
    assert run.test is not None
    assert run.test.protocol["learnt"] == f"documents {documents}"
    assert run.test.protocol["tokenizer"] == tokenizer_digest(open_tokenizer(out / "model"))
    assert "tokenizer" not in run.baselines[0].scores.protocol


def cost(model: Any, context: Context, text: str) -> float:
    """The summed loss of a text behind its first token, by transformers' class itself."""
    first = context.reader.bos_token_id
    begin = context.reader.eos_token_id if first is None else first
    tokens = [begin, *context.reader(text, add_special_tokens=False)["input_ids"]]
    with torch.no_grad():
        found = model(torch.tensor([tokens]), labels=torch.tensor([tokens]))
    return float(found.loss) * (len(tokens) - 1)


@pytest.mark.model
def test_the_starter_costs_what_transformers_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """SmolLM2 with its own head; English is far below blind guessing."""
    monkeypatch.delenv("POLYCULTURE_HOME")
    if cache.mark_of(find("smollm2-135m")) is None:
        pytest.skip("smollm2-135m is not fetched: polyculture starter fetch smollm2-135m")
    place = cache.folder_of(find("smollm2-135m"))
    predictor, text = opened(place), "The capital of France is Paris, and its river is the Seine."
    model: Any = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32).eval()

    answers, _ = predictor.answer(rows_of(text))

    assert answers["nats"][0] == pytest.approx(cost(model, predictor.context, text), rel=1e-4)
    assert answers["nats"][0] / math.log(2) / answers["bytes"][0] < 1.5


@pytest.mark.slow
def test_a_training_that_is_cut_off_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """Joined documents come in the order in which they came before."""
    made = recipe(
        task={"kind": "next_token", "documents": "joined"},
        fit={**FIT, "epochs": 1, "checkpoint_seconds": 1e-6},
    )
    _, whole = train(tmp_path / "whole", made)

    for step in (2, 4):
        with suppress(Cut):
            train(tmp_path / "cut", made, on_tick=cut_after(step))
    _, resumed = train(tmp_path / "cut", made)

    for name in ("model/model.safetensors", "predictions/test.parquet"):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.mark.slow
@pytest.mark.parametrize(("adaptation", "more"), [("low_rank", {}), ("last_layers", {"blocks": 1})])
def test_a_base_is_continued_in_part(
    adaptation: str, more: dict[str, int], folder: Path, tmp_path: Path
) -> None:
    """Its head is the table of tokens and stays; the blocks of documents can be read in advance."""
    base = {"source": "folder", "path": str(folder)}
    task = {"kind": "next_token", "documents": "joined"}

    run, _ = train(tmp_path, recipe(base, adaptation={"kind": adaptation, **more}, task=task))

    assert run.test is not None
    assert run.facts.trained_parameters < run.facts.parameters


def word_pieces(place: Path) -> Path:
    """A decoder that does not know every sign."""
    pieces = {"[PAD]": 0, "[UNK]": 1, "[END]": 2, "cat": 3, "milk": 4}
    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]"))  # noqa: S106  # a piece
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "eos_token": "[END]"}
    Fast(tokenizer_object=tokenizer, model_max_length=32, **names).save_pretrained(place)
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=8, intermediate_size=32, pad_token_id=0, **sizes)
    LlamaForCausalLM(config).save_pretrained(place)
    return place


def test_what_a_base_does_not_know_is_spelled_at_8_bits_a_byte(tmp_path: Path) -> None:
    """An unknown piece would be cheap for any text; it is never recovered, and counted."""
    predictor = opened(word_pieces(tmp_path / "base"))

    answers, encoded = predictor.answer(rows_of("cat 牛奶", "cat milk"))

    assert encoded.protocol["unknown_tokens"] == 1
    assert answers.select("tokens", "bytes").rows() == [(2, 10), (2, 8)]
    spelled, known = answers["nats"]
    assert known < 4 * math.log(8)  # two tokens of eight, about equally likely
    assert 0 < spelled - 7 * 8 * math.log(2) < 4 * math.log(8)


def test_a_text_without_a_token_counts_as_guessed(folder: Path) -> None:
    """Blindly, at 8 bits a byte; perplexity of words is that of the words of its text."""
    rows, predictor = rows_of("one cat", "two dogs"), opened(folder)
    answers, _ = predictor.answer(rows)
    gone = pl.concat([answers.head(1), answers.tail(1).select("id")], how="diagonal")

    scores = PLUGIN.score(rows, gone, predictor.context, split="test")

    nats = answers["nats"][0] + 8 * 8 * math.log(2)
    values = {score.name: getattr(score.value, "number", None) for score in scores.scores}
    assert scores.protocol["missing_answers"] == 1
    assert values["bits_per_byte"] == pytest.approx(nats / math.log(2) / 15)
    assert values["word_perplexity"] == pytest.approx(math.exp(nats / 4))
    assert PLUGIN.grade(rows, gone, predictor.context)[1] == 0


def test_a_text_is_expected_where_it_costs_less_than_trigrams_need(folder: Path) -> None:
    """By the training texts, whose order changes nothing."""
    rows = rows_of("ab", "cd")
    figures = [(1.9 * 2 * math.log(2), 1, 2, 0), (2.1 * 2 * math.log(2), 1, 2, 0)]

    answers = PLUGIN.decode(rows, figures, context_of(folder, known=2.0))

    assert answers["answer"].to_list() == ["expected", "surprising"]
    train_ = {"train": rows_of(*TEXTS)}
    bits = PLUGIN.learn(train_, NextToken()).numbers[KNOWN]
    assert 0 < bits < 8
    assert PLUGIN.learn({"train": rows_of(*TEXTS[::-1])}, NextToken()).numbers[KNOWN] == bits
    with pytest.raises(DataError, match="every text is empty"):
        PLUGIN.learn({"train": rows_of("", "")}, NextToken())


def test_bases_that_cannot_tell_the_next_token_are_refused(tmp_path: Path) -> None:
    """An encoder; a tokenizer whose texts do not end. Each with what to do."""
    with pytest.raises(ValueError, match="'transformer' cannot do 'next_token'"):
        recipe({"source": "new", "kind": "transformer"})

    bert = tiny_base(tmp_path / "bert", "bert", TEXTS)
    with pytest.raises(ModelError, match="is an encoder, such as BERT, but the task 'next_token'"):
        opened(bert)
    with pytest.raises(ModelError, match="no token for the end of a text"):
        encode_next(rows_of("milk"), context_of(bert), overlap=0.5)

    with pytest.raises(DataError, match="holds nothing that the base knows"):
        opened(tiny_base(tmp_path / "llama", "llama", TEXTS)).answer(rows_of(""))


@pytest.mark.slow
def test_the_logits_of_a_batch_fit_into_memory(folder: Path, tmp_path: Path) -> None:
    """Of a vocabulary of 200,000 some 671 tokens; of a small one as many as anywhere."""
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.resize_token_embeddings(200_000, mean_resizing=False)
    model.save_pretrained(tmp_path / "large")
    open_tokenizer(folder).save_pretrained(tmp_path / "large")

    small, large = (budget_of_many_rows(base) for base in (folder, tmp_path / "large"))

    assert small > large == 2**27 // 200_000


def budget_of_many_rows(base: Path) -> int:
    case = Case(task=PLUGIN, base={"source": "folder", "path": str(base)})
    training = case.training(base.with_name(f"{base.name}-work"))
    opened_ = open_base(training)
    return budget_of(training, opened_, opened_.encode(training, "train"), 100_000)
