"""A small residual network for pictures, made from nothing.

After He et al. 2016, arXiv:1512.03385. Group normalisation (Wu and He 2018, arXiv:1803.08494)
replaces batch normalisation: a picture is seen alike whatever else is in its batch, so threads
can share one.
"""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

from torch import Tensor, nn

MODEL_TYPE = "small_resnet"
"""transformers' ``resnet`` has other weights."""
GROUPS = 8
NARROWEST = 16
"""Channels of the first stages at least."""


class ResidualBlock(nn.Module):
    """Two convolutions, added to the input, which a third brings to their shape where it differs.

    Example:
        >>> import torch
        >>> ResidualBlock(8, 16, stride=2)(torch.ones(1, 8, 6, 6)).shape
        torch.Size([1, 16, 3, 3])
    """

    def __init__(self, channels: int, width: int, *, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.first_norm = _norm(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = _norm(width)
        is_same = stride == 1 and channels == width
        self.shortcut = nn.Identity() if is_same else nn.Conv2d(channels, width, 1, stride=stride)
        self.activation = nn.ReLU()

    def forward(self, maps: Tensor) -> Tensor:
        """Feature maps ``(rows, width, height, breadth)`` of other ones."""
        hidden = self.activation(self.first_norm(self.first(maps)))
        total: Tensor = self.second_norm(self.second(hidden)) + self.shortcut(maps)
        return self.activation(total)  # type: ignore[no-any-return]


class SmallResNet(nn.Module):
    """Feature maps of pictures; each stage but the first halves the sides and doubles the width.

    Example:
        >>> import torch
        >>> network = SmallResNet(channels=1, width=32, layers=2)
        >>> network(pixel_values=torch.ones(2, 1, 8, 8))[0].shape
        torch.Size([2, 32, 4, 4])
    """

    reads: Literal["pictures"] = "pictures"
    main_input_name = "pixel_values"

    def __init__(self, *, channels: int, width: int, layers: int) -> None:
        super().__init__()
        self.sizes = {"channels": channels, "width": width, "layers": layers}
        widths = [max(NARROWEST, width >> later) for later in reversed(range(layers))]
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1, bias=False)
        self.stem_norm = _norm(widths[0])
        self.activation = nn.ReLU()
        self.blocks = nn.ModuleList(
            ResidualBlock(widths[max(0, stage - 1)], after, stride=2 if stage else 1)
            for stage, after in enumerate(widths)
        )

    def forward(self, *, pixel_values: Tensor) -> tuple[Tensor]:
        """The last feature maps, in a tuple, as transformers' bodies give."""
        hidden = self.activation(self.stem_norm(self.stem(pixel_values)))
        for block in self.blocks:
            hidden = block(hidden)
        return (hidden,)

    @property
    def config(self) -> SimpleNamespace:
        """The facts that readers of a transformers body ask for."""
        return SimpleNamespace(hidden_size=self.sizes["width"], to_dict=self._settings)

    def _settings(self) -> dict[str, str | int]:
        return {"model_type": MODEL_TYPE, **self.sizes}

    def save_sizes(self, folder: Path) -> None:
        """Write what is needed to build the same network again."""
        (folder / "config.json").write_text(json.dumps(self._settings()), encoding="utf-8")

    @classmethod
    def of_folder(cls, folder: Path) -> "SmallResNet":
        """A network of the sizes written in a folder, weights not yet loaded."""
        sizes = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(**{name: sizes[name] for name in ("channels", "width", "layers")})


def stages_for(side: int) -> int:
    """How many stages see a picture of so many pixels a side as about 4 by 4 places.

    Example:
        >>> [stages_for(side) for side in (4, 8, 28, 64)]
        [1, 2, 4, 5]
    """
    return max(1, round(math.log2(max(side, 4) / 4)) + 1)


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(GROUPS, width), width)
