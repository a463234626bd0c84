"""Sources of bases keep their promises; nothing that could run code is opened."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from polyculture.checks.sources import BASE_CHECKS, BaseCheck, refuses_in_one_sentence
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.errors import ModelError
from polyculture.core.plugins import Base, BaseSource
from polyculture.core.recipe import Recipe
from polyculture.nets.build import form_of, open_tokenizer
from polyculture.sources.bases.contents.byte_pieces import learn_byte_pieces, write_byte_pieces

TEXTS = (
    [["A good film, well made."], ["今天天气很好"], ["A dull film 2 much!"]] * 20,
    [["EU", "rejects", "German", "call"], ["他", "来", "了"], ["Bonn", "waits", "."]] * 20,
)

KINDS = ("transformer", "decoder", "encoder_decoder", "convolutional", "tfidf")


def source_of(name: str) -> BaseSource:
    source: BaseSource = parts.load("sources.bases", name)
    return source


def opened(name: str, work: Path, **settings: Any) -> Base:
    source = source_of(name)
    texts = settings.pop("texts", TEXTS[0])
    seed = settings.pop("seed", 1)
    return source.open(source.settings.model_validate(settings), texts, work, seed)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A small random BERT of one's own."""
    return tiny_base(tmp_path / "mine", "bert", [text for (text,) in TEXTS[0]])


