"""The starter as cards: what is fetched is built, what is not says how to get it."""

import json
from importlib import import_module
from pathlib import Path

import pytest
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

from polyculture.core import parts
from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.nets.bodies.speaker import MODEL_TYPE, SpeakerEncoder
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find, models, survey
from polyculture.zoo.saved.models import OURS, opened
from polyculture.zoo.sources.starter import read


def stands_for(name: str, home: Path) -> Path:
    """A folder that passes for a fetched starter."""
    entry, folder = find(name), home / "starter" / name
    folder.mkdir(parents=True)
    mark = cache.Mark(
        name=name,
        package=entry.archive.package,
        version=entry.archive.version,
        sha256=entry.archive.sha256,
        conversion=entry.conversion,
        digest=name,
        notes=(),
    )
    (folder / cache.MARK).write_text(mark.model_dump_json(), encoding="utf-8")
    return folder


def tiny_bert(folder: Path) -> BertModel:
    """A BERT of one layer, saved without the pooler that the library builds."""
    config = BertConfig(
        vocab_size=11,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=12,
        max_position_embeddings=6,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"type": "WordPiece"}}))
    return model


def tiny_speaker(folder: Path) -> SpeakerEncoder:
    sizes = {"channels": 3, "width": 4, "layers": 1}
    encoder = SpeakerEncoder(**sizes)
    config = {"model_type": MODEL_TYPE, **sizes}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(encoder.state_dict(), folder / "model.safetensors")
    return encoder


def row(cards: Cards, name: str) -> dict[str, object]:
    return next(row for row in cards.table.iter_rows(named=True) if row["name"] == name)


def test_nothing_is_fetched_and_each_says_how(home: Path) -> None:
    """An empty cache gives a card for every model, with a command as its reason."""
    cards = read()

    assert not home.exists()
    assert cards.table["name"].to_list() == sorted(entry.name for entry in (*models(), *survey()))
    assert not cards.table["is_built"].any()
    assert row(cards, "rxnmapper")["reason"] == "not fetched; polyculture starter fetch rxnmapper"
    assert cards.graphs == {}
    assert len(cards.traits) == 0


def test_the_tables_have_their_columns(home: Path) -> None:
    """As every source of cards gives them."""
    assert not home.exists()
    cards = read()

    for table, columns in (
        (cards.table, CARD_COLUMNS),
        (cards.parents, PARENT_COLUMNS),
        (cards.traits, TRAIT_COLUMNS),
    ):
        assert {name: str(kind) for name, kind in table.schema.items()} == columns


def test_five_fields_are_five_communities(home: Path) -> None:
    """A model is placed by what it reads."""
    assert not home.exists()
    cards = read()

    fields = set(cards.table["communities"].explode().to_list())
    assert fields == {"text", "chemistry", "speech", "speaker", "vision"}
    assert row(cards, "efficientnet-lite0")["communities"] == ["vision"]
    assert row(cards, "whisper-tiny-en")["maker"] == "openai"
    assert row(cards, "minilm-l6-sre")["maker"] is None


def test_a_parent_is_the_nearest_starter_or_the_furthest_ancestor(home: Path) -> None:
    """So that roots are real roots: MiniLM of 12 layers is behind both of 6."""
    assert not home.exists()
    edges = dict(read().parents.select("child", "parent").iter_rows())

    assert edges["minilm-l6-sre"] == "minilm-l6"
    assert edges["minilm-l6"] == "microsoft/MiniLM-L12-H384-uncased"
    assert edges["rxn-bert-ft"] == "rxn-bert"
    assert "rxn-bert" not in edges


def test_what_is_fetched_is_built_as_its_weights_are(home: Path) -> None:
    """The library's pooler is not counted, since the file holds none."""
    model = tiny_bert(stands_for("minilm-l6", home))

    cards = read()
    graph = cards.graphs["minilm-l6"]
    traits = set(cards.traits.filter(name="minilm-l6").select("trait", "value").iter_rows())

    assert graph.parameters == sum(weight.numel() for weight in model.parameters())
    assert row(cards, "minilm-l6")["parameters"] == graph.parameters
    assert row(cards, "minilm-l6")["library"] == "transformers"
    assert row(cards, "minilm-l6")["reason"] is None
    assert list(cards.graphs) == ["minilm-l6"]
    assert {("mixer", "attention"), ("tokeniser", "WordPiece"), ("activation", "gelu")} <= traits


