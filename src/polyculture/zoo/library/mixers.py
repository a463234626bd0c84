"""The modules of a network that let positions look at one another, and of what kind they are."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

QUERY = re.compile(
    r"^(w|to_|linear_|in_proj_|proj_|lin_)?(q|query)s?"
    r"(_(proj|projection|lin|linear|layer|weight|proj_weight|conv|head|dense|down_proj|a_proj|b_proj))?$"
)
KEY = re.compile(
    r"^(w|to_|linear_|in_proj_|proj_|lin_)?(k|key|kv)s?"
    r"(_(proj|projection|lin|linear|layer|weight|proj_weight|conv|head|dense|a_proj\w*))?$"
)
LATENT = re.compile(r"^(w?kv_(a|b)(_proj\w*|_layernorm)?|kv_down_proj|kv_up_proj)$")
FUSED = frozenset(
    {"att_proj", "attn_qkv", "c_attn", "in_proj_qkv", "in_proj_weight", "kqv", "mixed_qkv", "qkv"}
    | {"qk_proj", "qkv_layer", "qkv_linear", "qkv_proj", "query_key", "query_key_value", "to_qkv"}
    | {"wqkv"}
)
SIGNS = (
    ({"A_log", "D"}, "state space"),  # it adds D times its input, a gated delta rule does not
    ({"A_log"}, "linear attention"),
    ({"time_decay"}, "linear attention"),
    ({"slope_rate"}, "linear attention"),
    ({"recurrent_param"}, "recurrent"),
    ({"igate_preact"}, "recurrent"),
)
"""Weights, buffers or parts that a mixer of a kind has, the first that fit."""
LINEAR = ("deltanet", "deltaattention", "lightningattention")
"""Parts of the names of classes that have queries and keys but no softmax."""
RARE = 0.05
"""Share of all mixers that a kind needs: hybrids have one attention in eight or ten layers."""
RARE_CONVOLUTION = 0.2
"""The same for convolutions, which many networks have a few of before their first layer."""


@dataclass(frozen=True, kw_only=True)
class Mixer:
    """One module that mixes positions."""

    path: str
    kind: str
    heads: str = ""
    """For attention: multi-head, grouped-query, multi-query, latent; empty where it is not told."""


def mixers(network: Any) -> list[Mixer]:
    """All modules that mix positions, none within another.

    First those whose own weights say what they are, then modules whose class is called attention
    and that hold weights but none of the first, then convolutions outside all of these. A
    convolution of one position, or one that cuts patches (its stride is its width), mixes nothing.
    """
    modules = dict(network.named_modules())
    found: dict[str, Mixer] = {}
    for path, module in modules.items():
        kind = _kind(module)
        if kind and not _lies_in(path, found):
            heads = _heads(module) if kind == "attention" else ""
            found[path] = Mixer(path=path, kind=kind, heads=heads)
    held = {above for path in found for above in _above(path)}
    for path, module in modules.items():
        if path not in held and _is_called_attention(module) and not _lies_in(path, found):
            found[path] = Mixer(path=path, kind="attention")
    for path, module in modules.items():
        if _is_convolution(module) and not _lies_in(path, found):
            found[path] = Mixer(path=path, kind="convolution")
    return list(found.values())


def values(found: list[Mixer]) -> set[str]:
    """The kinds that make a fair share of the mixers."""
    counts = Counter(one.kind for one in found)
    return {
        kind
        for kind, count in counts.items()
        if count >= (RARE_CONVOLUTION if kind == "convolution" else RARE) * counts.total()
    }


def _above(path: str) -> list[str]:
    """The path itself and all it lies in, the root among them."""
    parts = path.split(".") if path else []
    return [".".join(parts[:count]) for count in range(len(parts) + 1)]


def _lies_in(path: str, found: dict[str, Mixer]) -> bool:
    return any(above in found for above in _above(path))


def _own(module: Any) -> set[str]:
    """Names of a module's own parts: children, weights, buffers."""
    return {
        *(name for name, _ in module.named_children()),
        *(name for name, _ in module.named_parameters(recurse=False)),
        *(name for name, _ in module.named_buffers(recurse=False)),
    }


