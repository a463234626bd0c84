"""Plain attention with cheap dropout, as one of the kernels that transformers can choose from.

On a CPU the fused ``sdpa`` kernel has a slow backward pass where there is a padding mask, and
``eager`` draws its dropout mask slowly. This kernel computes what ``eager`` computes, with the
mask of ``nets.dropout``. Which kernel a training uses is decided by timing, see
``engine/choices/precision.py``.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

from polyculture.core.errors import ModelError
from polyculture.nets.efficiency.dropout import dropout as drop

NAME = "polyculture"


def attend(  # noqa: PLR0917  # the signature is transformers'
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    position_bias: Tensor | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention.

    Args:
        module: The attention layer; its ``num_key_value_groups`` says how often keys are shared.
        query: ``(rows, heads, tokens, width)``; ``key`` and ``value`` may have fewer heads.
        key: As ``query``.
        value: As ``query``.
        attention_mask: Added to the scores, ``(rows, 1, tokens, tokens)``.
        scaling: Factor of the scores; 1/sqrt(width) by default.
        dropout: Share of attention weights to drop while training.
        position_bias: Added to the scores: how far key and query are apart, as T5 learns it.
        softcap: The scores are pressed to less than this, as Gemma 2 has it.
        s_aux: Scores of a key that is nowhere; not known here.

    Returns:
        Outputs ``(rows, tokens, heads, width)`` and the weights.

    Raises:
        ModelError: The base's attention has what this kernel does not know.
    """
    if s_aux is not None:
        msg = (
            "This base's attention has sinks, which are not known here. Choose another base, or "
            "fit.device = 'plain'."
        )
        raise ModelError(msg)
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = (x.repeat_interleave(groups, dim=1) for x in (key, value))
    scores = torch.matmul(
        query * (query.shape[-1] ** -0.5 if scaling is None else scaling), key.transpose(2, 3)
    )
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    if position_bias is not None:
        scores = scores + position_bias
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = drop(torch.softmax(scores, dim=-1), dropout, training=module.training)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


def register() -> str:
    """Make the kernel known to transformers; return its name."""
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, eager_mask)
    return NAME
