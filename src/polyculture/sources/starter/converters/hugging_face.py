"""A Hugging Face folder, cleaned: float32 weights, tokenizer without settings of past callers."""

import json
from pathlib import Path
from typing import Any

KEPT = (
    "bos_token",
    "cls_token",
    "do_lower_case",
    "eos_token",
    "mask_token",
    "pad_token",
    "sep_token",
    "strip_accents",
    "tokenize_chinese_chars",
    "tokenizer_class",
    "unk_token",
)


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write configuration, weights and tokenizer."""
    config = _json(members / "config.json")
    _write(folder / "config.json", config | {"dtype": "float32"})
    write_weights(members / "model.safetensors", folder / "model.safetensors")
    copy_tokenizer(members, folder, longest=config["max_position_embeddings"])
    return ()


def write_weights(source: Path, target: Path) -> None:
    """Copy weights as float32, without buffers that a model computes by itself."""
    import numpy as np
    from safetensors.numpy import load_file, save_file

    weights = {
        name: value.astype(np.float32)
        for name, value in load_file(source).items()
        if not name.endswith("position_ids")
    }
    save_file(weights, target, metadata={"format": "pt"})


def copy_tokenizer(source: Path, folder: Path, *, longest: int) -> None:
    """Copy a fast tokenizer; what a caller once chose about cutting and padding is left out."""
    tokenizer = _json(source / "tokenizer.json")
    _write(folder / "tokenizer.json", tokenizer | {"truncation": None, "padding": None})
    settings = _json(source / "tokenizer_config.json")
    kept = {key: settings[key] for key in KEPT if key in settings}
    _write(folder / "tokenizer_config.json", kept | {"model_max_length": longest})


def _json(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
