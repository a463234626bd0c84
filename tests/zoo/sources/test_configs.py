"""Folders of configurations as cards: built without weights, without a network, without code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.errors import DataError
from polyculture.zoo.library.tokenisers import tokeniser_of
from polyculture.zoo.saved.find_configs import Found, folders_of, refusal
from polyculture.zoo.sources import configs

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
BERT = {"model_type": "bert", "architectures": ["BertForMaskedLM"], "vocab_size": 90, **SIZES}
LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 90,
    "intermediate_size": 64,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "torch_dtype": "bfloat16",
    **SIZES,
}
Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a configuration into a folder below the zoo."""

    def write(name: str, settings: Any) -> Path:
        folder = tmp_path / "zoo" / name
        folder.mkdir(parents=True)
        text = settings if isinstance(settings, str) else json.dumps(settings)
        (folder / "config.json").write_text(text, encoding="utf-8")
        return folder

    return write


def rows(cards: Cards) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in cards.table.to_dicts()}


def traits(cards: Cards, name: str) -> dict[str, list[str]]:
    found = cards.traits.filter(pl.col("name") == name)
    return {
        key[0]: group["value"].to_list()
        for key, group in found.group_by("trait", maintain_order=True)
    }


@pytest.mark.slow
def test_configurations_are_built_without_weights(put: Put, tmp_path: Path) -> None:
    """Graphs, traits, numbers of weights and communities, with no file of weights anywhere."""
    put("encoders/bert", BERT)
    put("llama", LLAMA)
    told: list[tuple[int, int, str]] = []

    cards = configs.read([tmp_path / "zoo"], on_progress=lambda *now: told.append(now))

    found = rows(cards)
    assert list(found) == ["encoders/bert", "llama"]
    assert found["encoders/bert"]["communities"] == ["masked text"]
    assert found["llama"]["communities"] == ["causal text"]
    assert [row["is_built"] for row in found.values()] == [True, True]
    assert set(cards.graphs) == set(found)
    # by hand: words, then two layers of q, k, v, o, three of the perceptron and two norms, a norm
    layer = 32 * 32 * 2 + 32 * 16 * 2 + 3 * 32 * 64 + 2 * 32
    assert found["llama"]["parameters"] == 90 * 32 + 2 * layer + 32
    assert cards.graphs["llama"].configuration["hidden_size"] == 32
    assert traits(cards, "llama")["normalisation"] == ["rms_norm"]
    assert traits(cards, "llama")["attention"] == ["grouped-query"]
    assert traits(cards, "encoders/bert")["activation"] == ["gelu"]
    assert traits(cards, "encoders/bert")["position"] == ["learned"]
    assert (told[0][:2], told[-1][:2]) == ((0, 2), (2, 2))
    for frame, columns in (
        (cards.table, CARD_COLUMNS),
        (cards.parents, PARENT_COLUMNS),
        (cards.traits, TRAIT_COLUMNS),
    ):
        assert {name: str(kind) for name, kind in frame.schema.items()} == columns


@pytest.mark.slow
def test_a_saved_model_is_seen_as_it_is(tmp_path: Path) -> None:
    """Its own number of weights, and the tokenizer that lies beside it."""
    from transformers import AutoModel

    folder = tiny_base(tmp_path / "tiny", "llama", ["a good film", "a bad film"])
    real = sum(weight.numel() for weight in AutoModel.from_pretrained(folder).parameters())

    cards = configs.read([folder], processes=1)

    assert rows(cards)["tiny"]["parameters"] == real
    assert traits(cards, "tiny")["tokeniser"] == ["BPE"]


HOSTILE = """
from pathlib import Path
Path({mark!r}).write_text("ran")
class OwnConfig: pass
"""


@pytest.mark.slow
def test_remote_code_is_never_run(put: Put, tmp_path: Path) -> None:
    """It is recorded as not built; where the library knows the type, the library's own is built."""
    mark = tmp_path / "mark"
    own = {"model_type": "own", "auto_map": {"AutoConfig": "modeling_own.OwnConfig"}}
    for name, settings in (("own", own), ("known", {**BERT, **own, "model_type": "bert"})):
        folder = put(name, settings)
        code = HOSTILE.format(mark=str(mark))
        (folder / "modeling_own.py").write_text(code, encoding="utf-8")

    cards = configs.read([tmp_path / "zoo"])

    assert not mark.exists()
    found = rows(cards)
    assert found["own"]["reason"] == "needs remote code, which is never run"
    assert (found["own"]["communities"], found["own"]["library"]) == (["unknown"], None)
    assert found["known"]["is_built"]
    assert "Needing remote code, not built: 1 (own)." in cards.notes


