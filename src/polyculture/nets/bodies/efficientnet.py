"""EfficientNet-Lite0: a small convolutional network that tells what a picture shows.

After Tan and Le 2019, EfficientNet, arXiv:1905.11946. The Lite variant leaves out what telephones
compute badly: there is no squeezing, and swish is ReLU6. Weights that came from TensorFlow expect
its padding, which puts the odd row of a stride at the right and at the bottom.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

from torch import Tensor, nn

MODEL_TYPE = "efficientnet_lite0"
STEM, TOP, CLASSES = 32, 1_280, 1_000
EPSILON, MOMENTUM = 1e-3, 0.01


@dataclass(frozen=True)
class Stage:
    """Some blocks of one width; the first of them may halve the picture."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    """How much wider a block is inside."""
    width: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
"""Table 1 of the paper, first column of the family."""


class SameConvolution(nn.Conv2d):
    """A convolution without bias whose output is the input's size over the stride, rounded up.

    Example:
        >>> import torch
        >>> SameConvolution(1, 2, 3, stride=2)(torch.ones(1, 1, 5, 4)).shape
        torch.Size([1, 2, 3, 2])
    """

    def __init__(
        self, channels: int, width: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(channels, width, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pad as TensorFlow's ``SAME`` does, then convolve."""
        height, width = pictures.shape[-2:]
        left, right = self._padding(width)
        top, bottom = self._padding(height)
        return super().forward(nn.functional.pad(pictures, (left, right, top, bottom)))

    def _padding(self, size: int) -> tuple[int, int]:
        """How many rows go before and behind."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        steps = -(-size // stride) - 1
        missing = max(steps * stride + kernel - size, 0)
        return missing // 2, missing - missing // 2


class Block(nn.Module):
    """Widen, look around in each channel, narrow; added to the input where sizes agree.

    Example:
        >>> import torch
        >>> Block(Stage(1, 3, 2, 6, 8), channels=4, stride=2)(torch.ones(1, 4, 6, 6)).shape
        torch.Size([1, 8, 3, 3])
    """

    def __init__(self, stage: Stage, *, channels: int, stride: int) -> None:
        super().__init__()
        inner = channels * stage.expansion
        self.is_residual = stride == 1 and channels == stage.width
        if stage.expansion > 1:
            self.expand = SameConvolution(channels, inner, 1)
            self.expand_norm = _norm(inner)
        self.depthwise = SameConvolution(inner, inner, stage.kernel, stride=stride, groups=inner)
        self.depthwise_norm = _norm(inner)
        self.project = SameConvolution(inner, stage.width, 1)
        self.project_norm = _norm(stage.width)
        self.activation = nn.ReLU6()

    def forward(self, pictures: Tensor) -> Tensor:
        """The block's view of feature maps ``(rows, channels, height, width)``."""
        hidden: Tensor = pictures
        if hasattr(self, "expand"):
            hidden = self.activation(self.expand_norm(self.expand(hidden)))
        hidden = self.activation(self.depthwise_norm(self.depthwise(hidden)))
        hidden = self.project_norm(self.project(hidden))
        return hidden + pictures if self.is_residual else hidden


class EfficientNetLiteBody(nn.Module):
    """One vector of a picture ``(rows, 3, height, width)``, (value - 127) / 128: a base.

    Example:
        >>> import torch
        >>> body = EfficientNetLiteBody()
        >>> body(pixel_values=torch.ones(2, 3, 32, 32))[0].shape
        torch.Size([2, 1, 1280])
    """

    reads: Literal["pictures"] = "pictures"
    main_input_name = "pixel_values"

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConvolution(3, STEM, 3, stride=2)
        self.stem_norm = _norm(STEM)
        self.blocks = _blocks()
        self.top = SameConvolution(STAGES[-1].width, TOP, 1)
        self.top_norm = _norm(TOP)
        self.activation = nn.ReLU6()

    def forward(self, *, pixel_values: Tensor) -> tuple[Tensor]:
        """The mean of the last feature maps, ``(rows, 1, 1280)``, in a tuple as in transformers."""
        return (self.vectors(pixel_values)[:, None],)

    def vectors(self, pictures: Tensor) -> Tensor:
        """What the classes are told from, ``(rows, 1280)``."""
        hidden: Tensor = self.activation(self.stem_norm(self.stem(pictures)))
        for block in self.blocks:
            hidden = block(hidden)
        hidden = self.activation(self.top_norm(self.top(hidden)))
        return hidden.mean(dim=(2, 3))

    @property
    def config(self) -> SimpleNamespace:
        """The facts that readers of a transformers body ask for."""
        return SimpleNamespace(hidden_size=TOP, to_dict=lambda: {"model_type": MODEL_TYPE})

    def save_sizes(self, folder: Path) -> None:
        """Write what is needed to build the same network again."""
        settings = json.dumps({"model_type": MODEL_TYPE})
        (folder / "config.json").write_text(settings, encoding="utf-8")

    @classmethod
    def of_folder(cls, folder: Path) -> "EfficientNetLiteBody":
        """A network without weights; all of the kind have one size."""
        del folder
        return cls()


class EfficientNetLite(EfficientNetLiteBody):
    """Logits ``(rows, classes)`` of pictures: a body with the classes that it was trained on.

    Example:
        >>> import torch
        >>> with torch.device("meta"):
        ...     network = EfficientNetLite()
        >>> sum(weight.numel() for weight in network.parameters())
        4652008
    """

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(TOP, classes)

    def forward(self, pictures: Tensor) -> Tensor:  # type: ignore[override]  # not a base
        """One number a class."""
        return self.classifier(self.dropout(self.vectors(pictures)))  # type: ignore[no-any-return]

    @classmethod
    def of_folder(cls, folder: Path) -> "EfficientNetLite":
        """A network of the classes in a folder's ``config.json``, weights not yet loaded."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(classes=config["classes"])


def _blocks() -> nn.ModuleList:
    channels, blocks = STEM, nn.ModuleList()
    for stage in STAGES:
        for number in range(stage.blocks):
            stride = stage.stride if number == 0 else 1
            blocks.append(Block(stage, channels=channels, stride=stride))
            channels = stage.width
    return blocks


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=EPSILON, momentum=MOMENTUM)
