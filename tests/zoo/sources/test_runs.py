"""Finished runs as cards: networks, ancestors and tasks, from what their folders hold."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from safetensors.torch import save_file
from transformers import BertConfig, BertForSequenceClassification, BertModel

from polyculture.core import parts
from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.errors import DataError
from polyculture.core.views import Architecture, Module
from polyculture.nets.graph import architecture
from polyculture.zoo.sources.runs import accepts, read

SIZES: dict[str, Any] = {
    "vocab_size": 11,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 6,
}


def made(
    folder: Path,
    *,
    lineage: tuple[str, ...] = (),
    base: dict[str, str] | None = None,
    parameters: int = 700,
    task: str = "classification",
) -> Path:
    """A run's folder without a model."""
    (folder / "model").mkdir(parents=True)
    record = {
        "name": folder.name,
        "recipe": {
            "task": {"kind": task},
            "base": base or {"source": "starter", "name": "minilm-l6"},
            "adaptation": {"kind": "full"},
            "head": {"kind": "linear"},
        },
        "facts": {"lineage": lineage, "parameters": parameters},
    }
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def row(cards: Cards, name: str) -> dict[str, Any]:
    return next(row for row in cards.table.iter_rows(named=True) if row["name"] == name)


def test_a_run_is_built_from_its_saved_model(tmp_path: Path) -> None:
    """The network with the head of its task, as the folder's configuration says."""
    model = BertForSequenceClassification(BertConfig(**SIZES, num_labels=3))
    model.save_pretrained(made(tmp_path / "runs" / "one") / "model")

    cards = read([tmp_path / "runs"])

    assert cards.graphs["runs/one"].modules == architecture(model, {}).modules
    assert row(cards, "runs/one") | {"reason": 0} == {
        "name": "runs/one",
        "communities": ["classification"],
        "year": None,
        "maker": None,
        "licence": None,
        "library": "polyculture",
        "downloads": None,
        "parameters": 700.0,
        "is_built": True,
        "reason": 0,
    }
    traits = set(cards.traits.select("trait", "value").iter_rows())
    assert {("adaptation", "full"), ("head", "linear"), ("mixer", "attention")} <= traits


def test_the_tables_have_their_columns(tmp_path: Path) -> None:
    """As every source of cards gives them."""
    cards = read([made(tmp_path / "runs" / "one", lineage=("a",))])

    for table, columns in (
        (cards.table, CARD_COLUMNS),
        (cards.parents, PARENT_COLUMNS),
        (cards.traits, TRAIT_COLUMNS),
    ):
        assert {name: str(kind) for name, kind in table.schema.items()} == columns


def test_a_head_of_ours_is_seen_where_the_run_was_observed(tmp_path: Path) -> None:
    """The evidence shows the whole network; without it the card says what it lacks."""
    run = made(tmp_path / "study" / "runs" / "one")
    BertModel(BertConfig(**SIZES), add_pooling_layer=False).save_pretrained(run / "model")
    save_file({}, run / "model" / "head.safetensors")
    whole = Architecture(modules=(Module(kind="block"),), parameters=700, configuration={})
    older = whole.model_copy(update={"parameters": 699})
    views = [tmp_path / "study" / "evidence" / "one" / probe for probe in ("a", "b")]
    for folder, graph in zip(views, (older, whole), strict=True):
        folder.mkdir(parents=True)
        (folder / "architecture.json").write_text(graph.model_dump_json(), encoding="utf-8")

    observed = read([run])
    (views[1] / "architecture.json").unlink()
    unobserved = read([run])

    assert observed.graphs["runs/one"] == whole
    assert observed.notes == ()
    assert unobserved.graphs["runs/one"].parameters > 0
    assert unobserved.notes == ("Never observed, so without their head (runs/one): 1.",)


def test_runs_of_kindred_bases_have_one_root(tmp_path: Path) -> None:
    """A base and its child come from one ancestor, which stands as the parent of both."""
    made(tmp_path / "runs" / "a", lineage=("base", "old", "oldest"))
    made(tmp_path / "runs" / "b", lineage=("child", "base", "old", "oldest"))
    made(tmp_path / "runs" / "c")

    edges = read([tmp_path / "runs"]).parents.select("child", "parent").rows()

    assert edges == [("runs/a", "oldest"), ("runs/b", "oldest")]


def test_a_run_on_top_of_another_names_it(tmp_path: Path) -> None:
    """The folder of the base is the other's model."""
    first = made(tmp_path / "runs" / "a", lineage=("base",))
    made(
        tmp_path / "runs" / "b",
        base={"source": "folder", "path": str(first / "model")},
        lineage=("a", "base"),
    )

    edges = dict(read([tmp_path / "runs"]).parents.select("child", "parent").iter_rows())

    assert edges == {"runs/a": "base", "runs/b": "runs/a"}


