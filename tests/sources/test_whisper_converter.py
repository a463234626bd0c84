"""Whisper out of a CTranslate2 file: tried on a tiny one, written here in that format."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import (
    AutoTokenizer,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from polyculture.core.errors import StarterError
from polyculture.sources.starter.converters import whisper
from polyculture.sources.starter.ctranslate import read_variables

TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
WORDS = ("a", "b", "Ġ", *whisper.SPECIAL.values())
Variables = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def model() -> WhisperForConditionalGeneration:
    """A Whisper of one layer on each side, with numbers that fit into 16 bits."""
    torch.manual_seed(4)
    config = WhisperConfig(
        vocab_size=len(WORDS),
        d_model=8,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=12,
        decoder_ffn_dim=10,
        num_mel_bins=4,
        max_source_positions=6,
        max_target_positions=9,
        pad_token_id=3,
        bos_token_id=3,
        eos_token_id=3,
        decoder_start_token_id=4,
    )
    made = WhisperForConditionalGeneration(config).eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(torch.randn_like(weight).half().float())
    return made


def stored(model: WhisperForConditionalGeneration) -> Variables:
    """The model's weights as that format names and joins them."""
    state = {name: np.asarray(value.numpy()) for name, value in model.state_dict().items()}
    found: Variables = {"decoder/embeddings/weight": state["model.decoder.embed_tokens.weight"]}

    def put(target: str, source: str, names: tuple[str, str] = ("weight", "bias")) -> None:
        for name, kind in zip(names, ("weight", "bias"), strict=True):
            found[f"{target}/{name}"] = state[f"{source}.{kind}"]

    def join(target: str, source: str, parts: str) -> None:
        projections = [f"{source}.{part}_proj" for part in parts]
        nothing = np.zeros(8, np.float32)  # keys have no bias
        biases = [state.get(f"{name}.bias", nothing) for name in projections]
        found[f"{target}/weight"] = np.concatenate([state[f"{n}.weight"] for n in projections])
        found[f"{target}/bias"] = np.concatenate(biases)

    norm = ("gamma", "beta")
    put("encoder/conv1", "model.encoder.conv1")
    put("encoder/conv2", "model.encoder.conv2")
    for side, layers in (("encoder", 1), ("decoder", 2)):
        put(f"{side}/layer_norm", f"model.{side}.layer_norm", norm)
        positions = state[f"model.{side}.embed_positions.weight"]
        found[f"{side}/position_encodings/encodings"] = positions
        found[f"{side}/num_heads"] = np.array(2, np.int16)
        for number in range(layers):
            target, source = f"{side}/layer_{number}", f"model.{side}.layers.{number}"
            put(f"{target}/self_attention/layer_norm", f"{source}.self_attn_layer_norm", norm)
            join(f"{target}/self_attention/linear_0", f"{source}.self_attn", "qkv")
            put(f"{target}/self_attention/linear_1", f"{source}.self_attn.out_proj")
            put(f"{target}/ffn/layer_norm", f"{source}.final_layer_norm", norm)
            put(f"{target}/ffn/linear_0", f"{source}.fc1")
            put(f"{target}/ffn/linear_1", f"{source}.fc2")
            if side == "decoder":
                put(f"{target}/attention/layer_norm", f"{source}.encoder_attn_layer_norm", norm)
                put(f"{target}/attention/linear_0", f"{source}.encoder_attn.q_proj")
                join(f"{target}/attention/linear_1", f"{source}.encoder_attn", "kv")
                put(f"{target}/attention/linear_2", f"{source}.encoder_attn.out_proj")
    return found


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def file_of(variables: Variables, *, version: int = 6, kind: str = "WhisperSpec") -> bytes:
    parts = [struct.pack("<I", version), text(kind), struct.pack("<II", 3, len(variables))]
    for name, value in variables.items():
        parts += [text(name), struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)]
        parts += [struct.pack("<BI", TYPES[str(value.dtype)], value.nbytes), value.tobytes()]
    return b"".join([*parts, struct.pack("<I", 0)])


def halves(variables: Variables) -> Variables:
    return {n: v.astype(np.float16) if v.dtype == np.float32 else v for n, v in variables.items()}


