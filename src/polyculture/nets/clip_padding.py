"""Every clip is heard as it is heard alone, whatever the padding of its batch.

The smaller sizes of wav2vec2 and its kin normalise each channel over all frames of a clip, and were
trained without a mask of padding: the answer to a clip would depend on the clips beside it. Here
their norms leave padding out. Bodies that hear it in other ways are refused.
"""

import threading
import warnings
from inspect import signature
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from polyculture.core.errors import ModelError

VECTORS = 12
"""Vectors that a body makes of the longest clip on which it is tried."""
CLOSE = 1e-3
"""Largest change of its numbers, relative to the largest, that counts as rounding."""


class ClipNorm(nn.GroupNorm):
    """Group normalisation of one channel a group over the frames of each clip.

    Example:
        >>> norm = ClipNorm(nn.GroupNorm(2, 2))
        >>> clip = torch.tensor([[[1.0, 3.0], [5.0, 9.0]]])
        >>> norm.give(torch.tensor([2]))
        >>> torch.allclose(norm(nn.functional.pad(clip, (0, 6)))[:, :, :2], norm(clip))
        True
    """

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__(norm.num_groups, norm.num_channels, eps=norm.eps)
        self.weight, self.bias = norm.weight, norm.bias
        self._own = threading.local()  # each thread has its own batch
        self._newest: Tensor | None = None

    def give(self, frames: Tensor | None) -> None:
        """Set how many frames each clip of this thread's batch has, ``(rows,)``; None for all."""
        self._own.frames = self._newest = frames

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # torch's name
        """Normalise ``(rows, channels, frames)``."""
        # a graphics card computes activations again in a thread of torch's, and has one batch
        frames = getattr(self._own, "frames", self._newest)
        if frames is None or bool((frames == input.shape[2]).all()):
            return super().forward(input)
        values = input.float()
        is_heard = torch.arange(input.shape[2], device=input.device) < frames[:, None, None]
        count = frames[:, None, None]
        off = values - (values * is_heard).sum(dim=2, keepdim=True) / count
        variance = (off.square() * is_heard).sum(dim=2, keepdim=True) / count
        scaled = off * torch.rsqrt(variance + self.eps)
        changed = scaled * self.weight[:, None] + self.bias[:, None]
        return changed.to(input.dtype)


def leave_out_padding(model: Any, name: str) -> None:
    """Let a model that hears waves hear every clip as it hears it alone, in place.

    Args:
        model: Any model of transformers; its weights keep their names.
        name: Its name, for the message.

    Raises:
        ModelError: It hears padding in other ways too.
    """
    for body in model.modules():
        layers = getattr(getattr(body, "feature_extractor", None), "conv_layers", None)
        if layers is None or "attention_mask" not in signature(body.forward).parameters:
            continue
        if isinstance(getattr(layers[0], "layer_norm", None), nn.GroupNorm):
            layers[0].layer_norm = ClipNorm(layers[0].layer_norm)
            _tell(body, layers[0])
        if _hears_padding(body):
            msg = (
                f"{name} ({body.config.model_type}) hears the padding behind a clip even with a "
                "mask, so its answers would depend on the clips beside it. Choose another base, "
                "such as wav2vec2, HuBERT or WavLM."
            )
            raise ModelError(msg)


def _hears_padding(body: Any) -> bool:
    """Whether what a body says of noise changes with the zeros behind it."""
    kernels, strides = body.config.conv_kernel, body.config.conv_stride
    step, least = prod(strides), 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        least = (least - 1) * stride + kernel
    # clips of even and odd numbers of vectors, since some bodies join two to one
    samples = [least + vectors * step for vectors in (VECTORS, VECTORS - 3, VECTORS - 4)]
    noise = torch.randn(len(samples), samples[0], generator=torch.Generator().manual_seed(1))
    mask = torch.arange(samples[0]) < torch.tensor(samples)[:, None]
    was_training = body.training
    body.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's attention on transformers' masks
        together = body(input_values=noise * mask, attention_mask=mask.long())[0]
        alone = [body(input_values=noise[row : row + 1, :n])[0][0] for row, n in enumerate(samples)]
    body.train(was_training)
    return any(
        bool((together[row, : len(vectors)] - vectors).abs().max() > CLOSE * vectors.abs().max())
        for row, vectors in enumerate(alone)
    )


def _tell(body: nn.Module, layer: Any) -> None:
    """Let a body say how long its clips are, in frames of its first layer, before it hears them."""
    (kernel,), (stride,) = layer.conv.kernel_size, layer.conv.stride

    def tell(_: nn.Module, __: Any, named: dict[str, Any]) -> None:
        mask = named.get("attention_mask")
        samples = None if mask is None else mask.sum(dim=1)
        layer.layer_norm.give(None if samples is None else (samples - kernel) // stride + 1)

    body.register_forward_pre_hook(tell, with_kwargs=True)
