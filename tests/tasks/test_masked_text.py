"""Hidden tokens: what is drawn, what the loss is, and what becomes of the language model's head."""

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForMaskedLM, BertConfig, BertModel

from polyculture import api
from polyculture.checks.killed import Cut, cut_after
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.errors import DataError, ModelError
from polyculture.core.recipe import Recipe
from polyculture.core.run import Run
from polyculture.core.task import Context, Encoded, Example, Inventory
from polyculture.engine.answering.model import Predictor, network_of, open_run
from polyculture.engine.answering.read import LOGITS, read_rows
from polyculture.engine.batches import collated
from polyculture.engine.cost import memory
from polyculture.engine.devices.cpu import Cpu
from polyculture.nets.batch import IGNORED
from polyculture.nets.build import open_tokenizer
from polyculture.nets.reading.masks import covered, draw_masks, encode_windows
from polyculture.sources.bases.contents.pieces import learn_pieces, write_tokenizer
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find
from polyculture.tasks.masked_text import PLUGIN, MaskedText

TEXTS = (
    "one cat drinks warm milk at home",
    "小猫在家喝热牛奶",
    "two dogs chase a ball in the park",
)
REACTIONS = ("CCO.CC(=O)O>>CC(=O)OCC", "c1ccccc1Br.OB(O)c1ccccc1>>c1ccc(-c2ccccc2)cc1")
FIT = {"epochs": 2, "threads": 1, "learning_rate": 2e-3, "precision": "float32"}
NEW = {"source": "new", "kind": "transformer", "width": 32, "layers": 1}


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was chosen by timing is remembered for one test only."""
    place = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("POLYCULTURE_HOME", str(place))
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer with a mask token, and a small BERT without a language model's head."""
    return bert(tmp_path_factory.mktemp("base") / "bert")


def bert(place: Path, rows: int | None = None) -> Path:
    """A small BERT whose table of tokens has so many rows."""
    place.mkdir()
    pieces = learn_pieces([[text] for text in TEXTS], 300)
    write_tokenizer(place, pieces, longest=64, tells_pairs=True)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=rows or len(pieces),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(place)
    return place


def recipe(base: Any = NEW, **changes: Any) -> Recipe:
    """A training on toy sentences that takes a second."""
    data = {"source": "table", "train": "toy.csv"}
    table = {"name": "masks", "task": "masked_text", "base": base, "data": data, "fit": FIT}
    return Recipe.model_validate({**table, **changes})


def train(place: Path, made: Recipe | None = None, **more: Any) -> tuple[Run, Path]:
    """A finished run."""
    run, folder = api.train(made or recipe(), place, dataset=PLUGIN.toy(), **more)
    return run, folder


def context_of(base: Path, longest: int = 64, rate: float = 0.15) -> Context:
    settings = MaskedText(rate=rate)
    reader = open_tokenizer(base)
    return Context(settings=settings, inventory=Inventory(), reader=reader, longest=longest)


def rows_of(*texts: str) -> pl.DataFrame:
    return pl.DataFrame({"id": [str(n) for n in range(len(texts))], "text": list(texts)})


def opened(base: Path, **changes: Any) -> Predictor:
    """A base as it is, before any training."""
    made = recipe({"source": "folder", "path": str(base)}, **changes)
    network = network_of(base, made, Inventory()).eval()
    return Predictor(recipe=made, context=context_of(base), network=network)


def drawn(base: Path, text: str, times: int, rate: float) -> Iterator[tuple[Example, Example]]:
    """A text and what was drawn of it, again and again."""
    context = context_of(base, rate=rate)
    (example,) = encode_windows(rows_of(text), context).examples
    for seed in range(times):
        yield example, draw_masks(example, context, rate, np.random.default_rng(seed))


