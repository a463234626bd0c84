"""Trained keys and values beside those of the text, in the attention layers of any transformer.

transformers' attention layers look up the function that computes attention, their kernel, by a name
in their configuration. A layer with a prefix gets a view of its configuration in which that name
stands for the same kernel with the prefix behind it. The chosen kernel, its masks, kept keys and
values, and the positions of the text stay as they are, in every family that looks its kernel up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from inspect import unwrap
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

from polyculture.core.errors import RecipeError
from polyculture.nets.efficiency.attention import attend

INTERFACE = "ALL_ATTENTION_FUNCTIONS"
"""Where attention layers of transformers look their kernel up."""
WIDTHS = ("head_dim", "attention_head_size", "key_value_proj_dim")
"""What they call the width of a key."""
HEADS = ("num_attention_heads", "num_heads", "n_heads")
"""What they call the number of their heads, unless only their configuration says it."""


class Prefix(nn.Module):
    r"""What a query finds among trained keys and values; nothing before the first step.

    \[ \tanh(g) \cdot \operatorname{softmax}(s \, q P_k^\top) P_v \]

    with a query q, the layer's scale s, keys P_k, values P_v, and a gate g for each head. Every
    query sees the whole prefix: it has no positions, and nothing of it is masked or dropped.
    """

    def __init__(self, length: int, width: int, *, heads: int, groups: int) -> None:
        """Draw keys and values from a standard normal distribution; gates are zero.

        Args:
            length: Number of keys.
            width: Of a key.
            heads: Heads of queries.
            groups: Heads of queries that share a head of keys.
        """
        super().__init__()
        self.key = nn.Parameter(torch.randn(heads // groups, length, width))
        self.value = nn.Parameter(torch.randn(heads // groups, length, width))
        self.gate = nn.Parameter(torch.zeros(heads))

    def forward(self, query: Tensor, scaling: float | None = None) -> Tensor:
        """Vectors to add to those of the text, ``(rows, tokens, heads, width)``.

        Args:
            query: ``(rows, heads, tokens, width)``.
            scaling: Factor of the scores; 1/sqrt(width) by default.
        """
        groups = len(self.gate) // len(self.key)
        key, value = (x.repeat_interleave(groups, dim=0) for x in (self.key, self.value))
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        weights = torch.softmax(torch.matmul(query * scale, key.transpose(1, 2)), dim=-1)
        vectors = torch.matmul(weights, value) * self.gate.tanh()[:, None, None]
        return vectors.transpose(1, 2)


@dataclass(frozen=True, kw_only=True)
class AttentionLayer:
    """A layer that can be given a prefix, and its sizes."""

    layer: Any
    """Of transformers."""
    width: int
    """Of a key."""
    heads: int
    """Heads of queries."""
    groups: int
    """Heads of queries that share a head of keys."""

    def numbers(self, length: int) -> int:
        """How many numbers the keys and values of a prefix are."""
        return 2 * length * self.width * (self.heads // self.groups)

    def attend_to_prefix(self, length: int) -> None:
        """Add a new prefix; it is seen whichever kernel is chosen, now or later."""
        self.layer.prefix = Prefix(length, self.width, heads=self.heads, groups=self.groups)
        self.layer.config = _WithPrefix(self.layer.config)


def attention_layers(body: nn.Module, *, purpose: str) -> list[AttentionLayer]:
    """The layers that look up their kernel; those of a decoder that read an encoder among them.

    They are recognised by their code, which names transformers' interface of kernels.

    Args:
        body: Of a network.
        purpose: What needs them, to begin a message with.

    Raises:
        RecipeError: There is none, as in DeBERTa-v2 and in networks of convolutions, or one does
            not say how wide its keys are.
    """
    layers = [_sized(module) for module in body.modules() if _looks_kernel_up(module)]
    known = [layer for layer in layers if layer is not None]
    if not known or len(known) < len(layers):
        msg = (
            f"{purpose} needs attention layers that use transformers' attention interface and "
            "keys of one known width, but this base has others or none. Choose [adaptation] kind "
            "= 'low_rank' or 'full'."
        )
        raise RecipeError(msg)
    return known


def _looks_kernel_up(module: nn.Module) -> bool:
    code = getattr(unwrap(type(module).forward), "__code__", None)
    return code is not None and INTERFACE in code.co_names


def _sized(layer: Any) -> AttentionLayer | None:
    """None where keys and values differ in width, as in DeepSeek-V3."""
    width = next((getattr(layer, name) for name in WIDTHS if hasattr(layer, name)), None)
    heads = next((getattr(layer, name) for name in HEADS if hasattr(layer, name)), None)
    if width is None:
        return None
    return AttentionLayer(
        layer=layer,
        width=width,
        heads=layer.config.num_attention_heads if heads is None else heads,
        groups=getattr(layer, "num_key_value_groups", 1),
    )


class _WithPrefix:
    """A configuration, read as it is at any time, but for the name of its kernel."""

    def __init__(self, config: Any) -> None:
        self._config = config

    @property
    def _attn_implementation(self) -> str:
        return _registered(self._config._attn_implementation)  # noqa: SLF001  # transformers' only name for it

    def __getattr__(self, name: str) -> Any:
        if name == "_config":  # asked for while a copy is made
            raise AttributeError(name)
        return getattr(self._config, name)


@cache
def _registered(kernel: str) -> str:
    """Make a kernel with a prefix behind it known to transformers; return its name."""
    # a family's own plain kernel is not registered; ours computes the same
    plain = attend if kernel == "eager" else AttentionInterface()[kernel]
    name = f"{kernel}_with_prefix"
    AttentionInterface.register(name, partial(_attend, plain))
    return name


def _attend(
    kernel: Callable[..., tuple[Tensor, Tensor | None]],
    layer: Any,
    query: Tensor,
    *others: Any,
    scaling: float | None = None,
    **settings: Any,
) -> tuple[Tensor, Tensor | None]:
    """Attention to the text as the kernel computes it, plus attention to the layer's prefix."""
    vectors, weights = kernel(layer, query, *others, scaling=scaling, **settings)
    return vectors + layer.prefix(query, scaling).to(vectors.dtype), weights