@pytest.mark.parametrize("check", BASE_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("texts", TEXTS, ids=["texts", "words"])
def test_promises_of_new_bases(check: BaseCheck, kind: str, texts: Any) -> None:
    """Whatever is made from nothing, from texts with and without spaces, or from words."""
    source = source_of("new")
    small = {} if kind == "tfidf" else {"width": 32, "layers": 1, "vocabulary": 300}

    check(source, source.settings.model_validate({"kind": kind, **small}), texts)


@pytest.mark.parametrize("check", BASE_CHECKS, ids=lambda check: check.__name__)
def test_promises_of_a_folder(check: BaseCheck, tiny: Path) -> None:
    """A plain Hugging Face folder is a base."""
    source = source_of("folder")

    check(source, source.settings.model_validate({"path": tiny}), ())


def test_the_same_texts_give_the_same_pieces_in_another_process() -> None:
    """A tokenizer's pieces do not depend on the order of a hash table."""
    program = (
        "from polyculture.sources.bases.contents.pieces import learn_pieces;"
        "texts = [[f'{a}{b} lower lowest {b}{a} is{a}'] for a in 'abcdefgh' for b in 'xyz'];"
        "print(learn_pieces(texts, 300))"
    )
    told = {
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
        for _ in range(4)
    }

    assert len(told) == 1


def test_byte_pieces_give_back_every_text_and_are_the_same_each_time(tmp_path: Path) -> None:
    """Capitals, accents, spaces, signs and scripts that the texts do not hold, among them."""
    texts = [[f"{a}{b} Lower lowest {b}{a} is{a}", "今天天气很好"] for a in "abcdef" for b in "xyz"]
    first, second = (learn_byte_pieces(texts, 400) for _ in range(2))
    write_byte_pieces(tmp_path, first, longest=64)
    tokenizer = open_tokenizer(tmp_path)

    assert first.to_str() == second.to_str()
    for text in ("Ärger mit  Bären, oder?", "今天 lowest。", "नमस्ते 😀", "a", "don't [PAD] </s"):
        assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text


def test_a_decoder_from_nothing_reads_and_writes_with_one_table(tmp_path: Path) -> None:
    """It opens as the language model of its folder, sees no later token, and is a decoder."""
    opened("new", tmp_path, kind="decoder", width=32, layers=1, vocabulary=300)
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    tokens = torch.tensor([[5, 6, 7, 8]])

    with torch.no_grad():
        whole, first = model(tokens).logits, model(tokens[:, :3]).logits

    assert form_of(tmp_path) == "decoder"
    assert model.lm_head.weight is model.get_input_embeddings().weight
    torch.testing.assert_close(whole[:, :3], first)


@pytest.mark.parametrize("kind", ["transformer", "convolutional"])
def test_another_seed_gives_other_weights_and_the_same_pieces(kind: str, tmp_path: Path) -> None:
    """The seed is for weights; what a text is cut into depends on the texts alone."""
    folders = [tmp_path / str(seed) for seed in (1, 2)]
    for seed, folder in enumerate(folders, start=1):
        folder.mkdir()
        opened("new", folder, kind=kind, width=32, layers=1, vocabulary=300, seed=seed)
    tables = [load_file(folder / "model.safetensors") for folder in folders]
    pieces = [hashlib.sha256((f / "tokenizer.json").read_bytes()).digest() for f in folders]

    assert pieces[0] == pieces[1]
    assert tables[0].keys() == tables[1].keys()
    assert any(not torch.equal(tables[0][name], tables[1][name]) for name in tables[0])


def test_making_a_base_leaves_the_random_state_alone(tmp_path: Path) -> None:
    """Training that follows draws what it would have drawn."""
    torch.manual_seed(11)
    expected = torch.rand(1)
    torch.manual_seed(11)

    opened("new", tmp_path, kind="transformer", width=32, layers=1, vocabulary=300)

    assert torch.equal(torch.rand(1), expected)


def test_a_text_can_be_given_whole_or_in_words(tmp_path: Path) -> None:
    """Pieces come out the same where the words are the same."""
    for name, texts in (("a", [["good film"]] * 3), ("b", [["good", "film"]] * 3)):
        (tmp_path / name).mkdir()
        opened("new", tmp_path / name, kind="transformer", texts=texts, vocabulary=300)

    assert (tmp_path / "a/tokenizer.json").read_bytes() == (
        tmp_path / "b/tokenizer.json"
    ).read_bytes()


@pytest.mark.parametrize(
    "settings",
    [{"kind": "tfidf", "width": 64}, {"kind": "transformer", "width": 40}, {"kind": "lstm"}],
)
def test_sizes_that_make_no_sense_cannot_be_written(settings: dict[str, Any]) -> None:
    """A recipe with them is refused while it is read."""
    with pytest.raises(ValidationError):
        source_of("new").settings.model_validate(settings)


@pytest.mark.parametrize(
    ("base", "rest", "reason"),
    [
        ("transformer", {"adaptation": "head_only"}, "trained whole"),
        ("convolutional", {"adaptation": "low_rank", "head": "mlp"}, "trained whole"),
        ("tfidf", {"task": "spans"}, "cannot do 'spans'"),
        ("tfidf", {"head": "mlp"}, "linear model of their own"),
    ],
)
def test_combinations_that_cannot_work_are_refused(
    base: str, rest: dict[str, Any], reason: str
) -> None:
    """Before anything is trained, with the reason."""
    recipe = {
        "task": "classification",
        "base": {"source": "new", "kind": base},
        "data": {"source": "table", "train": "a.csv"},
        **rest,
    }

    with pytest.raises(ValidationError, match=reason):
        Recipe.model_validate(recipe)


def without(folder: Path, name: str) -> None:
    (folder / name).unlink()


def test_pickled_weights_are_refused_with_the_way_out(tiny: Path, tmp_path: Path) -> None:
    """The sentence names the file and a command that converts it."""
    without(tiny, "model.safetensors")
    (tiny / "pytorch_model.bin").write_bytes(b"")

    with pytest.raises(ModelError, match=r"pytorch_model\.bin.*save_pretrained"):
        opened("folder", tmp_path, path=tiny)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_an_incomplete_folder_is_one_sentence(name: str, tiny: Path) -> None:
    """What is missing is named."""
    without(tiny, name)
    source = source_of("folder")

    refuses_in_one_sentence(source, source.settings.model_validate({"path": tiny}))


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    """With its path."""
    source = source_of("folder")

    refuses_in_one_sentence(source, source.settings.model_validate({"path": tmp_path / "no"}))


def test_code_that_comes_with_a_model_is_never_run(tiny: Path, tmp_path: Path) -> None:
    """A kind of model that transformers does not know is refused, code beside it or not."""
    (tiny / "modeling.py").write_text("raise SystemExit")
    config = {"model_type": "mine", "auto_map": {"AutoModel": "modeling.Mine"}}
    (tiny / "config.json").write_text(json.dumps(config))

    with pytest.raises(ModelError, match="never run here"):
        opened("folder", tmp_path, path=tiny)


def test_the_model_of_a_run_knows_its_ancestors(tiny: Path, tmp_path: Path) -> None:
    """A second training on it continues the lineage."""
    run = {"name": "reviews-1", "facts": {"lineage": ["minilm-l6", "upstream"]}}
    (tiny.parent / "run.json").write_text(json.dumps(run))

    assert opened("folder", tmp_path, path=tiny).lineage == ("reviews-1", "minilm-l6", "upstream")


def test_a_convolutional_folder_is_known_as_one(tmp_path: Path) -> None:
    """What `new` wrote opens as a folder too."""
    work = tmp_path / "conv"
    work.mkdir()
    opened("new", work, kind="convolutional", vocabulary=300)

    assert opened("folder", tmp_path, path=work).kind == "convolutional"


def test_other_files_do_not_change_the_digest(tiny: Path, tmp_path: Path) -> None:
    """A README is no part of a base; a weight is."""
    first = opened("folder", tmp_path, path=tiny).digest
    (tiny / "README.md").write_text("about")
    second = opened("folder", tmp_path, path=tiny).digest
    weights = (tiny / "model.safetensors").read_bytes()
    (tiny / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))

    assert first == second != opened("folder", tmp_path, path=tiny).digest