def _kind(module: Any) -> str:
    own = _own(module)
    signed = next((kind for signs, kind in SIGNS if signs <= own), "")
    return signed or _of_torch(module) or _of_projections(module, own)


def _of_torch(module: Any) -> str:
    """What torch's own classes, and one name, say."""
    from torch import nn

    if isinstance(module, nn.RNNBase):
        return "recurrent"
    if isinstance(module, nn.AvgPool2d) and module.stride in {1, (1, 1)}:
        return "pooling"
    return "fourier" if "fouriertransform" in type(module).__name__.lower() else ""


def _of_projections(module: Any, own: set[str]) -> str:
    if _projections(module, own) is None:
        return ""
    name = type(module).__name__.lower()
    is_linear = any(sign in name for sign in LINEAR) or any(
        weight.endswith("A_log") for weight, _ in module.named_parameters()
    )
    return "linear attention" if is_linear else "attention"


def _projections(module: Any, own: set[str]) -> tuple[str, str] | None:
    """Names of the projections to queries and keys, equal if they are one."""
    fused = sorted(name for name in own if name.lower() in FUSED)
    if fused:
        return fused[0], fused[0]
    query = sorted(name for name in own if QUERY.match(name.lower()))
    key = sorted(name for name in own if KEY.match(name.lower()))
    if not query or not key or not any(True for _ in module.parameters()):
        return None
    return query[-1], key[0]


def _heads(module: Any) -> str:
    """How many queries share a key: by the settings, else by the shapes of the projections."""
    own = _own(module)
    query, key = _projections(module, own) or ("", "")
    if any(LATENT.match(name) for name in own):
        return "latent"
    heads, groups = _counted(module)
    width, key_width = _width(module, query), _width(module, key)
    if heads and groups and heads % groups == 0:
        return _named(heads // groups, heads)
    if query != key and width and key_width and width % key_width == 0:
        return _named(width // key_width, heads)
    inner = _width(module, query, side="in_features")
    if width and width == 3 * inner:
        return "multi-head"
    if inner < width < 3 * inner and heads and inner % heads == 0:
        return _named(2 * inner // (width - inner), heads)
    return ""


def _named(shared: int, heads: int) -> str:
    """The name of an attention in which ``shared`` queries share a key."""
    if shared == 1:
        return "multi-head"
    return "multi-query" if shared == heads else "grouped-query"


def _counted(module: Any) -> tuple[int, int]:
    """Heads of queries and of keys, 0 where neither the module nor its settings say."""
    places = (module, getattr(module, "config", None))
    return tuple(  # type: ignore[return-value]
        next(
            (
                value
                for place in places
                for name in names
                if isinstance(value := _asked(place, name), int) and value > 0
            ),
            0,
        )
        for names in (
            ("num_attention_heads", "num_heads", "n_heads", "n_head", "num_q_heads"),
            ("num_key_value_heads", "num_kv_heads", "n_kv_heads"),
        )
    )


def _asked(place: Any, name: str) -> Any:
    try:
        return getattr(place, name, None)
    except Exception:  # noqa: BLE001  # settings that differ between layers refuse with their own
        return None


def _width(module: Any, name: str, side: str = "out_features") -> int:
    """Width of a projection that is a linear layer or its transposed kind; 0 if it is neither."""
    part = getattr(module, name, None)
    for attribute in (side, "nf" if side == "out_features" else "nx"):
        width = getattr(part, attribute, None)
        if isinstance(width, int):
            return width
    if name == "in_proj_weight" and part is not None:
        return int(part.shape[0] if side == "out_features" else part.shape[1])
    return 0


def _is_called_attention(module: Any) -> bool:
    name = type(module).__name__.lower()
    return ("attention" in name or "attn" in name) and any(True for _ in module.parameters())


def _is_convolution(module: Any) -> bool:
    from torch import nn

    if not isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return False
    return max(module.kernel_size) > 1 and module.kernel_size != module.stride