def written(folder: Path, content: bytes) -> Path:
    folder.mkdir()
    (folder / "model.bin").write_bytes(content)
    added = [
        {"id": code, "content": word, "special": True, "single_word": False, "lstrip": False}
        | {"rstrip": False, "normalized": False}
        for code, word in enumerate(WORDS)
        if word in whisper.SPECIAL.values()
    ]
    tokenizer = {
        "version": "1.0",
        "added_tokens": added,
        "model": {
            "type": "BPE",
            "vocab": {word: code for code, word in enumerate(WORDS)},
            "merges": [],
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return folder


def test_whisper_hears_and_says_the_same(
    model: WhisperForConditionalGeneration, tmp_path: Path
) -> None:
    """All weights in their places: the same scores, from numbers of 16 bits."""
    source, target = written(tmp_path / "from", file_of(halves(stored(model)))), tmp_path / "to"
    target.mkdir()
    sound, tokens = torch.randn(1, 4, 12), torch.tensor([[4, 0, 1]])

    whisper.convert(source, target)
    opened, info = WhisperForConditionalGeneration.from_pretrained(target, output_loading_info=True)
    with torch.no_grad():
        ours = opened.eval()(input_features=sound, decoder_input_ids=tokens).logits
        theirs = model(input_features=sound, decoder_input_ids=tokens).logits

    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert torch.equal(ours, theirs)


def test_sound_and_words_go_in_and_come_out(
    model: WhisperForConditionalGeneration, tmp_path: Path
) -> None:
    """Feature extractor, tokenizer and the first tokens of an answer are told by the folder."""
    source, target = written(tmp_path / "from", file_of(halves(stored(model)))), tmp_path / "to"
    target.mkdir()

    whisper.convert(source, target)
    features = WhisperFeatureExtractor.from_pretrained(target)
    opened = WhisperForConditionalGeneration.from_pretrained(target)
    tokenizer = AutoTokenizer.from_pretrained(target)

    assert (features.feature_size, features.sampling_rate) == (4, 16_000)
    assert tokenizer("ab")["input_ids"] == [0, 1]
    assert tokenizer.eos_token_id == 3
    assert opened.generation_config.decoder_start_token_id == 4
    assert opened.generation_config.no_timestamps_token_id == 5
    assert opened.generation_config.max_length == 9


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.99])
def test_a_file_that_ends_early_is_refused(
    model: WhisperForConditionalGeneration, tmp_path: Path, share: float
) -> None:
    """The message names file and offset, wherever it breaks off."""
    whole = file_of(halves(stored(model)))
    file = tmp_path / "model.bin"
    file.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(StarterError, match=r"model\.bin, offset \d+"):
        read_variables(file, "WhisperSpec")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (file_of({}, version=5), "expected version 6"),
        (file_of({}, kind="TransformerSpec"), "of kind WhisperSpec, but it is 'TransformerSpec'"),
    ],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    """What was expected and what came."""
    (tmp_path / "model.bin").write_bytes(content)

    with pytest.raises(StarterError, match=told):
        read_variables(tmp_path / "model.bin", "WhisperSpec")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"encoder/conv1/weight": np.ones((8, 4, 3), np.int8)}, "is stored as int8; only models"),
        ({"decoder/gate": np.ones(3, np.float32)}, "unknown variable 'decoder/gate'"),
    ],
    ids=["quantised", "another model"],
)
def test_what_cannot_be_read_as_whisper_is_refused(
    model: WhisperForConditionalGeneration, tmp_path: Path, change: Variables, told: str
) -> None:
    """The variable is named, and no folder looks whole."""
    source = written(tmp_path / "from", file_of(stored(model) | change))
    target = tmp_path / "to"
    target.mkdir()

    with pytest.raises(StarterError, match=told):
        whisper.convert(source, target)

    assert not list(target.iterdir())


def test_a_missing_variable_is_named(model: WhisperForConditionalGeneration) -> None:
    """Half a model is not written as a whole one."""
    variables = stored(model)
    del variables["decoder/layer_1/ffn/linear_0/bias"]

    with pytest.raises(StarterError, match="'decoder/layer_1/ffn/linear_0/bias'"):
        whisper.weights_of(whisper.Variables("model.bin", variables))
