"""A time-delay neural network for clips, made from nothing: dilated convolutions over frames.

After Waibel et al. 1989, "Phoneme recognition using time-delay neural networks", IEEE TASSP 37(3),
with residual layers. The first convolution halves the number of frames. What lies behind the end
of a clip is zero before each convolution, so that a clip is heard alike whatever else is in its
batch.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import torch
from torch import Tensor, nn

MODEL_TYPE = "small_tdnn"
STRIDE, KERNEL, FIRST_KERNEL = 2, 3, 5
CYCLE = 6
"""Layers after which the dilation begins anew; the sixth looks 0.6 s to either side."""
DROPOUT = 0.1


class Tdnn(nn.Module):
    """Vectors ``(rows, frames / 2, width)`` of frames ``(rows, frames, bands)``.

    Example:
        >>> network = Tdnn(bands=40, width=32, layers=2)
        >>> network(input_features=torch.ones(2, 9, 40), attention_mask=torch.ones(2, 9))[0].shape
        torch.Size([2, 5, 32])
    """

    reads: Literal["sounds"] = "sounds"
    main_input_name = "input_features"

    def __init__(self, *, bands: int, width: int, layers: int) -> None:
        super().__init__()
        self.sizes = {"bands": bands, "width": width, "layers": layers}
        self.first = nn.Conv1d(bands, width, FIRST_KERNEL, stride=STRIDE, padding=FIRST_KERNEL // 2)
        self.first_norm = nn.LayerNorm(width)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, width, KERNEL, padding=apart, dilation=apart)
            for apart in (2 ** (layer % CYCLE) for layer in range(layers))
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))
        self.activation = nn.GELU()
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, *, input_features: Tensor, attention_mask: Tensor) -> tuple[Tensor]:
        """One vector for two frames, in a tuple, as transformers' bodies give."""
        heard = attention_mask.unsqueeze(-1).to(input_features.dtype)
        first = self.first((input_features * heard).transpose(1, 2)).transpose(1, 2)
        hidden = self.first_norm(self.activation(first))
        heard = heard[:, ::STRIDE]
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            neighbours = convolution((hidden * heard).transpose(1, 2)).transpose(1, 2)
            hidden = norm(hidden + self.dropout(self.activation(neighbours)))
        return (hidden,)

    def _get_feature_vector_attention_mask(self, length: int, attention_mask: Tensor) -> Tensor:
        """Which vectors lie within their clip, ``(rows, length)``; wav2vec2's name for it."""
        return attention_mask[:, ::STRIDE][:, :length]

    @property
    def config(self) -> SimpleNamespace:
        """The facts that readers of a transformers body ask for."""
        return SimpleNamespace(
            hidden_size=self.sizes["width"], hidden_dropout_prob=DROPOUT, to_dict=self._settings
        )

    def _settings(self) -> dict[str, str | int]:
        return {"model_type": MODEL_TYPE, **self.sizes}

    def save_sizes(self, folder: Path) -> None:
        """Write what is needed to build the same network again."""
        (folder / "config.json").write_text(json.dumps(self._settings()), encoding="utf-8")

    @classmethod
    def of_folder(cls, folder: Path) -> "Tdnn":
        """A network of the sizes written in a folder, weights not yet loaded."""
        sizes = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(**{name: sizes[name] for name in ("bands", "width", "layers")})


def initialised(*, bands: int, width: int, layers: int, seed: int) -> Tdnn:
    """A network whose weights are drawn from a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Tdnn(bands=bands, width=width, layers=layers)
