"""A decoder out of a GGUF file: its 4-bit blocks become float32 weights that can be trained."""

import io
import json
import warnings
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from polyculture.core.errors import StarterError, need


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write configuration, weights and tokenizer.

    Raises:
        StarterError: The file is no GGUF file that transformers reads.
    """
    need("gguf", extra="train", purpose="Reading a GGUF file")
    torch = need("torch", extra="train", purpose="Reading a GGUF file")
    transformers = need("transformers", extra="train", purpose="Reading a GGUF file")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    (file,) = members.glob("*.gguf")
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):  # its progress bars
            warnings.simplefilter("ignore")  # about deprecations inside its readers
            model = transformers.AutoModelForCausalLM.from_pretrained(
                members,
                gguf_file=file.name,
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                members, gguf_file=file.name, local_files_only=True, trust_remote_code=False
            )
    except (OSError, ValueError, KeyError) as error:
        msg = f"{file.name} cannot be read as a GGUF model: {error}."
        raise StarterError(msg) from error
    _save(model, folder)
    tokenizer.model_max_length = model.config.max_position_embeddings
    tokenizer.save_pretrained(folder)
    _forget(folder / "config.json", "transformers_version", "_model_name_or_path")
    _forget(folder / "tokenizer_config.json", "is_local", "local_files_only")
    return ("The weights were stored in blocks of 4 bits and are float32 again; they stay coarse.",)


def _save(model: Any, folder: Path) -> None:
    """Write a plain folder: transformers itself refuses, since it still calls the model packed."""
    from safetensors.torch import save_file

    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.architectures = [type(model).__name__]
    config.save_pretrained(folder)
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    if config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)  # the same numbers as the token table
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _forget(file: Path, *keys: str) -> None:
    """Leave out what tells of this conversion and not of the model."""
    settings = json.loads(file.read_text(encoding="utf-8"))
    kept = {key: value for key, value in settings.items() if key not in keys}
    file.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
