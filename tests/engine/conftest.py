"""Small real trainings: a new two-layer base, toy texts, seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from polyculture.api.shared import open_base, prepare_rows
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.recipe import Recipe
from polyculture.engine.training import Training


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was chosen by timing is remembered for one test only."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("POLYCULTURE_HOME", str(home))
    return home


def recipe(task: str = "classification", **changes: Any) -> Recipe:
    """A recipe that trains in a second or two; changes replace whole tables."""
    table: dict[str, Any] = {
        "name": "small",
        "task": task,
        "seed": 3,
        "base": {"source": "new", "kind": "transformer", "width": 32, "layers": 2},
        "data": {"source": "jsonl", "train": "train.jsonl", "valid": "valid.jsonl"},
        "fit": {"epochs": 3, "threads": 1, "learning_rate": 3e-3, "precision": "float32"},
    }
    return Recipe.model_validate({**table, **changes})


@pytest.fixture
def make_recipe() -> Callable[..., Recipe]:
    return recipe


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A base that stands for a pretrained one: a tiny BERT in a folder."""
    texts = [
        text
        for task in ("classification", "spans")
        for rows in toy_of(task).splits.values()
        for text in (rows["text"] if "text" in rows.columns else rows["tokens"].list.join(" "))
    ]
    folder = tiny_base(tmp_path_factory.mktemp("base") / "tiny-bert", "bert", texts)
    return {"source": "folder", "path": str(folder)}


def toy_of(task: str) -> Dataset:
    """The task's own toy data."""
    toy: Dataset = parts.load("tasks", task).toy()
    return toy


@pytest.fixture(scope="session")
def spaced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A base whose tokenizer puts "▁" before words, as SentencePiece does; toy spans are words."""
    texts = toy_of("spans").splits["train"]["text"].to_list()
    folder = tiny_base(tmp_path_factory.mktemp("spaced") / "tiny", "bert", texts)
    pieces = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106
    pieces.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<pad>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=150, special_tokens=special, show_progress=False)
    pieces.train_from_iterator(texts, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        pad_token="<pad>",  # noqa: S106
        unk_token="<unk>",  # noqa: S106
        model_max_length=64,
    ).save_pretrained(folder)
    return {"source": "folder", "path": str(folder)}


@pytest.fixture
def toy() -> Callable[[str], Dataset]:
    return toy_of


@pytest.fixture
def begin(pretrained: dict[str, str], tmp_path: Path) -> Callable[..., Training]:
    """All that a small training starts from; changes replace tables of its recipe."""

    def begun(task: str = "classification", **changes: Any) -> Training:
        made, data = recipe(task, **{"base": pretrained, **changes}), toy_of(task)
        rows, inventory = prepare_rows(made, data)
        return Training(
            recipe=made,
            name="x",
            fingerprint="x",
            dataset=data,
            rows=rows,
            inventory=inventory,
            base=open_base(made, rows["train"], tmp_path / "base"),
        )

    return begun
