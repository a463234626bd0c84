"""Open a model's ``config.json`` without running foreign code, and check what it builds.

transformers would run Python that comes with a model (``auto_map``), and download and run attention
kernels that a configuration names. Neither is ever allowed here.
"""

import inspect
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from polyculture.core.errors import ModelError, need
from polyculture.core.task import Reads
from polyculture.store.weight_files import read_object

CONFIG = "config.json"
LONGEST = 200
"""Characters of a library's reason; some are pages long."""
SIZES = {"hidden_size": 1, "num_hidden_layers": 0, "num_attention_heads": 1, "vocab_size": 1}
"""Settings that decide how large a network is, and the least they can be."""
KERNELS = ("attn_implementation", "experts_implementation")
PICTURES = "pixel_values"
"""The input of models that see."""
SOUNDS = {"input_features", "input_values"}
"""The inputs of models that hear."""
SERIES = {"past_values", "past_observed_mask"}
"""The inputs of models of series that need nothing else, such as the hour of each value."""
SENSES = {PICTURES, *SOUNDS, "image_embeds"}
"""Inputs of models that see or hear."""


def reason_of(error: BaseException) -> str:
    r"""What a library's exception says, in one line.

    Example:
        >>> reason_of(KeyError("foo")), reason_of(ValueError("not a\nmodel."))
        ("KeyError: 'foo'", 'not a model')
    """
    text = " ".join(str(error).split())
    wrong_type = re.search(r"Field '(\w+)' expected (\w+), got \w+ \(value: (.*?)\)", text)
    if wrong_type:
        name, wanted, value = wrong_type.groups()
        return f"{name!r} should be {wanted}, got {value}"
    if not isinstance(error, ValueError | OSError):
        text = f"{type(error).__name__}: {text}"
    text = text.partition(" You can ")[0].rstrip(".: ")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def check_settings(folder: Path, name: str) -> None:
    """Refuse a configuration that would need code from elsewhere, before anything opens it.

    Raises:
        ModelError: ``config.json`` is broken, of a kind that transformers does not know or that
            reads neither text, pictures, sounds nor series alone, quantised, or names a kernel to
            download.
    """
    file = folder / CONFIG
    config = read_object(file)
    for key, value in _walk(config):
        if key.removeprefix("_").removesuffix("_internal") in KERNELS and "/" in str(value):
            msg = (
                f"{file}: {key!r} names code on a hub ({value!r}). Code that comes with a model is "
                "never run here; remove the setting."
            )
            raise ModelError(msg)
    if config.get("quantization_config"):
        msg = (
            f"{name} is quantised (quantization_config in {CONFIG}), but a base needs "
            "floating-point weights. Choose a version that is not quantised."
        )
        raise ModelError(msg)
    kind = config.get("model_type")
    known = need("transformers", extra="train", purpose="Opening a base").CONFIG_MAPPING
    if not isinstance(kind, str) or kind not in known:
        msg = (
            f"{file}: transformers does not know the model_type {kind!r}. Code that comes with a "
            "model is never run here; choose a base that needs none."
        )
        raise ModelError(msg)
    if kind_reads(kind) is None:
        msg = (
            f"{name} is of the model_type {kind!r}, which reads neither text, pictures, sounds nor "
            "series alone. Choose an encoder such as BERT or a decoder such as Llama for text, a "
            "network such as ViT for pictures, wav2vec2 or Whisper for sounds, or PatchTST for "
            "series."
        )
        raise ModelError(msg)


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    tables = [value]
    while tables:
        table = tables.pop()
        for key, inner in table.items():
            yield key, inner
            if isinstance(inner, dict):
                tables.append(inner)


def open_configuration(folder: Path, name: str) -> Any:
    """The library's configuration of a model.

    Raises:
        ModelError: See ``check_settings``; or a setting cannot be.
    """
    check_settings(folder, name)
    from transformers import AutoConfig

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = AutoConfig.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # whatever transformers raises for settings that make no sense
        msg = f"{folder / CONFIG} cannot be used: {reason_of(error)}."
        raise ModelError(msg) from error
    text = config.get_text_config()
    for key, least in SIZES.items():
        value = getattr(text, key, None)
        if isinstance(value, int) and value < least:
            msg = f"{folder / CONFIG}: {key!r} should be {least} or more, got {value}."
            raise ModelError(msg)
    return config


def kind_reads(kind: str) -> Reads | None:
    """What a network of a ``model_type`` that transformers knows reads; None for several senses."""
    from transformers.models.auto import configuration_auto
    from transformers.models.auto import modeling_auto as auto

    body = auto.MODEL_MAPPING.get(configuration_auto.CONFIG_MAPPING[kind], None)
    body = body[0] if isinstance(body, tuple) else body
    inputs = set() if body is None else set(inspect.signature(body.forward).parameters)
    if "input_ids" not in inputs:
        found: set[Reads] = {"pictures"} if PICTURES in inputs else set()
        found |= {"sounds"} if SOUNDS & inputs else set()
        found |= {"series"} if inputs >= SERIES and "past_time_features" not in inputs else set()
        return found.pop() if len(found) == 1 else None
    answers_text = kind in auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES
    return "text" if answers_text or not SENSES & inputs else None
