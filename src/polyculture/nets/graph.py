"""The module graph of a network, by what its leaves compute and never by their names.

Libraries name one operator differently (``BertLayerNorm``, ``LlamaRMSNorm``, ``GELUActivation``);
renaming a class must not make a model look different. So leaves are told apart by torch's own base
classes, by the shapes and names of their weights, and activations by what they do to numbers.
"""

import functools
from collections.abc import Callable, Hashable, Mapping
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from polyculture.core.views import Architecture, Module

OPERATORS: tuple[tuple[type[nn.Module], str], ...] = (
    (nn.Linear, "linear"),
    (nn.Embedding, "embedding"),
    (nn.LayerNorm, "layer_norm"),
    (nn.modules.batchnorm._BatchNorm, "batch_norm"),  # noqa: SLF001  # there is no public name
    (nn.GroupNorm, "group_norm"),
    (nn.Conv1d, "convolution_1d"),
    (nn.Conv2d, "convolution_2d"),
    (nn.Conv3d, "convolution_3d"),
    (nn.RNNBase, "recurrent"),
    (nn.PReLU, "prelu"),
    (nn.Dropout, "dropout"),
    (nn.Identity, "identity"),
)
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": nn.functional.gelu,
    "gelu_tanh": lambda x: nn.functional.gelu(x, approximate="tanh"),
    "relu": nn.functional.relu,
    "silu": nn.functional.silu,
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "squared_relu": lambda x: nn.functional.relu(x).square(),
    "hardswish": nn.functional.hardswish,
    "mish": nn.functional.mish,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: torch.softmax(x, dim=-1),
    "identity": lambda x: x,
}
NORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "rms_norm": lambda x: nn.functional.rms_norm(x, x.shape[-1:], eps=1e-6),
    "layer_norm": lambda x: nn.functional.layer_norm(x, x.shape[-1:]),
    "l2_norm": nn.functional.normalize,
}
"""Norms without weights, told apart on values whose mean is not zero."""
NOT_SHAPING = frozenset(
    {
        "_name_or_path",
        "architectures",
        "attn_implementation",
        "bos_token_id",
        "chunk_size_feed_forward",
        "dtype",
        "eos_token_id",
        "output_attentions",
        "output_hidden_states",
        "pad_token_id",
        "problem_type",
        "return_dict",
        "sep_token_id",
        "torch_dtype",
        "transformers_version",
        "use_cache",
    }
)


def architecture(network: nn.Module, configuration: Mapping[str, Any]) -> Architecture:
    """The module graph of a network and the plain facts of its configuration.

    Args:
        network: Any module.
        configuration: As ``config.to_dict()`` gives; what does not shape the network is left out.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.GELU())
        >>> graph = architecture(net, {"width": 3, "dtype": "float32"})
        >>> [module.kind for module in graph.modules], graph.parameters, graph.configuration
        (['block', 'linear', 'gelu'], 9, {'width': 3})
    """
    return Architecture(
        modules=modules(network),
        parameters=sum(weight.numel() for weight in network.parameters()),
        configuration={
            key: value
            for key, value in sorted(configuration.items())
            if isinstance(value, str | int | float | bool) and key not in NOT_SHAPING
        },
    )


def modules(network: nn.Module) -> tuple[Module, ...]:
    """All modules, the root first; each knows the position of the one it lies in."""
    visited: list[Module] = []
    known: dict[Hashable, str] = {}

    def visit(module: nn.Module, parents: tuple[int, ...]) -> None:
        position = len(visited)
        kind = kind_of(module, known)
        visited.append(Module(kind=kind, parents=parents, shape=_shape(module)))
        for child in module.children():
            visit(child, (position,))

    visit(network, ())
    return tuple(visited)


def kind_of(module: nn.Module, known: dict[Hashable, str] | None = None) -> str:
    """What a module computes: an operator for a leaf, ``block`` for what holds others.

    Args:
        module: Any module; its weights may lie on the meta device.
        known: Kinds that trying out has shown, kept between calls: equal leaves are tried once.

    Example:
        >>> kind_of(nn.Linear(2, 2)), kind_of(nn.SiLU()), kind_of(nn.Sequential(nn.ReLU()))
        ('linear', 'silu', 'block')
    """
    for operator, kind in OPERATORS:
        if isinstance(module, operator):
            return kind
    if any(True for _ in module.children()):
        return "block"
    weights = dict(module.named_parameters(recurse=False))
    buffers = {name for name, _ in module.named_buffers(recurse=False)}
    if not weights and any(name.endswith("inv_freq") for name in buffers):
        return "rotary_position"
    if not weights and {"running_mean", "running_var"} <= buffers:
        return "batch_norm"  # with frozen statistics
    if not weights and isinstance(getattr(module, "p", None), float):
        return "dropout"
    return _tried(module, weights, {} if known is None else known)


