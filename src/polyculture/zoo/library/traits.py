"""How a network is built, in a few words: mixer, attention, norm, activation, position, experts.

What cannot be told is absent. A value is given where it makes a fair share of its kind in the
network, so that a tower of images beside one of text shows both.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from polyculture.zoo.library import mixers
from polyculture.zoo.library.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polyculture.core.views import Architecture

BLIND = (
    "Norms and activations are told by what a module computes.",
    "Mixers and attention are told by names and shapes of weights, then by a class's name.",
    "Positions and experts are told by names and settings.",
    "What a network computes without a module of its own is not seen.",
)
"""What these traits cannot see."""

NORMS = frozenset({"layer_norm", "rms_norm", "batch_norm", "group_norm", "l2_norm"})
ACTIVATIONS = frozenset(
    {"gelu", "gelu_tanh", "relu", "silu", "quick_gelu", "squared_relu", "hardswish", "mish"}
)
ALSO_CALLED = {
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_python_tanh": "gelu_tanh",
    "gelu_python": "gelu",
    "swish": "silu",
    "relu2": "squared_relu",
}
FAIR = 0.2
"""Share of the norms, activations or attentions that a kind needs to be a value."""
ACTIVATION_SETTING = re.compile(
    r"^(hidden_act\w*|activation(_function)?|act(ivation)?_fn|\w+_act)$"
)
POSITION = re.compile(
    r"^(absolute_|abs_|char_|embed_|token_|patch_|vision_|spatial_|temporal_)?w?pos"
    r"(ition(al|s)?)?(_?(emb|enc|table)\w*)?$|^wpe$"
)
RELATIVE = re.compile(
    r"relative|continuous_position_bias|(^|_)rel_(pos|embed|attn|shift)|distance_embedding|^r_w_bias$",
    re.IGNORECASE,
)
MOVED_BY_ROTATION = ("rope_parameters", "rope_theta", "rotary_dim", "rotary_pct")


def traits(
    network: Any, configuration: Mapping[str, Any], graph: Architecture
) -> dict[str, tuple[str, ...]]:
    """The traits of a network.

    Args:
        network: A torch module; its weights may lie on the meta device.
        configuration: As ``config.to_dict()`` gives, settings within settings and all.
        graph: The network's module graph, as ``nets.graph.architecture`` gives.

    Returns:
        Trait to its values, in code-point order, each trait with at least one value. ``mixer``:
        attention, convolution, fourier, linear attention, pooling, recurrent, state space.
        ``attention``: multi-head, grouped-query, multi-query, latent, none. ``normalisation`` and
        ``activation``: the kinds of ``nets.graph``. ``position``: alibi, convolutional, learned,
        none, relative, rotary, sinusoidal. ``experts``: dense, mixture.

    Example:
        >>> from torch import nn
        >>> from polyculture.nets.graph import architecture
        >>> layer = nn.TransformerEncoderLayer(8, 2, activation=nn.GELU())
        >>> found = traits(layer, {}, architecture(layer, {}))
        >>> found["mixer"], found["normalisation"], found["activation"]
        (('attention',), ('layer_norm',), ('gelu',))
    """
    mixing = mixers.mixers(network)
    mixer = mixers.values(mixing)
    position = _positions(network, configuration, graph)
    is_without = bool(mixing) and not any(one.kind == "attention" for one in mixing)
    if is_without:
        position = position or {"none"}
    found = {
        "mixer": mixer,
        "attention": {"none"} if is_without else _fair(one.heads for one in mixing if one.heads),
        "normalisation": _fair(module.kind for module in graph.modules if module.kind in NORMS),
        "activation": _activations(configuration, graph),
        "position": position,
        "experts": {"mixture" if _has_experts(network) else "dense"} if mixer else set(),
    }
    return {trait: tuple(sorted(values)) for trait, values in found.items() if values}


def _fair(kinds: Iterable[str]) -> set[str]:
    counts = Counter(kinds)
    return {kind for kind, count in counts.items() if count >= FAIR * counts.total()}


def _activations(configuration: Mapping[str, Any], graph: Architecture) -> set[str]:
    """Those of the modules; where the network calls plain functions, those of the settings."""
    found = _fair(module.kind for module in graph.modules if module.kind in ACTIVATIONS)
    if found:
        return found
    named = {
        ALSO_CALLED.get(value, value)
        for key, value in settings_of(configuration)
        if isinstance(value, str) and ACTIVATION_SETTING.match(key)
    }
    return named & ACTIVATIONS


def _positions(network: Any, configuration: Mapping[str, Any], graph: Architecture) -> set[str]:
    settings = settings_of(configuration)
    found = {kind for name, module in network.named_modules() for kind in _position(name, module)}
    kinds = {type(module) for module in network.modules()}
    if any(module.kind == "rotary_position" for module in graph.modules) or any(
        "rotary" in method for kind in kinds for method in dir(kind)
    ):
        found.add("rotary")
    if any(value is True for key, value in settings if key == "alibi"):
        found.add("alibi")
    if not found and any(value for key, value in settings if key in MOVED_BY_ROTATION):
        return {"rotary"}  # computed by a plain function
    return found


def _position(path: str, module: Any) -> Iterable[str]:
    """What one module says about how positions are told apart."""
    name, of_class = path.rpartition(".")[2], type(module).__name__.lower()
    weights = dict(module.named_parameters(recurse=False))
    buffers = [key for key, _ in module.named_buffers(recurse=False)]
    if RELATIVE.search(name) or any(RELATIVE.search(key) for key in weights):
        yield "relative"
    elif "sinus" in of_class or "sinepos" in of_class:
        yield "sinusoidal"
    elif POSITION.match(name) and "weight" in weights:
        yield "learned" if weights["weight"].requires_grad else "sinusoidal"
    if any(POSITION.match(key) for key in weights if key != "weight"):
        yield "learned"
    if "rotary" in of_class or any("inv_freq" in key for key in buffers):
        yield "rotary"
    if hasattr(module, "build_alibi_tensor") or "alibi" in of_class or "alibi" in buffers:
        yield "alibi"
    if name == "pos_conv_embed":
        yield "convolutional"


def _has_experts(network: Any) -> bool:
    return any(
        path.rpartition(".")[2] == "experts" or "experts" in type(module).__name__.lower()
        for path, module in network.named_modules()
    )
