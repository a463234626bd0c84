"""Models in torch's pickles become plain folders; each kind is tried on one made here."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    AlbertConfig,
    AlbertForMaskedLM,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
)

from polyculture.core.errors import StarterError
from polyculture.nets.bodies.efficientnet import EfficientNetLite
from polyculture.nets.bodies.speaker import SpeakerEncoder
from polyculture.sources.starter.converters import efficientnet, reactions, speaker
from polyculture.sources.starter.tensors import read_pickle

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PIECES = (*SPECIAL, "C", "Cl", "(", ")", "=", "O", ">>", "%12", "[NH4+]", "c", "1", "Br", ".")
SIZES: dict[str, Any] = {
    "vocab_size": len(PIECES),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 20,
    "pad_token_id": 0,
}
TOKENS = torch.tensor([[2, 5, 6, 7, 9, 3]])


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Where the members of a package lie, and what is to be filled."""
    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    target.mkdir()
    return source, target


class Runs:
    """What a hostile pickle does when it is opened: it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    """And nothing of it was run."""
    torch.save({"weight": torch.ones(1), "more": Runs(tmp_path / "ran")}, tmp_path / "bad.pt")

    with pytest.raises(StarterError, match=r"bad\.pt cannot be read as weights alone"):
        read_pickle(tmp_path / "bad.pt")

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"no pickle", b"PK\x03\x04broken"])
def test_a_file_that_is_no_pickle_is_refused(tmp_path: Path, content: bytes) -> None:
    """One sentence, whatever torch would say."""
    (tmp_path / "bad.pt").write_bytes(content)

    with pytest.raises(StarterError, match=r"bad\.pt cannot be read") as told:
        read_pickle(tmp_path / "bad.pt")

    assert len(str(told.value).splitlines()) == 1


def test_a_list_of_weights_is_refused(tmp_path: Path) -> None:
    """Weights without names cannot be told apart."""
    torch.save([torch.ones(1)], tmp_path / "bad.pt")

    with pytest.raises(StarterError, match="holds a list"):
        read_pickle(tmp_path / "bad.pt")


def test_a_speaker_encoder_comes_out_of_its_training(folders: tuple[Path, Path]) -> None:
    """Same voices; the numbers of the training loss stay behind."""
    source, target = folders
    torch.manual_seed(2)
    encoder = SpeakerEncoder(channels=5, width=8, layers=2)
    state = {**encoder.state_dict(), "similarity_weight": torch.ones(1)}
    torch.save({"step": 9, "model_state": state}, source / "pretrained.pt")

    speaker.convert(source, target)
    opened = SpeakerEncoder.of_folder(target)
    opened.load_state_dict(load_file(target / "model.safetensors"), strict=True)
    mels = torch.randn(2, 6, 5)

    with torch.no_grad():
        assert torch.equal(opened(mels), encoder(mels))


def test_a_checkpoint_of_something_else_is_no_speaker_encoder(folders: tuple[Path, Path]) -> None:
    """Said before anything is written."""
    source, target = folders
    torch.save({"model_state": {"weight": torch.ones(2)}}, source / "pretrained.pt")

    with pytest.raises(StarterError, match="no 'model_state' of a recurrent encoder"):
        speaker.convert(source, target)

    assert not list(target.iterdir())


def test_a_weight_too_many_is_named(folders: tuple[Path, Path]) -> None:
    """An encoder with something added is not the one that was expected."""
    source, target = folders
    state = SpeakerEncoder(channels=5, width=8, layers=1).state_dict()
    torch.save({"model_state": state | {"gate.weight": torch.ones(2)}}, source / "pretrained.pt")

    with pytest.raises(StarterError, match=r"unknown weight 'gate\.weight'"):
        speaker.convert(source, target)


def test_a_weight_of_another_shape_is_named(folders: tuple[Path, Path]) -> None:
    """With both shapes."""
    source, target = folders
    state = SpeakerEncoder(channels=5, width=8, layers=1).state_dict()
    torch.save({"model_state": state | {"linear.bias": torch.ones(3)}}, source / "pretrained.pt")

    with pytest.raises(StarterError, match=r"'linear\.bias' should have the shape \(8,\).*\(3,\)"):
        speaker.convert(source, target)


THEIRS = {  # part of our network: what the package calls it
    "stem.": "_conv_stem.",
    "stem_norm.": "_bn0.",
    "top.": "_conv_head.",
    "top_norm.": "_bn1.",
    "classifier.": "_fc.",
    ".expand.": "._expand_conv.",
    ".expand_norm.": "._bn0.",
    ".depthwise.": "._depthwise_conv.",
    ".depthwise_norm.": "._bn1.",
    ".project.": "._project_conv.",
    ".project_norm.": "._bn2.",
}


def theirs(name: str) -> str:
    part = next(
        part
        for part in sorted(THEIRS, key=len, reverse=True)
        if (part in name if part.startswith(".") else name.startswith(part))
    )
    return name.replace("blocks.", "_blocks.").replace(part, THEIRS[part])


def picture_weights(classes: int) -> tuple[EfficientNetLite, dict[str, Tensor]]:
    torch.manual_seed(3)
    network = EfficientNetLite(classes).eval()
    return network, {theirs(name): value for name, value in network.state_dict().items()}


def test_a_picture_network_comes_out_of_a_pickle(folders: tuple[Path, Path]) -> None:
    """Same classes for the same picture, each weight in its place."""
    source, target = folders
    network, state = picture_weights(7)
    assert {"_blocks.1._expand_conv.weight", "_bn1.running_var"} <= state.keys()
    torch.save(state, source / "lite.pth")

    efficientnet.convert(source, target)
    opened = EfficientNetLite.of_folder(target).eval()
    opened.load_state_dict(load_file(target / "model.safetensors"), strict=True)
    picture = torch.rand(1, 3, 33, 33)

    with torch.no_grad():
        assert torch.equal(opened(picture), network(picture))


@pytest.mark.parametrize("name", ["_blocks.1._se_reduce.weight", "encoder.weight", "_bn2.bias"])
def test_another_picture_network_is_refused(folders: tuple[Path, Path], name: str) -> None:
    """A full EfficientNet has squeezing parts, which the Lite one lacks."""
    source, target = folders
    torch.save({name: torch.ones(1)}, source / "full.pth")

    with pytest.raises(StarterError, match=r"full\.pth holds an unknown weight"):
        efficientnet.convert(source, target)


def package(folder: Path, model: Any, **without: Any) -> None:
    """A folder as the packages have it: old names in the pickle and in the configuration."""
    state = dict(model.state_dict())
    prefix = model.base_model_prefix
    dot = f"{prefix}." if any(name.startswith(prefix) for name in state) else ""
    state[f"{dot}embeddings.position_ids"] = torch.arange(20)[None]
    torch.save(state | without.pop("more", {}), folder / "pytorch_model.bin")
    config = model.config.to_dict() | {"output_past": True}
    for key in ("architectures", "id2label", "label2id", "model_type", "transformers_version"):
        config.pop(key, None)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "model",
    [
        BertForMaskedLM(BertConfig(**SIZES)),
        AlbertForMaskedLM(AlbertConfig(**SIZES, embedding_size=12)),
    ],
    ids=["bert", "albert"],
)
def test_an_encoder_of_reactions_guesses_the_same_pieces(
    folders: tuple[Path, Path], model: Any
) -> None:
    """Its type is found out, its pooler left out and told, what it repeats kept once."""
    source, target = folders
    pooler = {f"{model.base_model_prefix}.pooler.bias": torch.ones(16)}
    package(source, model.eval(), more=pooler)

    notes = reactions.convert(source, target)
    opened = AutoModelForMaskedLM.from_pretrained(target).eval()
    held = load_file(target / "model.safetensors")

    with torch.no_grad():
        assert torch.allclose(opened(TOKENS).logits, model(TOKENS).logits, atol=1e-6)
    assert not any("position_ids" in name or name.endswith("decoder.weight") for name in held)
    assert len(notes) == 1
    assert "pooler.bias" in notes[0]
    assert "output_past" not in json.loads((target / "config.json").read_text(encoding="utf-8"))


def test_an_encoder_that_tells_classes_keeps_its_head(folders: tuple[Path, Path]) -> None:
    """Five classes before, five after, with the same scores."""
    source, target = folders
    model = BertForSequenceClassification(BertConfig(**SIZES, num_labels=5)).eval()
    package(source, model)

    assert reactions.convert(source, target) == ()
    opened = AutoModelForSequenceClassification.from_pretrained(target).eval()

    with torch.no_grad():
        assert torch.allclose(opened(TOKENS).logits, model(TOKENS).logits, atol=1e-6)
    assert opened.config.num_labels == 5


def test_an_encoder_without_a_head_keeps_its_pooler(folders: tuple[Path, Path]) -> None:
    """Its weights carry no prefix, and say by that what they are."""
    source, target = folders
    model = BertModel(BertConfig(**SIZES)).eval()
    package(source, model)

    assert reactions.convert(source, target) == ()
    opened = AutoModel.from_pretrained(target).eval()

    with torch.no_grad():
        assert torch.allclose(opened(TOKENS)[1], model(TOKENS)[1], atol=1e-6)


def test_half_an_encoder_is_refused(folders: tuple[Path, Path]) -> None:
    """The weight that is missing is named."""
    source, target = folders
    model = BertForMaskedLM(BertConfig(**SIZES))
    package(source, model)
    state = torch.load(source / "pytorch_model.bin", weights_only=True)
    del state["bert.encoder.layer.1.output.dense.bias"]
    torch.save(state, source / "pytorch_model.bin")

    with pytest.raises(StarterError, match=r"lacks the weight 'bert\.encoder\.layer\.1\.output"):
        reactions.convert(source, target)


def test_an_output_layer_of_its_own_is_not_lost_silently(folders: tuple[Path, Path]) -> None:
    """A token table stands for the output layer only where they are the same."""
    source, target = folders
    model = BertForMaskedLM(BertConfig(**SIZES))
    package(source, model, more={"cls.predictions.decoder.weight": torch.ones(len(PIECES), 16)})

    with pytest.raises(StarterError, match="should repeat another weight"):
        reactions.convert(source, target)


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("CCl", ["C", "Cl"]),
        ("C(=O)Cl.[NH4+]>>c1%12Br", [*"C(=O)", "Cl", ".", "[NH4+]", ">>", "c", "1", "%12", "Br"]),
        ("C C", ["C", "C"]),
        ("C今天C", ["C", "[UNK]", "C"]),
    ],
)
def test_a_reaction_is_cut_into_atoms_and_bonds(
    tmp_path: Path, line: str, pieces: list[str]
) -> None:
    """Two-letter atoms and brackets stay whole; what is no SMILES is unknown, never dropped."""
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES), encoding="utf-8")

    reactions.write_tokenizer(tmp_path / "vocab.txt", tmp_path, longest=20)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)

    found = tokenizer.convert_ids_to_tokens(tokenizer(line)["input_ids"])
    assert found == ["[CLS]", *pieces, "[SEP]"]
    assert tokenizer.mask_token_id == PIECES.index("[MASK]")


def test_a_vocabulary_of_something_else_is_refused(tmp_path: Path) -> None:
    """It lacks the pieces that an encoder needs."""
    (tmp_path / "vocab.txt").write_text("C\nO\n", encoding="utf-8")

    with pytest.raises(StarterError, match=r"lacks the piece '\[PAD\]'"):
        reactions.write_tokenizer(tmp_path / "vocab.txt", tmp_path, longest=20)
