"""Write a BERT encoder as a plain Hugging Face folder, from weights alone."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import StarterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LAYER = re.compile(r"encoder\.layer\.(\d+)\.")
DENSE = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
NORMS = ("attention.output.LayerNorm", "output.LayerNorm")
Weights = Mapping[str, "NDArray[np.float32]"]


def write_bert(
    folder: Path,
    weights: Weights,
    *,
    source: str,
    heads: int,
    epsilon: float = 1e-12,
    padding: int = 0,
) -> dict[str, Any]:
    """Check that the weights are those of one BERT encoder, and write them with their sizes.

    Args:
        folder: Where ``config.json`` and ``model.safetensors`` go.
        weights: By the names that transformers' ``BertModel`` uses, without a pooler.
        source: The file they came from, for messages.
        heads: Attention heads, which no shape tells.
        epsilon: The constant of the layer norms.
        padding: Id of the padding token.

    Raises:
        StarterError: A weight is missing, unknown or of the wrong shape.
    """
    from safetensors.numpy import save_file

    config = _config(weights, source) | {
        "num_attention_heads": heads,
        "layer_norm_eps": epsilon,
        "pad_token_id": padding,
    }
    _check(weights, _shapes(config), source)
    save_file(dict(weights), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    return config


def _config(weights: Weights, source: str) -> dict[str, Any]:
    try:
        vocabulary, width = weights["embeddings.word_embeddings.weight"].shape
        inner = len(weights["encoder.layer.0.intermediate.dense.weight"])
        positions = len(weights["embeddings.position_embeddings.weight"])
        types = len(weights["embeddings.token_type_embeddings.weight"])
    except KeyError as error:
        msg = f"{source} holds no weight {error.args[0]!r}, so it is no BERT encoder."
        raise StarterError(msg) from error
    numbers = [int(found.group(1)) for found in map(LAYER.match, weights) if found]
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float32",
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": 1 + max(numbers),
        "intermediate_size": inner,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
    }


def _shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], width),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for layer in range(config["num_hidden_layers"]):
        for name in DENSE:
            rows = inner if name == "intermediate.dense" else width
            columns = inner if name == "output.dense" else width
            shapes[f"encoder.layer.{layer}.{name}.weight"] = (rows, columns)
            shapes[f"encoder.layer.{layer}.{name}.bias"] = (rows,)
        for name in NORMS:
            shapes[f"encoder.layer.{layer}.{name}.weight"] = (width,)
            shapes[f"encoder.layer.{layer}.{name}.bias"] = (width,)
    return shapes


def _check(weights: Weights, shapes: Mapping[str, tuple[int, ...]], source: str) -> None:
    if odd := sorted(weights.keys() ^ shapes.keys()):
        state = "lacks the weight" if odd[0] in shapes else "holds an unknown weight"
        msg = f"{source} {state} {odd[0]!r}, so it is no BERT encoder as expected."
        raise StarterError(msg)
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            msg = (
                f"{source}: the weight {name!r} should have the shape {shape}, but has "
                f"{weights[name].shape}."
            )
            raise StarterError(msg)
