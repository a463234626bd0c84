"""Whisper out of a CTranslate2 file, as a plain Hugging Face folder.

Differences from transformers: query, key and value of a self-attention are one matrix, its rows in
this order (``self_attention/linear_0``); so are key and value of a cross-attention
(``attention/linear_1``); gains and shifts of layer norms are called gamma and beta; the output
layer is the token table. Whisper's keys have no bias, so that part of a stored bias is dropped.
"""

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import StarterError
from polyculture.sources.starter.ctranslate import read_variables
from polyculture.sources.starter.tensors import write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDES = ("encoder", "decoder")
SPECIAL = {
    "end": "<|endoftext|>",
    "start": "<|startoftranscript|>",
    "untimed": "<|notimestamps|>",
    "before": "<|startofprev|>",
}
HEARING = {
    "feature_extractor_type": "WhisperFeatureExtractor",
    "processor_class": "WhisperProcessor",
    "sampling_rate": 16_000,
    "chunk_length": 30,
    "n_fft": 400,
    "hop_length": 160,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": False,
}
NOTES = ("The weights were stored in 16 bits and are float32 again.",)


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write configuration, weights, tokenizer and how sound becomes numbers.

    Raises:
        StarterError: The file is no Whisper model of floats, or a variable is missing.
    """
    from safetensors.numpy import save_file

    file = members / "model.bin"
    variables = Variables(file.name, read_variables(file, "WhisperSpec"))
    weights = weights_of(variables)
    variables.refuse_rest()
    ids = _ids(members / "tokenizer.json")
    config = _config(variables, weights, ids)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", config)
    write_json(folder / "generation_config.json", _generation(config, ids))
    mels = {"feature_size": config["num_mel_bins"]}
    write_json(folder / "preprocessor_config.json", HEARING | mels)
    _write_tokenizer(members / "tokenizer.json", folder, config["max_target_positions"])
    return NOTES


class Variables:
    """The variables of a file, each taken once, so that none is forgotten."""

    def __init__(self, source: str, found: "dict[str, NDArray[Any]]") -> None:
        self.source, self.found = source, found
        self.rest = {name for name, value in found.items() if value.ndim > 0}
        """Not taken yet; single numbers are settings."""

    def take(self, name: str) -> "NDArray[np.float32]":
        """A variable as float32."""
        import numpy as np

        if name not in self.found:
            msg = f"{self.source} holds no variable {name!r}, so it is no Whisper model."
            raise StarterError(msg)
        value = self.found[name]
        if value.dtype.kind != "f":
            msg = (
                f"{self.source}: the variable {name!r} is stored as {value.dtype}; only models of "
                "floats are read."
            )
            raise StarterError(msg)
        self.rest.discard(name)
        return np.ascontiguousarray(value, np.float32)

    def layers(self, side: str) -> int:
        """How many layers the encoder or the decoder has."""
        found = (re.match(rf"{side}/layer_(\d+)/", name) for name in self.found)
        return 1 + max((int(match[1]) for match in found if match), default=-1)

    def refuse_rest(self) -> None:
        """Say which variable nobody took."""
        if self.rest:
            name = min(self.rest)
            msg = f"{self.source} holds an unknown variable {name!r}, so it is no Whisper model."
            raise StarterError(msg)


def weights_of(variables: Variables) -> "dict[str, NDArray[np.float32]]":
    """All weights by the names of transformers' ``WhisperForConditionalGeneration``."""
    weights: dict[str, NDArray[np.float32]] = {}
    for name in ("conv1", "conv2"):
        weights |= _linear(variables, f"encoder/{name}", f"model.encoder.{name}")
    table = variables.take("decoder/embeddings/weight")
    weights["model.decoder.embed_tokens.weight"] = table
    for side in SIDES:
        positions = variables.take(f"{side}/position_encodings/encodings")
        weights[f"model.{side}.embed_positions.weight"] = positions
        weights |= _norm(variables, f"{side}/layer_norm", f"model.{side}.layer_norm")
        for number in range(variables.layers(side)):
            weights |= _layer(variables, side, number)
    return weights