def test_no_token_that_stands_for_no_text_or_is_unknown_is_drawn(folder: Path) -> None:
    """Neither the ends of a text, nor a sign that the base does not know: it would be too easy."""
    reader = open_tokenizer(folder)
    for whole, example in drawn(folder, "one cat ☃ drinks milk", 200, 0.9):
        positions = example.places["positions"]
        asked = whole.inputs["input_ids"][positions]

        assert not set(asked.tolist()) & set(reader.all_special_ids)
        assert example.targets["labels"].tolist() == asked.tolist()
        rest = np.delete(example.inputs["input_ids"], positions)
        assert rest.tolist() == np.delete(whole.inputs["input_ids"], positions).tolist()


def test_most_drawn_tokens_are_hidden_some_replaced_and_some_stay(folder: Path) -> None:
    """80, 10 and 10 percent, of a share that is rounded, and one token at least."""
    mask = open_tokenizer(folder).mask_token_id
    kinds = np.zeros(2)
    total = 0
    for whole, example in drawn(folder, "two dogs chase a ball in the park", 2_000, 0.5):
        places = example.places["positions"]
        assert len(places) == round(0.5 * len(whole.places["positions"]))
        seen = example.inputs["input_ids"][places]
        kinds += [(seen == mask).sum(), (seen == example.targets["labels"]).sum()]
        total += len(places)

    np.testing.assert_allclose(kinds / total, [0.8, 0.1], atol=0.02)
    for _, example in drawn(folder, "cat", 3, 0.01):
        assert len(example.targets["labels"]) == 1


def test_long_texts_are_read_in_windows_that_lose_nothing(folder: Path) -> None:
    """Each token stands in one window, and all windows cover the text; an empty text has none."""
    text = " ".join(TEXTS) * 3
    encoded = encode_windows(rows_of("milk", text, " "), context_of(folder, longest=12))
    windows = [example for example in encoded.examples if example.row == 1]

    tokens = [t for e in windows for t in e.inputs["input_ids"][e.places["positions"]].tolist()]

    whole = open_tokenizer(folder)(text, add_special_tokens=False)["input_ids"]
    assert tokens == whole
    assert max(example.size for example in windows) == 12
    assert sum(int(e.places["covers"].sum()) for e in windows) == len(text.encode())
    assert {example.row for example in encoded.examples} == {0, 1}
    assert encoded.notes[0] == "1 of 3 texts are longer than 12 tokens and were read in windows."


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_the_tokens_of_any_tokenizer_cover_the_same_bytes(text: str) -> None:
    """Whether it cuts into letters or into bytes, of which one letter has several."""
    letters = np.arange(1, len(text) + 1)
    twice = np.repeat(letters, 2)

    for ends in (letters, twice, np.array([len(text)])):
        assert covered(text, ends).sum() == len(text.encode())
        assert (covered(text, ends) >= 0).all()


@pytest.mark.slow
def test_a_run_opens_with_transformers_alone_to_the_same_loss(tmp_path: Path) -> None:
    """Its folder is a masked language model's, with a table that is tied, as it was."""
    _, run = train(tmp_path)
    predictor = open_run(run)
    rows = PLUGIN.toy().splits["test"]

    model: Any = AutoModelForMaskedLM.from_pretrained(run / "model", dtype=torch.float32)

    ours, theirs = both_losses(predictor, model.eval(), rows)
    assert ours == pytest.approx(theirs, abs=1e-5)
    tables = model.get_input_embeddings(), model.get_output_embeddings()
    assert tables[0].weight.data_ptr() == tables[1].weight.data_ptr()
    saved = load_file(run / "model" / "model.safetensors")
    assert not any("decoder.weight" in name for name in saved), "a tied table is saved once"
    assert "BertForMaskedLM.from_pretrained" in (run / "model" / "README.md").read_text()


