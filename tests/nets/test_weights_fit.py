"""Weights that do not belong to their settings are refused, and what only looks odd is not."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification

from polyculture.checks.tiny import KINDS, Kind, tiny_base
from polyculture.core.errors import ModelError, RecipeError
from polyculture.nets.build import labels_of, open_network, open_tokenizer, save_network
from polyculture.nets.efficiency import machine_memory
from polyculture.nets.efficiency.machine_memory import refuse_too_large, total_bytes
from polyculture.nets.efficiency.threads import available, wanted
from polyculture.nets.layers import MlpHead
from polyculture.sources.bases.contents.plain import check_folder

TEXTS = ["good film", "bad film", "so so"] * 5
CLASS = "AutoModelForSequenceClassification"


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """A tiny base of each architecture."""
    place = tmp_path_factory.mktemp("bases")
    return {kind: tiny_base(place / kind, kind, TEXTS) for kind in KINDS}


@pytest.fixture
def copied(bases: dict[Kind, Path], tmp_path: Path) -> Any:
    """A copy of a base, some of its tensors replaced (none: removed)."""

    def copy(kind: Kind, changes: dict[str, torch.Tensor | None] | None = None) -> Path:
        folder = tmp_path / kind
        shutil.copytree(bases[kind], folder)
        tensors = {**load_file(folder / "model.safetensors"), **(changes or {})}
        kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
        save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
        return folder

    return copy


def opened(folder: Path, **settings: Any) -> Any:
    labels = ("a", "b", "c")
    return open_network(folder, labels=labels, output="labels", model_class=CLASS, **settings)


def mlp(width: int, labels: int, dropout: float) -> nn.Module:
    return MlpHead(width, labels, hidden=8, dropout=dropout, shapes=False)


def a_matrix_of(folder: Path) -> str:
    """The last matrix of the body."""
    tensors = load_file(folder / "model.safetensors")
    return [n for n, t in tensors.items() if t.ndim == 2 and not n.startswith("pooler")][-1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_base_is_taken_under_every_name_its_files_use(
    kind: Kind, bases: dict[Kind, Path], tmp_path: Path
) -> None:
    """As a body, with the head of another task in front, and in several files."""
    whole = AutoModelForSequenceClassification.from_pretrained(bases[kind], num_labels=7)
    whole.save_pretrained(tmp_path / "task", max_shard_size="20KB")
    for file in bases[kind].glob("tokenizer*"):
        shutil.copy(file, tmp_path / "task")
    assert (tmp_path / "task" / "model.safetensors.index.json").is_file()

    for folder in (bases[kind], tmp_path / "task"):
        check_folder(folder, "it")
        for head in ({}, {"make_head": mlp}):
            network = opened(folder, **head)
            body = f"{network.model.base_model_prefix}."
            assert not [n for n in network.untrained if n.startswith(body) and "pooler" not in n]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", [{}, {"make_head": mlp}], ids=["standard", "own"])
@pytest.mark.parametrize("change", ["missing", "other"])
def test_a_misfit_is_named_early_and_when_opened(
    kind: Kind, head: dict[str, Any], change: str, bases: dict[Kind, Path], copied: Any
) -> None:
    """With both shapes, whichever way the base is opened."""
    name = a_matrix_of(bases[kind])
    there, wrong = load_file(bases[kind] / "model.safetensors")[name], torch.zeros(3, 3)
    folder = copied(kind, {name: None if change == "missing" else wrong})
    shape = "×".join(str(length) for length in there.shape)
    told = (
        rf"{name!r} \({shape}\) is missing"
        if change == "missing"
        else f"{name!r} is 3×3 in the file, but {shape} is needed"
    )

    with pytest.raises(ModelError, match=told):
        check_folder(folder, "it")
    with pytest.raises(ModelError, match=told):
        opened(folder, **head)


def test_older_names_of_tensors_are_still_known(copied: Any, bases: dict[Kind, Path]) -> None:
    """BERT's first files call the norm's weights gamma and beta; transformers translates them."""
    tensors = load_file(bases["bert"] / "model.safetensors")
    changes: dict[str, torch.Tensor | None] = {}
    for name, tensor in tensors.items():
        if "LayerNorm" in name:
            older = name.replace("weight", "gamma").replace("bias", "beta")
            changes |= {name: None, older: tensor}
    folder = copied("bert", changes)

    check_folder(folder, "it")

    body = opened(folder, make_head=mlp).model.state_dict()
    expected = tensors["embeddings.LayerNorm.weight"]
    assert torch.equal(body["embeddings.LayerNorm.weight"], expected)


def test_a_masked_language_model_without_a_pooler_is_a_base(
    bases: dict[Kind, Path], tmp_path: Path
) -> None:
    """The pooler may be new, and is named."""
    AutoModelForMaskedLM.from_pretrained(bases["bert"]).save_pretrained(tmp_path)
    for file in bases["bert"].glob("tokenizer*"):
        shutil.copy(file, tmp_path)

    check_folder(tmp_path, "it")

    assert opened(tmp_path).untrained == (
        "bert.pooler.dense.bias",
        "bert.pooler.dense.weight",
        "classifier.bias",
        "classifier.weight",
    )


@pytest.mark.parametrize(("value", "what"), [(float("nan"), "NaN"), (float("inf"), "infinity")])
def test_weights_that_are_no_numbers_are_named(
    value: float, what: str, bases: dict[Kind, Path], copied: Any
) -> None:
    """One is enough."""
    name = a_matrix_of(bases["bert"])
    broken = load_file(bases["bert"] / "model.safetensors")[name]
    broken[1, 2] = value

    with pytest.raises(ModelError, match=f"{name!r} holds {what}"):
        check_folder(copied("bert", {name: broken}), "it")


def test_large_weights_whose_sum_overflows_are_numbers(copied: Any) -> None:
    """The quick sum is only a suspicion."""
    large = {"embeddings.word_embeddings.weight": torch.full((30, 32), 3e38)}

    check_folder(copied("bert", large), "it")


def test_opening_never_runs_code_beside_a_known_model(copied: Any, tmp_path: Path) -> None:
    """A type that transformers knows is built by transformers, whatever auto_map says."""
    folder = copied("bert")
    evil = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    (folder / "evil.py").write_text(evil, encoding="utf-8")
    for file, names in (
        ("config.json", {"AutoConfig": "evil.C", "AutoModel": "evil.M", CLASS: "evil.M"}),
        ("tokenizer_config.json", {"AutoTokenizer": ["evil.T", "evil.T"]}),
    ):
        table = json.loads((folder / file).read_text(encoding="utf-8"))
        (folder / file).write_text(json.dumps({**table, "auto_map": names}), encoding="utf-8")

    check_folder(folder, "it")
    assert type(opened(folder).model).__module__.startswith("transformers.")
    assert len(open_tokenizer(folder)) == 30
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("head", [{}, {"make_head": mlp}], ids=["standard", "own"])
def test_a_saved_folder_says_what_opens_it(
    head: dict[str, Any], bases: dict[Kind, Path], tmp_path: Path
) -> None:
    """Only a standard head is a plain folder; with another, no plain class finds its weights."""
    save_network(opened(bases["bert"], **head), open_tokenizer(bases["bert"]), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")

    _, info = AutoModelForSequenceClassification.from_pretrained(tmp_path, output_loading_info=True)

    if head:
        assert config["architectures"] == ["BertModel"]
        assert not {"id2label", "label2id"} & config.keys()
        assert {"classifier.weight", "classifier.bias"} <= set(info["missing_keys"])
        assert "**No `AutoModelFor…` class serves this folder**" in readme
    else:
        assert config["architectures"] == ["BertForSequenceClassification"]
        assert config["id2label"] == {"0": "a", "1": "b", "2": "c"}
        assert not info["missing_keys"]
        assert "AutoModelForSequenceClassification.from_pretrained" in readme


def test_labels_of_an_older_task_do_not_stay_with_a_head_of_ours(
    bases: dict[Kind, Path], tmp_path: Path
) -> None:
    """They would name the answers of a random head."""
    tokenizer = open_tokenizer(bases["bert"])
    save_network(opened(bases["bert"]), tokenizer, tmp_path / "old")

    save_network(opened(tmp_path / "old", make_head=mlp), tokenizer, tmp_path / "new")

    config = json.loads((tmp_path / "new" / "config.json").read_text(encoding="utf-8"))
    assert not {"id2label", "label2id"} & config.keys()


def test_labels_are_read_by_their_number(bases: dict[Kind, Path], tmp_path: Path) -> None:
    """However the file orders them: sorted as texts, 10 stands before 2."""
    config = json.loads((bases["bert"] / "config.json").read_text(encoding="utf-8"))
    names = {str(number): f"label {number}" for number in range(12)}
    config["id2label"] = dict(sorted(names.items()))
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")

    assert labels_of(tmp_path) == tuple(names.values())


def test_more_than_four_threads_a_core_are_refused() -> None:
    """With what this process may use."""
    assert wanted(None) == available()
    assert wanted(4 * available()) == 4 * available()

    with pytest.raises(RecipeError, match=f"so {4 * available()} threads at most"):
        wanted(4 * available() + 1)


def test_weights_beyond_memory_are_refused_with_the_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each trained weight is held four times; a container's limit counts."""
    limit = tmp_path / "memory.max"
    limit.write_text("1000000000\n", encoding="ascii")
    monkeypatch.setattr(machine_memory, "LIMITS", (tmp_path / "none", limit))

    assert total_bytes() == 10**9
    refuse_too_large("it", 62_500_000)
    with pytest.raises(RecipeError, match=r"it: .* need about 1.1 GB .* this machine has 1.0 GB"):
        refuse_too_large("it", 62_500_000, frozen=25_000_000)