def _layer(variables: Variables, side: str, number: int) -> "dict[str, NDArray[np.float32]]":
    source, target = f"{side}/layer_{number}", f"model.{side}.layers.{number}"
    own, ours = f"{source}/self_attention", f"{target}.self_attn"
    weights = {
        **_norm(variables, f"{own}/layer_norm", f"{ours}_layer_norm"),
        **_joined(variables, f"{own}/linear_0", ours, "qkv"),
        **_linear(variables, f"{own}/linear_1", f"{ours}.out_proj"),
        **_norm(variables, f"{source}/ffn/layer_norm", f"{target}.final_layer_norm"),
        **_linear(variables, f"{source}/ffn/linear_0", f"{target}.fc1"),
        **_linear(variables, f"{source}/ffn/linear_1", f"{target}.fc2"),
    }
    if side == "decoder":
        cross, theirs = f"{source}/attention", f"{target}.encoder_attn"
        weights |= _norm(variables, f"{cross}/layer_norm", f"{theirs}_layer_norm")
        weights |= _linear(variables, f"{cross}/linear_0", f"{theirs}.q_proj")
        weights |= _joined(variables, f"{cross}/linear_1", theirs, "kv")
        weights |= _linear(variables, f"{cross}/linear_2", f"{theirs}.out_proj")
    return weights


def _norm(variables: Variables, source: str, target: str) -> "dict[str, NDArray[np.float32]]":
    return {
        f"{target}.weight": variables.take(f"{source}/gamma"),
        f"{target}.bias": variables.take(f"{source}/beta"),
    }


def _linear(variables: Variables, source: str, target: str) -> "dict[str, NDArray[np.float32]]":
    return {f"{target}.{kind}": variables.take(f"{source}/{kind}") for kind in ("weight", "bias")}


def _joined(
    variables: Variables, source: str, target: str, parts: str
) -> "dict[str, NDArray[np.float32]]":
    """Cut one matrix into those of query, key and value."""
    import numpy as np

    weight, bias = variables.take(f"{source}/weight"), variables.take(f"{source}/bias")
    found = {}
    for part, rows, shifts in zip(
        parts, np.split(weight, len(parts)), np.split(bias, len(parts)), strict=True
    ):
        found[f"{target}.{part}_proj.weight"] = rows.copy()
        if part != "k":
            found[f"{target}.{part}_proj.bias"] = shifts.copy()
    return found


def _ids(tokenizer: Path) -> dict[str, int]:
    """Numbers of the pieces that steer the decoder."""
    added = json.loads(tokenizer.read_text(encoding="utf-8"))["added_tokens"]
    codes = {one["content"]: int(one["id"]) for one in added}
    if lacking := [piece for piece in SPECIAL.values() if piece not in codes]:
        msg = f"{tokenizer.name} lacks the piece {lacking[0]!r}, so it is not Whisper's."
        raise StarterError(msg)
    return {name: codes[piece] for name, piece in SPECIAL.items()}


def _config(
    variables: Variables, weights: "dict[str, NDArray[np.float32]]", ids: dict[str, int]
) -> dict[str, Any]:
    vocabulary, width = weights["model.decoder.embed_tokens.weight"].shape
    config: dict[str, Any] = {
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "dtype": "float32",
        "vocab_size": vocabulary,
        "d_model": width,
        "num_mel_bins": weights["model.encoder.conv1.weight"].shape[1],
        "max_source_positions": len(weights["model.encoder.embed_positions.weight"]),
        "max_target_positions": len(weights["model.decoder.embed_positions.weight"]),
        "activation_function": "gelu",
        "scale_embedding": False,
        "tie_word_embeddings": True,
        "is_encoder_decoder": True,
        "bos_token_id": ids["end"],
        "eos_token_id": ids["end"],
        "pad_token_id": ids["end"],
        "decoder_start_token_id": ids["start"],
    }
    for side in SIDES:
        config[f"{side}_layers"] = variables.layers(side)
        config[f"{side}_attention_heads"] = int(variables.found[f"{side}/num_heads"])
        config[f"{side}_ffn_dim"] = len(weights[f"model.{side}.layers.0.fc1.weight"])
    return config


def _generation(config: dict[str, Any], ids: dict[str, int]) -> dict[str, Any]:
    """How the decoder speaks: English, without times."""
    kept = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
    return {
        **{key: config[key] for key in kept},
        "is_multilingual": False,
        "no_timestamps_token_id": ids["untimed"],
        "prev_sot_token_id": ids["before"],
        "return_timestamps": False,
        "max_length": config["max_target_positions"],
    }


def _write_tokenizer(source: Path, folder: Path, longest: int) -> None:
    shutil.copyfile(source, folder / "tokenizer.json")
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": longest,
        "bos_token": SPECIAL["end"],
        "eos_token": SPECIAL["end"],
        "pad_token": SPECIAL["end"],
        "unk_token": SPECIAL["end"],
    }
    write_json(folder / "tokenizer_config.json", settings)