def both_losses(predictor: Predictor, model: Any, rows: pl.DataFrame) -> tuple[float, float]:
    """The mean loss of drawn tokens by our scores, and by transformers' class itself."""
    context, network = predictor.context, predictor.network
    encoded = encode_windows(rows, context)
    read = read_rows(network, encoded, PLUGIN, context)  # type: ignore[arg-type]
    answers = PLUGIN.decode(rows, read.rows, context)
    batch = collated(encoded, np.arange(len(encoded.examples)), PLUGIN, context)
    labels = torch.full_like(batch.inputs["input_ids"], IGNORED)
    there = batch.targets["labels"] != IGNORED
    example, _ = there.nonzero(as_tuple=True)
    labels[example, batch.places["positions"][there]] = batch.targets["labels"][there]
    with torch.no_grad():
        theirs = float(model(**batch.inputs, labels=labels).loss)
    sums = answers.select("nats", "tokens").sum().row(0)
    return float(sums[0] / sums[1]), theirs


@pytest.mark.model
@pytest.mark.parametrize("name", ["rxn-bert", "rxnmapper"])
def test_a_base_keeps_the_head_that_it_was_trained_with(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is drawn anew, the loss is that of transformers' own class, and it is a good one."""
    monkeypatch.delenv("POLYCULTURE_HOME")
    if cache.mark_of(find(name)) is None:
        pytest.skip(f"{name} is not fetched: polyculture starter fetch {name}")
    place = cache.folder_of(find(name))
    predictor = opened(place)
    model = AutoModelForMaskedLM.from_pretrained(place, dtype=torch.float32).eval()

    ours, theirs = both_losses(predictor, model, rows_of(*REACTIONS))

    assert predictor.network.untrained == ()  # type: ignore[union-attr]
    assert ours == pytest.approx(theirs, abs=1e-5)
    assert ours < math.log(591) / 2


@pytest.mark.slow
def test_a_run_is_a_base_of_the_next_recipe(tmp_path: Path) -> None:
    """A classifier is trained on its body alone; the same task goes on with its head."""
    _, run = train(tmp_path)
    base = {"source": "folder", "path": str(run / "model")}
    saved = load_file(run / "model" / "model.safetensors")

    body = AutoModel.from_pretrained(run / "model", dtype=torch.float32)
    again, _ = train(tmp_path, recipe(base, name="again", fit={"threads": 1, "epochs": 1}))
    data = parts.load("tasks", "classification").toy()
    classifier = recipe(base, name="classes", task="classification", fit={**FIT, "epochs": 1})
    other, _ = api.train(classifier, tmp_path, dataset=data)

    table = "embeddings.word_embeddings.weight"
    assert body.get_parameter(table).equal(saved[f"bert.{table}"])
    assert again.facts.lineage == other.facts.lineage == ("masks",)
    assert not any("drawn anew" in note for note in again.facts.notes)
    assert again.facts.chosen["head_learning_rate"] == again.facts.chosen["learning_rate"]
    assert any("drawn anew: bert.pooler.dense, classifier" in n for n in other.facts.notes)


@pytest.mark.slow
def test_head_only_leaves_the_base_as_it_was_and_says_what_it_costs(
    folder: Path, tmp_path: Path
) -> None:
    """The table of tokens, which the head shares, is the base's; the new head learns."""
    base = {"source": "folder", "path": str(folder)}

    run, out = train(tmp_path, recipe(base, adaptation="head_only"))

    before = load_file(folder / "model.safetensors")
    after = load_file(out / "model" / "model.safetensors")
    assert all(after[f"bert.{name}"].equal(x) for name, x in before.items() if "pooler" not in name)
    assert any("drawn anew: cls.predictions" in note for note in run.facts.notes)
    assert any(note.startswith("The frozen base runs at every step") for note in run.facts.notes)


@pytest.mark.slow
def test_a_training_that_is_cut_off_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """The masks of the steps behind a checkpoint are those that would have been drawn."""
    made = recipe(fit={**FIT, "checkpoint_seconds": 1e-6})
    _, whole = train(tmp_path / "whole", made)

    for step in (3, 11):
        with suppress(Cut):
            train(tmp_path / "cut", made, on_tick=cut_after(step))
    _, resumed = train(tmp_path / "cut", made)

    for name in ("model/model.safetensors", "predictions/test.parquet"):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.mark.slow
def test_memory_of_reading_does_not_depend_on_the_vocabulary(tmp_path: Path) -> None:
    """2,000 texts and a hundred times the vocabulary: a fixed number of logits more.

    The bound is four times the logits that a batch may hold: these, their logarithms, and as much
    again for what the allocator keeps. The smaller growth of two readings counts.
    """
    rows = rows_of(*(f"{TEXTS[number % 3]} {number}" for number in range(2_000)))
    growth, asked = {}, 0
    for size in (1_500, 150_000):
        predictor = opened(bert(tmp_path / str(size), size))
        encoded = encode_windows(rows, predictor.context)
        asked = sum(max(1, round(0.15 * len(e.places["positions"]))) for e in encoded.examples)
        growth[size] = min(growth_of_reading(predictor, encoded) for _ in range(2))

    most = 4 * LOGITS * 4 / 2**20
    assert asked * 150_000 * 4 / 2**20 > 10 * most, "all logits together are far more"
    assert growth[150_000] - growth[1_500] < most, growth


def growth_of_reading(predictor: Predictor, encoded: Encoded) -> float:
    """Megabytes that reading all examples takes at most, beside what is in use before."""
    memory.forget_peak()
    before = memory.peak_mb()
    read_rows(predictor.network, encoded, PLUGIN, predictor.context, device=Cpu(1))  # type: ignore[arg-type]
    return memory.peak_mb() - before


def test_a_row_that_nothing_is_known_of_has_no_answer_and_counts_as_guessed(folder: Path) -> None:
    """A share of its bytes at 8 bits each, so that it cannot make a score better."""
    rows, predictor = rows_of("one cat", "☃☃☃"), opened(folder)

    answers, encoded = predictor.answer(rows)
    scores = PLUGIN.score(rows, answers, predictor.context, split="test")

    assert encoded.notes == ("1 of 2 texts hold nothing that the base knows.",)
    assert answers["answer"][1] is None
    assert PLUGIN.grade(rows, answers, predictor.context)[1] == 0
    assert scores.protocol["missing_answers"] == 1
    nats = answers["nats"][0] + 0.15 * 9 * 8 * math.log(2)
    value = scores.headline().value
    assert value.kind == "known"
    assert value.number == pytest.approx(nats / math.log(2) / (answers["bytes"][0] + 0.15 * 9))


def test_a_file_is_answered_with_what_its_texts_cost(folder: Path) -> None:
    """For each text the drawn tokens, how many are recovered, and their bits a byte."""
    rows, predictor = rows_of(*TEXTS), opened(folder)
    answers, _ = predictor.answer(rows)

    table = PLUGIN.table(rows, answers, predictor.context)

    assert table.columns == ["answer", "tokens", "recovered", "bits_per_byte"]
    assert set(table["answer"]) <= {"recovered", "missed"}
    turned, _ = predictor.answer(rows.reverse())
    np.testing.assert_allclose(turned["nats"].reverse(), answers["nats"], rtol=1e-5)


def test_what_cannot_hide_tokens_is_refused(tmp_path: Path, folder: Path) -> None:
    """A tokenizer without a mask token; a decoder; word counts. Each with what to do."""
    bare = tiny_base(tmp_path / "bare", "bert", TEXTS)
    tokenizer = open_tokenizer(bare)
    tokenizer.mask_token = None
    tokenizer.save_pretrained(bare)
    with pytest.raises(ModelError, match="no mask token, so nothing can be hidden"):
        encode_windows(rows_of("milk"), context_of(bare))

    llama = tiny_base(tmp_path / "llama", "llama", TEXTS)
    with pytest.raises(ModelError, match="is a decoder, such as Llama, but the task 'masked_text'"):
        opened(llama)

    with pytest.raises(ValueError, match="'tfidf' cannot do 'masked_text'"):
        train(tmp_path, recipe({"source": "new", "kind": "tfidf"}))

    with pytest.raises(DataError, match="holds nothing that the base knows"):
        opened(folder).answer(rows_of(" "))