def test_a_run_that_is_called_like_its_base_is_not_its_own_parent(tmp_path: Path) -> None:
    """Cards are called by their folders."""
    made(tmp_path / "runs" / "minilm-l6", lineage=("minilm-l6",))

    assert read([tmp_path]).parents["child"].to_list() == ["runs/minilm-l6"]


def test_two_runs_of_one_name_stay_apart(tmp_path: Path) -> None:
    """By all of their path."""
    for study in ("a", "b"):
        made(tmp_path / study / "runs" / "one")

    cards = read([tmp_path / "a", tmp_path / "b" / "runs"])

    assert cards.table["name"].n_unique() == 2
    assert all(name.endswith("/runs/one") for name in cards.table["name"])


def test_a_run_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    """And is told."""
    run = made(tmp_path / "runs" / "one")

    cards = read([run, tmp_path / "runs"])

    assert (len(cards.table), cards.listed) == (1, 2)
    assert "Runs that were named more than once, counted once: 1." in cards.notes


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{broken", "its run.json cannot be read as JSON"),
        ("[1]", "its run.json is no record of a run"),
        ('{"name": "x", "recipe": {}}', "its run.json is no record of a run: 'facts'"),
        ('{"name": "x", "recipe": 3, "facts": {}}', "its run.json is no record of a run"),
    ],
)
def test_a_broken_record_is_told_and_the_rest_is_read(
    tmp_path: Path, content: str, reason: str
) -> None:
    """Never fatal."""
    made(tmp_path / "runs" / "whole", lineage=("base",))
    (made(tmp_path / "runs" / "broken") / "run.json").write_text(content, encoding="utf-8")

    cards = read([tmp_path / "runs"])

    assert row(cards, "runs/broken")["reason"] == reason
    assert row(cards, "runs/broken")["communities"] == []
    assert cards.notes == ("Records that cannot be read, not built (runs/broken): 1.",)
    assert cards.parents["child"].to_list() == ["runs/whole"]


def test_a_run_without_its_model_says_so(tmp_path: Path) -> None:
    """The record alone is a card, but no network."""
    cards = read([made(tmp_path / "runs" / "one")])

    assert row(cards, "runs/one")["is_built"] is False
    assert "config.json" in row(cards, "runs/one")["reason"]


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    """The sentence says where was looked."""
    with pytest.raises(DataError, match="no finished run in"):
        read([tmp_path])


def test_runs_are_known_by_their_record(tmp_path: Path) -> None:
    """A run, a folder of runs and a study are; a model's folder is not."""
    run = made(tmp_path / "study" / "runs" / "one")

    assert [accepts(path) for path in (run, run.parent, tmp_path / "study")] == [True] * 3
    assert not accepts(run / "model")
    assert not accepts(run / "run.json")
    assert not accepts(tmp_path / "nowhere")


@pytest.mark.slow
def test_real_runs_of_three_kinds_are_built(tmp_path: Path, home: Path) -> None:
    """Trained here: word counts, a convolutional network, a Transformer."""
    assert not home.exists()
    from polyculture import api

    for name, rows in parts.load("tasks", "classification").toy().splits.items():
        rows.write_ndjson(tmp_path / f"{name}.jsonl")
    kinds = {
        "counts": 'kind = "tfidf"',
        "convolutional": 'kind = "convolutional"\nwidth = 32',
        "transformer": 'kind = "transformer"\nwidth = 32\nlayers = 1',
    }
    for name, base in kinds.items():
        recipe = tmp_path / f"{name}.toml"
        pooling = '[head]\nkind = "linear"\npooling = "mean"' if name == "convolutional" else ""
        text = RECIPE.format(name=name, base=base, head=pooling)
        recipe.write_text(text, encoding="utf-8")
        api.train(api.read_recipe(recipe), tmp_path / "runs")

    cards = read([tmp_path / "runs"])

    assert cards.table["is_built"].to_list() == [True] * 3
    mixers = dict(cards.traits.filter(trait="mixer").select("name", "value").iter_rows())
    assert mixers == {"runs/convolutional": "convolution", "runs/transformer": "attention"}
    assert cards.table.filter(pl.col("parameters") > 0).height == 3
    counts = cards.graphs["runs/counts"]
    assert counts.parameters == row(cards, "runs/counts")["parameters"]


RECIPE = """
name = "{name}"
task = "classification"
[base]
source = "new"
{base}
[data]
source = "jsonl"
train = "train.jsonl"
valid = "valid.jsonl"
{head}
[fit]
epochs = 1
threads = 1
precision = "float32"
"""