def test_malformed_files_are_counted_and_told(put: Put, tmp_path: Path) -> None:
    """None of them is fatal, and none needs a process to be found out."""
    put("broken", '{"model_type": ')
    put("list", [1, 2])
    put("nameless", SIZES)
    put("number", {"model_type": 7})
    put("new", {"model_type": "of_next_year"})
    put("half", '{"model_type": "\\ud800"}')
    put("deep", "[" * 100_000)
    put("huge", {**LLAMA, "num_hidden_layers": 10**9})
    (put("bytes", {}) / "config.json").write_bytes(b"\xff\xfe\x00")

    cards = configs.read([tmp_path / "zoo"])

    reasons = {name: row["reason"] for name, row in rows(cards).items()}
    assert reasons.pop("new").endswith("knows no model_type 'of_next_year'")
    assert reasons == {
        "broken": "its config.json is no JSON",
        "bytes": "its config.json is no JSON",
        "deep": "its config.json is no JSON",
        "half": "its config.json is no JSON",
        "huge": "num_hidden_layers asks for more than 2,000 parts",
        "list": "its config.json is no JSON object",
        "nameless": "its configuration names no model_type",
        "number": "its configuration names no model_type",
    }
    assert not any(row["is_built"] for row in rows(cards).values())
    assert cards.listed == 9
    assert (
        "Files that cannot be read, not built: 5 (broken, bytes, deep, half, list)." in cards.notes
    )


@pytest.mark.slow
def test_settings_that_cannot_be_built_give_the_library_s_reason(put: Put, tmp_path: Path) -> None:
    """Heads that do not divide a width, words for numbers, and classes that are not networks."""
    put("heads", {**BERT, "num_attention_heads": 5})
    put("words", {**LLAMA, "hidden_size": "wide"})
    put("memory", {**LLAMA, "vocab_size": 10**30})
    put("fine", {**BERT, "architectures": ["pipeline", 7, "os"]})

    found = rows(configs.read([tmp_path / "zoo"], processes=1))

    assert [name for name, row in found.items() if row["is_built"]] == ["fine"]
    assert "masked text" in found["fine"]["communities"]
    assert "5" in found["heads"]["reason"]
    assert all(len(row["reason"]) <= 140 for row in found.values() if not row["is_built"])


def test_folders_are_found_at_any_depth_and_parts_are_not(put: Put, tmp_path: Path) -> None:
    """Below a model nothing is looked for, nor in hidden folders."""
    for name in ("b", "a/org/model", "b/1_Pooling", ".cache/c", "a/org/model/onnx"):
        put(name, {})
    zoo = tmp_path / "zoo"

    assert dict(folders_of(zoo)) == {"a/org/model": zoo / "a/org/model", "b": zoo / "b"}
    assert dict(folders_of(zoo / "b")) == {"b": zoo / "b"}


def test_a_name_that_came_before_is_dropped_and_counted(put: Put, tmp_path: Path) -> None:
    """Of two folders of one name the first is kept."""
    put("model", {"model_type": "one"})
    other = tmp_path / "other" / "model"
    other.mkdir(parents=True)
    (other / "config.json").write_text('{"model_type": "two"}', encoding="utf-8")

    cards = configs.read([tmp_path / "zoo", tmp_path / "other"])

    assert (len(cards.table), cards.listed) == (1, 2)
    assert "'one'" in rows(cards)["model"]["reason"]
    assert "Folders with a name that came before, dropped: 1." in cards.notes


def test_places_without_configurations_are_one_sentence(tmp_path: Path) -> None:
    """A missing folder, a file, an empty folder."""
    file = tmp_path / "file"
    file.touch()
    for place, words in (
        (tmp_path / "none", "is no folder"),
        (file, "is no folder"),
        (tmp_path, "There is no config.json in or below"),
    ):
        with pytest.raises(DataError, match=words) as told:
            configs.read([place])
        assert str(place) in str(told.value)


def test_folders_of_configurations_are_accepted_and_runs_are_not(put: Put, tmp_path: Path) -> None:
    """A run holds a configuration too, but is a source of its own."""
    folder = put("bert", BERT)
    run = tmp_path / "runs" / "first"
    (run / "model").mkdir(parents=True)
    (run / "run.json").touch()
    (run / "model" / "config.json").write_text("{}", encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()

    places = [folder, folder.parent, run, run.parent, empty, folder / "config.json"]

    assert [configs.accepts(place) for place in places] == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    "settings",
    [{"num_layers": [3, 4000]}, {"vision": {"depth": 3000}}, {"n_routed_experts": 1e9}],
)
def test_more_parts_than_memory_holds_are_refused(settings: dict[str, Any]) -> None:
    """Wherever the setting stands."""
    found = Found(name="a", folder=Path("a"), settings={"model_type": "bert", **settings})

    assert "asks for more than 2,000 parts" in (refusal(found, {"bert"}, "the library") or "")


def test_an_unreadable_tokenizer_is_no_trait(tmp_path: Path) -> None:
    """Broken, of another form, or of an unknown kind."""
    for text in ("", "[]", "{}", '{"model": {"type": "Next"}}', '{"model": {"type": []}}'):
        (tmp_path / "tokenizer.json").write_text(text, encoding="utf-8")

        assert tokeniser_of(tmp_path) == {}


def test_the_shelf_knows_configurations() -> None:
    """Found by its name, with its limits."""
    plugin = parts.load("zoo.sources", "configs")

    assert plugin.read is configs.read
    assert plugin.accepts is configs.accepts
    assert len(plugin.blind) >= 4
