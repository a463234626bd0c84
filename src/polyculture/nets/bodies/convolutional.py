"""A small convolutional text model made from nothing: embeddings and residual convolutions.

After Kim 2014, arXiv:1408.5882, with dilated residual layers so that one network serves whole
texts and single words. It speaks the part of transformers' interface that a body needs.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import torch
from torch import Tensor, nn

FILE = "convolutional.json"


class ConvolutionalText(nn.Module):
    """Vectors ``(rows, tokens, width)`` of token numbers ``(rows, tokens)``.

    Example:
        >>> model = ConvolutionalText(vocabulary=50, width=8, layers=2)
        >>> mask = torch.ones(2, 5, dtype=torch.int64)
        >>> model(input_ids=torch.ones(2, 5, dtype=torch.int64), attention_mask=mask)[0].shape
        torch.Size([2, 5, 8])
    """

    reads: Literal["text"] = "text"
    main_input_name = "input_ids"

    def __init__(
        self, *, vocabulary: int, width: int, layers: int, kernel: int = 3, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.sizes = {
            "vocabulary": vocabulary,
            "width": width,
            "layers": layers,
            "kernel": kernel,
            "dropout": dropout,
        }
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, width, kernel, padding=(kernel // 2) * 2**layer, dilation=2**layer)
            for layer in range(layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))
        self.activation = nn.GELU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, *, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor]:
        """One vector a token, in a tuple, as transformers' bodies give."""
        on = attention_mask.unsqueeze(-1).to(self.embedding.weight.dtype)
        hidden = self.dropout(self.embedding(input_ids))
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            # padding is zeroed before each convolution, so that it cannot leak into words
            neighbours = convolution((hidden * on).transpose(1, 2)).transpose(1, 2)
            hidden = norm(hidden + self.dropout(self.activation(neighbours)))
        return (hidden,)

    @property
    def config(self) -> SimpleNamespace:
        """The facts that readers of a transformers body ask for."""
        return SimpleNamespace(
            hidden_size=self.sizes["width"],
            hidden_dropout_prob=self.sizes["dropout"],
            to_dict=lambda: {**self.sizes, "model_type": "convolutional"},
        )

    def get_input_embeddings(self) -> nn.Module:
        """The token table."""
        return self.embedding

    def set_input_embeddings(self, table: nn.Module) -> None:
        """Swap the token table."""
        self.embedding = table  # type: ignore[assignment]

    def save_sizes(self, folder: Path) -> None:
        """Write what is needed to build the same network again."""
        (folder / FILE).write_text(json.dumps(self.sizes), encoding="utf-8")

    @classmethod
    def of_folder(cls, folder: Path) -> "ConvolutionalText":
        """A network of the sizes written in a folder, weights not yet loaded."""
        return cls(**json.loads((folder / FILE).read_text(encoding="utf-8")))


def initialise(network: ConvolutionalText, seed: int) -> None:
    """Draw new weights from a seed."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Embedding | nn.Conv1d | nn.LayerNorm):
            module.reset_parameters()
