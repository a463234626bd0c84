"""What a base folder must hold: configuration, safetensors, tokenizer; no code, no pickle."""

import json
from pathlib import Path
from typing import Any

from polyculture.core.errors import ModelError, need
from polyculture.store.digest import of_file, of_json

CONFIG = "config.json"
CONVOLUTIONAL = "convolutional.json"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack")
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
FILES = (
    CONFIG,
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer*.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "chat_template*",
)
"""Everything that is read of a base."""


def check_folder(folder: Path, name: str) -> None:
    """See that a folder can be opened safely.

    Raises:
        ModelError: Something is missing, or would have to be run to be read.
    """
    if not folder.is_dir():
        msg = f"There is no folder {folder}. Check the path of the base."
        raise ModelError(msg)
    if not any((folder / file).is_file() for file in WEIGHTS):
        _refuse_weights(folder, name)
    if not (folder / CONVOLUTIONAL).is_file():
        _check_config(folder, name)
    if not any(found.is_file() for pattern in TOKENIZERS for found in folder.glob(pattern)):
        msg = f"{name} has no tokenizer (tokenizer.json). Save one into the same folder."
        raise ModelError(msg)


def _refuse_weights(folder: Path, name: str) -> None:
    pickled = next((found for pattern in PICKLES for found in folder.glob(pattern)), None)
    if pickled is None:
        msg = (
            f"{name} has no model.safetensors beside its config.json, and no other format is read."
        )
        raise ModelError(msg)
    msg = (
        f"{name} has its weights only as {pickled.name}, a format that can run code when it is "
        'opened. Convert it once, where you trust it: python -c "from transformers import '
        f"AutoModel as M; M.from_pretrained('{folder}').save_pretrained('{folder}')\""
    )
    raise ModelError(msg)


def _check_config(folder: Path, name: str) -> None:
    file = folder / CONFIG
    try:
        config: Any = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{name} has no config.json, so nobody can tell what its weights are."
        raise ModelError(msg) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read as JSON: {error}."
        raise ModelError(msg) from error
    kind = config.get("model_type") if isinstance(config, dict) else None
    known = need("transformers", extra="train", purpose="Opening a base").CONFIG_MAPPING
    if kind not in known:
        msg = (
            f"{file}: transformers does not know the model_type {kind!r}. Code that comes with a "
            "model is never run here; choose a base that needs none."
        )
        raise ModelError(msg)


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of the files that make the base."""
    wanted = {found for pattern in (*FILES, CONVOLUTIONAL) for found in folder.glob(pattern)}
    files = sorted(path for path in wanted if path.is_file())
    return of_json([(path.name, of_file(path)) for path in files])