def _tried(module: nn.Module, weights: dict[str, nn.Parameter], known: dict[Hashable, str]) -> str:
    sizes = tuple((name, tuple(weight.shape)) for name, weight in weights.items())
    key = (type(module), sizes, _setting(vars(module)))
    try:
        if key in known:
            return known[key]
    except TypeError:  # a setting that cannot be a key: tried each time
        return _weighted(module, weights) if weights else _activation(module)
    known[key] = _weighted(module, weights) if weights else _activation(module)
    return known[key]


def _setting(value: Any) -> Any:
    """What a leaf was made with, so that equal leaves are equal; torch's own fields left out."""
    if isinstance(value, dict):
        return tuple((key, _setting(item)) for key, item in value.items() if key[:1] != "_")
    if isinstance(value, functools.partial):
        return value.func, value.args, tuple(value.keywords.items())
    return value.__func__ if isinstance(value, MethodType) else value


def _weighted(module: nn.Module, weights: dict[str, nn.Parameter]) -> str:
    """A leaf with weights of its own that is none of torch's operators."""
    shapes = sorted(weight.ndim for weight in weights.values())
    if shapes == [1]:
        return _normed(module, weights)
    if shapes == [1, 1] and {"weight", "bias"} == set(weights):
        return "layer_norm"
    if shapes == [1, 1, 2]:
        return "chain"  # start, end and transition scores
    if shapes == [1, 2] and {"weight", "bias"} == set(weights):
        return "linear"  # for example GPT-2's transposed one
    return "weights_" + "_".join(str(ndim) for ndim in shapes)


def _normed(module: nn.Module, weights: dict[str, nn.Parameter]) -> str:
    """One vector of weights: a norm, or only a scale, as by what it does to two vectors."""
    name, weight = next(iter(weights.items()))
    values = torch.linspace(-1, 2, weight.numel()).unsqueeze(0) ** 3  # (1, width), uneven
    try:
        out, scaled = (_with_ones(module, name, values * factor) for factor in (1.0, 3.0))
    except Exception:  # noqa: BLE001  # whatever it needs, it is more than one tensor
        return "rms_norm"
    if out.shape != values.shape:
        return "weights_1"
    if torch.allclose(scaled, 3 * out, rtol=1e-3) and _along(out, values):
        return "scale"
    if not torch.allclose(scaled, out, atol=1e-3):
        return "weights_1"
    return "rms_norm" if _along(out, values) else "layer_norm"


def _with_ones(module: nn.Module, name: str, values: Tensor) -> Tensor:
    with torch.no_grad():
        weights = {name: torch.ones(values.shape[-1])}
        out: Tensor = torch.func.functional_call(module, weights, (values,))
    return out.float()


def _along(out: Tensor, values: Tensor) -> bool:
    """Whether two vectors have one direction."""
    return bool(nn.functional.cosine_similarity(out, values).abs() > 1 - 1e-4)


def _activation(module: nn.Module) -> str:
    values = torch.linspace(-3, 3, 13).unsqueeze(0)
    try:
        with torch.no_grad():
            out: Any = module(values)
            moved: Any = module(values + 0.5)
    except Exception:  # noqa: BLE001  # any failure means: not a function of one tensor
        return "other"
    if not isinstance(out, Tensor) or out.shape != values.shape:
        return "other"
    for name, function in ACTIVATIONS.items():
        if torch.allclose(out, function(values), atol=1e-6):
            return name
    for name, norm in NORMS.items():
        if torch.allclose(moved, norm(values + 0.5), atol=1e-3):
            return name
    return "activation"


def _shape(module: nn.Module) -> tuple[int, ...]:
    weight = getattr(module, "weight", None)
    return tuple(weight.shape) if isinstance(weight, Tensor) else ()
