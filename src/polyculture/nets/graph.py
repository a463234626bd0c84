"""The module graph of a network, told by what its leaves compute and never by what they are called.

Libraries name one operator differently (``BertLayerNorm``, ``LlamaRMSNorm``, ``GELUActivation``);
renaming a class must not make a model look different. So leaves are told apart by torch's own base
classes, by the shapes and names of their weights, and activations by what they do to numbers.
"""

from collections.abc import Callable, Mapping
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
    (nn.Dropout, "dropout"),
    (nn.Identity, "identity"),
)
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": nn.functional.gelu,
    "gelu_tanh": lambda x: nn.functional.gelu(x, approximate="tanh"),
    "relu": nn.functional.relu,
    "silu": nn.functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: torch.softmax(x, dim=-1),
    "identity": lambda x: x,
}
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
    found: list[Module] = []

    def visit(module: nn.Module, parents: tuple[int, ...]) -> None:
        position = len(found)
        found.append(Module(kind=kind_of(module), parents=parents, shape=_shape(module)))
        for child in module.children():
            visit(child, (position,))

    visit(network, ())
    return tuple(found)


def kind_of(module: nn.Module) -> str:
    """What a module computes: an operator for a leaf, ``block`` for what holds others.

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
    if weights:
        return _weighted(weights)
    if any(name.endswith("inv_freq") for name, _ in module.named_buffers(recurse=False)):
        return "rotary_position"
    if isinstance(getattr(module, "p", None), float):
        return "dropout"
    return _activation(module)


def _weighted(weights: dict[str, nn.Parameter]) -> str:
    """A leaf with weights of its own that is none of torch's operators."""
    shapes = sorted(weight.ndim for weight in weights.values())
    if shapes == [1]:
        return "rms_norm"
    if shapes == [1, 1] and {"weight", "bias"} == set(weights):
        return "layer_norm"
    if shapes == [1, 1, 2]:
        return "chain"  # start, end and transition scores
    if shapes == [1, 2] and {"weight", "bias"} == set(weights):
        return "linear"  # for example GPT-2's transposed one
    return "weights_" + "_".join(str(ndim) for ndim in shapes)


def _activation(module: nn.Module) -> str:
    values = torch.linspace(-3, 3, 13).unsqueeze(0)
    try:
        with torch.no_grad():
            out: Any = module(values)
    except Exception:  # noqa: BLE001  # any failure means: not a function of one tensor
        return "other"
    if not isinstance(out, Tensor) or out.shape != values.shape:
        return "other"
    for name, function in ACTIVATIONS.items():
        if torch.allclose(out, function(values), atol=1e-6):
            return name
    return "activation"


def _shape(module: nn.Module) -> tuple[int, ...]:
    weight = getattr(module, "weight", None)
    return tuple(weight.shape) if isinstance(weight, Tensor) else ()