def test_a_network_of_our_own_writing_is_built_too(home: Path) -> None:
    """A recurrent encoder of voices stands beside the Transformers."""
    encoder = tiny_speaker(stands_for("voice-encoder", home))

    cards = read()
    kinds = [module.kind for module in cards.graphs["voice-encoder"].modules]

    assert kinds == ["block", "recurrent", "linear", "relu"]
    assert row(cards, "voice-encoder")["parameters"] == sum(
        weight.numel() for weight in encoder.parameters()
    )
    assert row(cards, "voice-encoder")["library"] == "polyculture"


def test_a_broken_folder_is_told_and_the_rest_is_read(home: Path) -> None:
    """One damaged model ends nothing."""
    tiny_speaker(stands_for("voice-encoder", home))
    folder = stands_for("minilm-l6", home)
    tiny_bert(folder)
    (folder / "config.json").write_text("{broken", encoding="utf-8")

    cards = read()

    assert "config.json" in str(row(cards, "minilm-l6")["reason"])
    assert row(cards, "minilm-l6")["is_built"] is False
    assert list(cards.graphs) == ["voice-encoder"]


def test_code_that_a_folder_brings_is_never_run(home: Path) -> None:
    """A configuration that needs code of its own is not built."""
    folder = stands_for("minilm-l6", home)
    config = {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine", "AutoModel": "mine.M"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "mine.py").write_text("import pathlib\npathlib.Path(__file__ + '.ran').mkdir()\n")

    cards = read()

    assert row(cards, "minilm-l6")["is_built"] is False
    assert not (folder / "mine.py.ran").exists()


def test_progress_counts_every_model(home: Path) -> None:
    """The last call says that all are done."""
    assert not home.exists()
    told: list[tuple[int, int, str]] = []

    read(on_progress=lambda done, of_all, what: told.append((done, of_all, what)))

    assert [done for done, *_ in told] == list(range(1, len(models()) + len(survey()) + 1))
    assert told[-1][0] == told[-1][1]


def test_what_is_fetched_changes_the_digest(home: Path) -> None:
    """A survey of another cache is another survey."""
    before = read().digest
    tiny_bert(stands_for("minilm-l6", home))

    assert read().digest != before
    assert read().digest == read().digest


def test_our_own_kinds_are_named_alike_where_they_are_made() -> None:
    """The list of classes and the classes' own files agree."""
    for kind, (module, name) in OURS.items():
        found = import_module(f"polyculture.nets.bodies.{module}")

        assert kind == found.MODEL_TYPE
        assert hasattr(found, name)


def test_the_source_is_called_by_its_name() -> None:
    """No path is asked for."""
    assert parts.load("zoo.sources", "starter").accepts is None


PARAMETERS = {
    "me5-small": 117_505_920,
    "smollm2-135m": 134_515_008,
    "whisper-tiny-en": 37_760_256,
    "voice-encoder": 1_423_616,
    "efficientnet-lite0": 4_652_008,
}
MIXERS = {
    "minilm-l6": "attention",
    "rxnmapper": "attention",
    "voice-encoder": "recurrent",
    "efficientnet-lite0": "convolution",
}


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.parametrize("entry", [*models(), *survey()], ids=lambda entry: entry.name)
def test_a_fetched_model_is_built_with_its_published_size(entry: object) -> None:
    """Graph, parameters and mixer of the real folder."""
    name = str(getattr(entry, "name", ""))
    if cache.mark_of(find(name)) is None:
        pytest.skip(f"{name} is not fetched: polyculture starter fetch {name}")

    graph, traits = opened(cache.folder_of(find(name)))

    assert graph.parameters == PARAMETERS.get(name, graph.parameters)
    assert MIXERS.get(name, traits["mixer"][0]) in traits["mixer"]
