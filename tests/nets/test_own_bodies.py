"""Bodies of our own that read pictures: opened, trained, saved and opened again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import ConvNextConfig, ViTConfig
from transformers.models.auto.modeling_auto import AutoModel

from polyculture.adaptations.low_rank import LowRank, attach
from polyculture.core import parts
from polyculture.core.errors import ModelError, RecipeError
from polyculture.nets.batch import Batch
from polyculture.nets.bodies.efficientnet import EfficientNetLiteBody
from polyculture.nets.build import load_head, open_network, open_reader, reads_of, save_network
from polyculture.nets.layers import LinearHead
from polyculture.nets.network import Network
from polyculture.nets.reading.pictures import PictureReader
from polyculture.sources.bases.contents.plain import check_folder
from polyculture.sources.bases.new import New, open_base

LABELS = ("a", "b", "c")
READER = PictureReader(height=8, width=8, mean=(0.5,) * 3, deviation=(0.5,) * 3)


def opened(folder: Path, *, is_standard: bool = False) -> Network:
    def make(width: int, labels: int, dropout: float) -> Any:
        return LinearHead(width, labels, dropout=dropout)

    torch.manual_seed(1)
    return open_network(
        folder,
        labels=LABELS,
        output="labels",
        model_class="AutoModelForImageClassification",
        make_head=None if is_standard else make,
    )


@pytest.fixture
def pictures(tmp_path: Path) -> list[list[str]]:
    """Paths of a few pictures in colour."""
    paths = []
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        paths.append([str(tmp_path / f"{number}.png")])
        Image.fromarray(pixels).save(paths[-1][0])
    return paths


@pytest.fixture(params=["resnet", "efficientnet", "vit", "convnext"])
def base(request: pytest.FixtureRequest, pictures: list[list[str]], tmp_path: Path) -> Path:
    """Two networks of ours and two of transformers, tiny or random."""
    folder = tmp_path / "base"
    folder.mkdir()
    torch.manual_seed(1)
    if request.param == "resnet":
        open_base(New(kind="resnet", width=32), pictures, folder, 1)
        return folder
    READER.save_pretrained(folder)
    if request.param == "efficientnet":
        body = EfficientNetLiteBody()
        body.save_sizes(folder)
        save_file(body.state_dict(), folder / "model.safetensors")
        return folder
    config: Any = (
        ViTConfig(
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=8,
            patch_size=4,
        )
        if request.param == "vit"
        else ConvNextConfig(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2, patch_size=2)
    )
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


def batch_of(folder: Path) -> Batch:
    reader = open_reader(folder)
    assert isinstance(reader, PictureReader)
    pixels = np.random.default_rng(1).integers(0, 256, (3, 3, 8, 8), dtype=np.uint8)
    return Batch(inputs={"pixel_values": torch.from_numpy(reader.numbers(pixels))}, rows=(0, 1, 2))


def test_a_network_for_pictures_answers_the_same_after_saving(base: Path, tmp_path: Path) -> None:
    """With a head of ours, on the mean of what the body says of all places."""
    check_folder(base, "base")
    assert reads_of(base) == "pictures"
    network = opened(base).eval()
    batch = batch_of(base)

    save_network(network, open_reader(base), tmp_path / "saved")

    check_folder(tmp_path / "saved", "saved")
    again = opened(tmp_path / "saved").eval()
    load_head(again, tmp_path / "saved")
    with torch.no_grad():
        expected = network(batch)["logits"]
        assert expected.shape == (3, 3)
        torch.testing.assert_close(again(batch_of(tmp_path / "saved"))["logits"], expected)
    readme = (tmp_path / "saved" / "README.md").read_text(encoding="utf-8")
    assert "Answer the pictures of a file" in readme


@pytest.mark.parametrize("base", ["vit", "convnext"], indirect=True)
def test_a_standard_head_for_pictures_stays_one_of_transformers(base: Path, tmp_path: Path) -> None:
    """The saved folder opens with transformers' own class, and gives the same numbers."""
    from transformers import AutoModelForImageClassification

    network = opened(base, is_standard=True).eval()
    batch = batch_of(base)

    save_network(network, open_reader(base), tmp_path / "saved")

    theirs = AutoModelForImageClassification.from_pretrained(
        tmp_path / "saved", dtype=torch.float32
    ).eval()
    with torch.no_grad():
        expected = theirs(**batch.inputs).logits
        torch.testing.assert_close(network(batch)["logits"], expected)
    assert theirs.config.id2label == dict(enumerate(LABELS))
    readme = (tmp_path / "saved" / "README.md").read_text(encoding="utf-8")
    assert "AutoModelForImageClassification, AutoImageProcessor" in readme


@pytest.mark.parametrize("base", ["efficientnet"], indirect=True)
def test_statistics_of_a_base_stay_as_they_are_in_training(base: Path) -> None:
    """Threads would mix up theirs, and a checkpoint holds weights alone."""
    network = opened(base).train()
    before = {name: values.clone() for name, values in network.named_buffers()}

    network(batch_of(base))["logits"].sum().backward()

    assert all(torch.equal(values, before[name]) for name, values in network.named_buffers())
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize("base", ["resnet"], indirect=True)
def test_weights_of_other_sizes_are_refused(base: Path) -> None:
    """The first tensor that does not fit is named with both shapes."""
    settings = json.loads((base / "config.json").read_text(encoding="utf-8"))
    (base / "config.json").write_text(json.dumps(settings | {"width": 64}), encoding="utf-8")

    with pytest.raises(ModelError, match=r"'\S+' is \S+ in the file, but \S+ is needed"):
        check_folder(base, "base")


@pytest.mark.parametrize("base", ["vit"], indirect=True)
def test_a_base_for_pictures_has_to_say_how_they_go_in(base: Path) -> None:
    """Without that, transformers' defaults would be guessed."""
    (base / "preprocessor_config.json").unlink()
    (base / "tokenizer.json").write_text('{"model": {}, "added_tokens": []}', encoding="utf-8")

    with pytest.raises(ModelError, match="reads pictures, but has no preprocessor_config"):
        check_folder(base, "base")


def test_the_same_pictures_and_seed_give_the_same_base(
    pictures: list[list[str]], tmp_path: Path
) -> None:
    """Other seeds give other weights."""
    digests = []
    for number, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(number)
        folder.mkdir()
        digests.append(open_base(New(kind="resnet", width=32), pictures, folder, seed).digest)

    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("name", ["bottleneck", "last_layers"])
@pytest.mark.parametrize("base", ["efficientnet", "resnet", "convnext"], indirect=True)
def test_a_network_of_convolutions_has_no_blocks(base: Path, name: str) -> None:
    """Adaptations that need some refuse it; the sentence says what goes."""
    adaptation = parts.load("adaptations", name)

    with pytest.raises(RecipeError, match=r"this base has none\. Choose .* 'full' or 'head_only'"):
        adaptation.attach(opened(base), adaptation.settings())


@pytest.mark.parametrize("base", ["efficientnet"], indirect=True)
def test_low_rank_needs_linear_layers(base: Path) -> None:
    """A network of convolutions alone has none; the sentence says what goes."""
    with pytest.raises(RecipeError, match=r"this base has none\. Choose .* 'full' or 'head_only'"):
        attach(opened(base), LowRank())
