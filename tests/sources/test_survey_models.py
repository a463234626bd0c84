"""The fetched models of other fields know what they should. Skipped where they are not fetched."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from polyculture.nets.bodies.efficientnet import EfficientNetLite
from polyculture.nets.bodies.speaker import SpeakerEncoder
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find

pytestmark = [pytest.mark.model, pytest.mark.slow]
AMIDE = "CC(=O)Cl.NCc1ccccc1>>CC(=O)NCc1ccccc1"
"""Acetyl chloride and benzylamine become N-benzylacetamide: a reaction of every textbook."""
ANALOG_CLOCK, BELL_COTE, BOATHOUSE, WINDOW_SCREEN, TRAFFIC_LIGHT, LAKESIDE = (
    409,
    442,
    449,
    904,
    920,
    975,
)
"""Numbers of classes of ImageNet-1k."""


def folder_of(name: str) -> Path:
    if cache.mark_of(find(name)) is None:
        pytest.skip(f"{name} is not fetched: polyculture starter fetch {name}")
    return cache.folder_of(find(name))


def opened(kind: Any, folder: Path) -> Any:
    """Every weight of the file has its place, and every place its weight."""
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    return model.eval()


@pytest.mark.parametrize("name", ["rxn-bert", "rxnmapper"])
def test_hidden_atoms_of_a_reaction_are_guessed(name: str) -> None:
    """Each piece in turn is masked; most come back, which fits only right weights and pieces."""
    import transformers

    folder = folder_of(name)
    kind = {"rxn-bert": "BertForPreTraining", "rxnmapper": "AlbertForMaskedLM"}[name]
    model = opened(getattr(transformers, kind), folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokens = tokenizer(AMIDE, return_tensors="pt")["input_ids"][0]
    inner = range(1, len(tokens) - 1)
    masked = tokens.repeat(len(inner), 1)
    masked[range(len(inner)), inner] = tokenizer.mask_token_id

    with torch.no_grad():
        scores = model(masked)[0]
    guessed = scores[range(len(inner)), inner].argmax(-1)

    assert tokenizer.unk_token_id not in tokens
    assert (guessed == tokens[1:-1]).float().mean() > 0.9


def test_children_are_nearer_to_their_parent_than_a_model_of_noise() -> None:
    """Distances in the space of weights tell who was trained from whom."""
    parent = load_file(folder_of("rxn-bert") / "model.safetensors")
    for name in ("rxn-bert-ft", "rxn-bert-ft-10k"):
        child = load_file(folder_of(name) / "model.safetensors")
        plain = {one.removeprefix("bert."): value for one, value in child.items()}
        shared = [one for one in parent if one.startswith("bert.encoder")]
        others = [plain[one.removeprefix("bert.")] for one in shared]

        moved = sum(
            float((other - parent[one]).square().sum())
            for one, other in zip(shared, others, strict=True)
        )
        whole = sum(float(parent[one].square().sum()) for one in shared)

        assert len(shared) == 12 * 16
        assert 0 < math.sqrt(moved / whole) < 0.5


def test_whisper_answers_to_silence() -> None:
    """The English decoder starts and stops, and says next to nothing of nothing."""
    from transformers import AutoTokenizer, WhisperFeatureExtractor, WhisperForConditionalGeneration

    folder = folder_of("whisper-tiny-en")
    model = opened(WhisperForConditionalGeneration, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    features = WhisperFeatureExtractor.from_pretrained(folder)
    silence = features(torch.zeros(16_000).numpy(), sampling_rate=16_000, return_tensors="pt")

    with torch.no_grad():
        answer = model.generate(silence["input_features"], max_new_tokens=30)[0]

    assert sum(weight.numel() for weight in model.parameters()) == 37_760_256
    assert len(tokenizer.decode(answer, skip_special_tokens=True).split()) < 5


def test_a_voice_is_itself_however_long_it_speaks() -> None:
    """The same sound twice as long is the same voice; noise of another colour is another."""
    folder = folder_of("voice-encoder")
    encoder = SpeakerEncoder.of_folder(folder).eval()
    encoder.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    torch.manual_seed(5)
    low, high = torch.rand(1, 160, 40), torch.rand(1, 160, 40)
    low[..., 20:] = 0
    high[..., :20] = 0

    with torch.no_grad():
        one, longer, other = encoder(low), encoder(torch.cat([low, low], 1)), encoder(high)

    assert float(one @ longer.T) > float(one @ other.T) + 0.1


def seen(pictures: Tensor) -> list[list[int]]:
    """The three likeliest classes of pictures ``(rows, 3, 224, 224)`` of values up to 255."""
    folder = folder_of("efficientnet-lite0")
    network = EfficientNetLite.of_folder(folder).eval()
    network.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    with torch.no_grad():
        best: list[list[int]] = network((pictures - 127) / 128).topk(3).indices.tolist()
    return best


def painted(shape: Tensor, colour: tuple[int, ...], ground: tuple[int, ...]) -> Tensor:
    """A picture ``(3, 224, 224)``: one colour where the shape is, another elsewhere."""
    pairs = zip(colour, ground, strict=True)
    return torch.stack([torch.where(shape, float(one), float(other)) for one, other in pairs])


def test_what_is_drawn_is_seen() -> None:
    """A grid, a clock and a traffic light of a few strokes are told apart among 1,000 classes."""
    y, x = torch.meshgrid(torch.arange(224.0) - 112, torch.arange(224.0) - 112, indexing="ij")
    far, hours = (x * x + y * y).sqrt(), torch.atan2(y, x) * 6 / math.pi
    grid = painted((x % 8 < 2) | (y % 8 < 2), (60, 60, 60), (200, 210, 220))
    hands = (x.abs() < 3) & (y < 0) & (y > -70) | (y.abs() < 3) & (x > 0) & (x < 50)
    marks = (far > 92) | (far > 75) & ((hours - hours.round()).abs() < 0.06)
    clock = painted((far < 100) & ~(hands | marks), (250, 250, 250), (30, 30, 30))
    light = painted((x.abs() < 32) & (y.abs() < 90), (30, 30, 30), (150, 190, 240))
    for height, colour in ((-58, (255, 30, 20)), (0, (90, 70, 10)), (58, (10, 60, 20))):
        lamp = (x * x + (y - height) ** 2).sqrt() < 22
        light = torch.where(lamp, torch.tensor(colour).float()[:, None, None], light)

    best = seen(torch.stack([grid, clock, light]))

    assert [one[0] for one in best] == [WINDOW_SCREEN, ANALOG_CLOCK, TRAFFIC_LIGHT]


def test_a_pavilion_at_a_lake_is_seen() -> None:
    """scikit-learn's photograph china.jpg: bell cote, boathouse, lakeside."""
    pytest.importorskip("PIL", reason="Pillow, which reads photographs, is not installed")
    from sklearn.datasets import load_sample_image

    photograph = torch.tensor(load_sample_image("china.jpg")).permute(2, 0, 1)[None].float()
    squeezed = torch.nn.functional.interpolate(
        photograph, size=(224, 224), mode="bilinear", antialias=True
    )

    assert set(seen(squeezed)[0]) == {BELL_COTE, BOATHOUSE, LAKESIDE}
