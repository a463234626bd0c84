"""Saved models as module graphs: built from the configuration beside the weights, without them.

Only names and shapes of the weights are read, to see which parts the file really holds.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from polyculture.core.views import Architecture

OURS = {
    "ge2e_speaker_encoder": ("speaker", "SpeakerEncoder"),
    "efficientnet_lite0": ("efficientnet", "EfficientNetLite"),
}
"""Types of models that we build ourselves: file and class in ``nets/bodies``."""
Traits = dict[str, tuple[str, ...]]


def opened(folder: Path) -> tuple[Architecture, Traits]:
    """The module graph and the traits of a saved model.

    Args:
        folder: Holds ``config.json`` or our own ``convolutional.json`` or ``tfidf.json``, and
            ``model.safetensors``.

    Raises:
        ModelError: The folder holds no model of a kind that is known.
        Exception: Whatever the library raises for a configuration that it cannot build.
    """
    if (folder / "tfidf.json").is_file():
        return _word_counts(folder), {}
    from polyculture.nets.graph import architecture
    from polyculture.zoo.library.build_on_meta import without_weights
    from polyculture.zoo.library.tokenisers import tokeniser_of
    from polyculture.zoo.library.traits import traits

    network, configuration = without_weights(lambda: _network(folder))
    _forget_pooler(network, folder)
    graph = architecture(network, configuration)
    return graph, traits(network, configuration, graph) | tokeniser_of(folder)


def _network(folder: Path) -> tuple[Any, dict[str, Any]]:
    """The network of a folder, and its configuration."""
    if (folder / "convolutional.json").is_file():
        from polyculture.nets.bodies.convolutional import ConvolutionalText

        text = ConvolutionalText.of_folder(folder)
        return text, text.config.to_dict()
    config = _settings(folder)
    if config.get("model_type") in OURS:
        module, name = OURS[config["model_type"]]
        body = getattr(import_module(f"polyculture.nets.bodies.{module}"), name)
        return body.of_folder(folder), config
    return _of_the_library(folder, config)


def _settings(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{folder} holds no config.json that can be read."
        raise ModelError(msg) from error
    if not isinstance(config, dict):
        msg = f"{folder}/config.json should hold settings by name."
        raise ModelError(msg)
    return config


def _of_the_library(folder: Path, config: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    import transformers

    settings = transformers.AutoConfig.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    classes = config.get("architectures") or []
    network = getattr(transformers, str(next(iter(classes), "")), None)
    if network is None:
        network_of = transformers.AutoModel.from_config
        return network_of(settings, trust_remote_code=False), settings.to_dict()
    return network(settings), settings.to_dict()


def _forget_pooler(network: Any, folder: Path) -> None:
    """Leave out a pooler that the library builds and the file has no weights for."""
    if getattr(network, "pooler", None) is None or not hasattr(network, "config"):
        return
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "np") as file:
        if not any("pooler." in name for name in file.keys()):  # noqa: SIM118  # no mapping
            network.pooler = None


def _word_counts(folder: Path) -> Architecture:
    """TF-IDF and a linear layer, in the form that observing a run gives them."""
    from safetensors import safe_open

    from polyculture.core.views import Architecture, Module

    with safe_open(folder / "tfidf.safetensors", "np") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    facts = json.loads((folder / "tfidf.json").read_text(encoding="utf-8"))
    rows, columns = shapes["weight"]
    return Architecture(
        modules=(
            Module(kind="block"),
            Module(kind="tfidf", parents=(0,), shape=(columns,)),
            Module(kind="linear", parents=(0,), shape=(rows, columns)),
        ),
        parameters=rows * columns + rows,
        configuration={"model_type": "tfidf", "analyzer": facts["analyzer"]},
    )
