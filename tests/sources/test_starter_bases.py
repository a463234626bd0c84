"""The fetched models, as a recipe gets them. Skipped where they are not fetched."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile
import torch
from safetensors.torch import load_file
from transformers import WhisperFeatureExtractor

from polyculture.checks.sources import BASE_CHECKS, BaseCheck
from polyculture.core import parts
from polyculture.core.errors import StarterError
from polyculture.core.plugins import Base, BaseSource
from polyculture.core.task import Context, Inventory
from polyculture.nets.batch import Reading
from polyculture.nets.build import open_network, open_reader, open_tokenizer
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find, models, survey

pytestmark = pytest.mark.model
SOURCE: BaseSource = parts.load("sources.bases", "starter")
PARAMETERS = {
    "minilm-l6": 22_565_376,
    "minilm-l6-sre": 22_565_376,
    "minilm-l3": 17_241_984,
    "me5-small": 117_505_920,
    "smollm2-135m": 134_515_008,
}
"""Weights without a pooler."""


def opened(name: str) -> Base:
    if cache.mark_of(find(name)) is None:
        pytest.skip(f"{name} is not fetched: polyculture starter fetch {name}")
    return SOURCE.open(SOURCE.settings.model_validate({"name": name}), (), Path(), 1)


@pytest.mark.slow
@pytest.mark.parametrize("check", BASE_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", [*(entry.name for entry in models()), "rxn-bert", "rxnmapper"])
def test_promises(check: BaseCheck, name: str) -> None:
    """Every model keeps every promise of its shelf."""
    opened(name)

    check(SOURCE, SOURCE.settings.model_validate({"name": name}), ())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), PARAMETERS.items())
def test_models_have_all_their_weights(name: str, count: int) -> None:
    """As many numbers as the upstream model, and none of the body made up."""
    folder = opened(name).folder
    assert folder is not None
    held = load_file(folder / "model.safetensors")

    network = open_network(
        folder,
        labels=("a", "b"),
        output="labels",
        model_class="AutoModelForSequenceClassification",
    )

    assert sum(v.numel() for n, v in held.items() if not n.startswith("pooler.")) == count
    assert {value.dtype for value in held.values()} == {torch.float32}
    assert all("pooler" in n or n.startswith(("classifier", "score")) for n in network.untrained)


@pytest.mark.parametrize("name", ["minilm-l6", "minilm-l3", "me5-small"])
def test_like_texts_have_like_vectors(name: str) -> None:
    """Weights, order of layers and tokenizer fit one another."""
    folder = opened(name).folder
    assert folder is not None
    network = open_network(
        folder,
        labels=("a",),
        output="labels",
        model_class="",
        make_head=lambda *_: torch.nn.Identity(),
    ).eval()
    tokenizer = open_tokenizer(folder)
    texts = ["A man is eating food.", "Someone eats a meal.", "Shares fell in early trading."]

    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = network.model(**inputs)[0]
    mask = inputs["attention_mask"].unsqueeze(-1)
    vectors = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1))
    likeness = vectors @ vectors.T

    assert likeness[0, 1] > likeness[0, 2] + 0.1


def test_the_child_is_close_to_its_parent() -> None:
    """A real pair of base and derivative: other weights, but near ones."""
    child, parent = opened("minilm-l6-sre"), opened("minilm-l6")
    assert child.folder is not None
    assert parent.folder is not None
    ours, theirs = (load_file(base.folder / "model.safetensors") for base in (child, parent))  # type: ignore[operator]

    moved = sum(float((ours[name] - theirs[name]).square().sum()) for name in theirs)
    whole = sum(float(value.square().sum()) for value in theirs.values())

    assert ours.keys() == theirs.keys()
    assert 0 < (moved / whole) ** 0.5 < 0.05
    assert child.lineage[:2] == ("minilm-l6-sre", "minilm-l6")


def test_a_model_that_is_not_fetched_says_how(home: Path) -> None:
    """The command stands in the sentence."""
    assert not home.exists()

    with pytest.raises(StarterError, match="polyculture starter fetch minilm-l6"):
        SOURCE.open(SOURCE.settings.model_validate({"name": "minilm-l6"}), (), Path(), 1)


@pytest.mark.parametrize(
    "name",
    [e.name for e in survey() if e.field not in {"text", "chemistry", "vision", "speech"}],
)
def test_what_reads_neither_text_pictures_nor_speech_is_not_a_base(name: str) -> None:
    """One sentence, fetched or not."""
    with pytest.raises(StarterError, match="a base has to read text, pictures or speech"):
        SOURCE.open(SOURCE.settings.model_validate({"name": name}), (), Path(), 1)


@pytest.mark.slow
def test_whisper_is_a_base_that_writes_what_it_hears(tmp_path: Path) -> None:
    """The same as with transformers' own reader and search, of clips of several lengths."""
    base = opened("whisper-tiny-en")
    assert base.folder is not None
    task = parts.load("tasks", "speech")
    settings = task.settings(longest_answer=12)
    reader: Any = open_reader(base.folder)
    context = Context(
        settings=settings,
        inventory=Inventory(),
        reader=reader,
        longest=1_500,
        form="encoder_decoder",
    )
    rng = np.random.default_rng(1)
    waves = [
        (0.1 * rng.normal(size=length) * np.sin(np.arange(length) / 900)).astype(np.float32)
        for length in (8_000, 40_000)
    ]
    paths = [tmp_path / f"{number}.wav" for number in range(len(waves))]
    for path, wave in zip(paths, waves, strict=True):
        soundfile.write(path, wave, 16_000, subtype="FLOAT")
    rows = pl.DataFrame({"id": ["0", "1"], "audio": [str(path) for path in paths]})
    network = open_network(
        base.folder, labels=(), output="tokens", model_class=task.model_class["encoder_decoder"]
    ).eval()

    batch = task.collate(task.encode(rows, context).examples, context)
    found = task.read(Reading(network, batch), context)

    extractor = WhisperFeatureExtractor.from_pretrained(base.folder)
    features = extractor(waves, sampling_rate=16_000, return_tensors="pt").input_features
    with torch.no_grad():
        theirs = network.model.generate(features, max_new_tokens=12, do_sample=False)  # type: ignore[operator]
    texts = reader.tokenizer.batch_decode(theirs, skip_special_tokens=True)
    assert found == [" ".join(text.split()) for text in texts]
    assert any(found)
