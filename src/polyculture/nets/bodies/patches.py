"""A small Transformer over pieces (patches) of a series, made from nothing.

After Nie et al. 2023, A Time Series is Worth 64 Words, arXiv:2211.14730. Beside it one matrix sees
the whole history: linear models are hard to beat (Zeng et al. 2023, arXiv:2205.13504).
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import torch
from torch import Tensor, nn

MODEL_TYPE = "patch_transformer"
HEAD_WIDTH = 16


class PatchBlock(nn.Module):
    """Attention and two layers, each behind a norm and added to what goes in.

    Example:
        >>> PatchBlock(32, dropout=0.0)(torch.ones(2, 5, 32)).shape
        torch.Size([2, 5, 32])
    """

    def __init__(self, width: int, *, dropout: float) -> None:
        super().__init__()
        self.heads = width // HEAD_WIDTH
        self.attention_norm = nn.LayerNorm(width)
        self.mixed = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.inner_norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, 2 * width)
        self.outer = nn.Linear(2 * width, width)
        self.activation = nn.GELU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Vectors ``(rows, patches, width)`` of other ones."""
        hidden = hidden_states + self.dropout(self._attended(self.attention_norm(hidden_states)))
        inner = self.activation(self.inner(self.inner_norm(hidden)))
        changed: Tensor = hidden + self.dropout(self.outer(inner))
        return changed

    def _attended(self, hidden: Tensor) -> Tensor:
        rows, patches, width = hidden.shape
        mixed = self.mixed(hidden).view(rows, patches, 3, self.heads, HEAD_WIDTH)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.joined(seen.transpose(1, 2).reshape(rows, patches, width))
        return joined


class PatchTransformer(nn.Module):
    """One vector of a scaled history ``(rows, context, 1)``: a base that reads series.

    Example:
        >>> body = PatchTransformer(context_length=10, patch_length=4, width=32, layers=1)
        >>> history, known = torch.ones(2, 10, 1), torch.ones(2, 10, 1)
        >>> body(past_values=history, past_observed_mask=known)[0].shape
        torch.Size([2, 1, 32])
    """

    reads: Literal["series"] = "series"
    main_input_name = "past_values"

    def __init__(
        self,
        *,
        context_length: int,
        patch_length: int,
        width: int,
        layers: int,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.sizes = {
            "context_length": context_length,
            "patch_length": patch_length,
            "width": width,
            "layers": layers,
            "dropout": dropout,
        }
        patches = -(-context_length // patch_length)
        self.missing = patches * patch_length - context_length
        self.patch = nn.Linear(2 * patch_length, width)  # values, and whether they are known
        self.positions = nn.Parameter(0.02 * torch.randn(patches, width))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(PatchBlock(width, dropout=dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.whole = nn.Linear(patches * width, width)
        self.straight = nn.Linear(context_length, width, bias=False)

    def forward(self, *, past_values: Tensor, past_observed_mask: Tensor) -> tuple[Tensor]:
        """What is seen of each history, ``(rows, 1, width)``, in a tuple as in transformers."""
        values, known = (
            nn.functional.pad(part, (self.missing, 0)).unflatten(1, (len(self.positions), -1))
            for part in (past_values.squeeze(2), past_observed_mask.squeeze(2))
        )
        hidden = self.dropout(self.patch(torch.cat([values, known], dim=2)) + self.positions)
        for block in self.blocks:
            hidden = block(hidden)
        seen: Tensor = self.whole(self.norm(hidden).flatten(1)) + self.straight(
            past_values.squeeze(2)
        )
        return (seen[:, None],)

    @property
    def config(self) -> SimpleNamespace:
        """The facts that readers of a transformers body ask for."""
        return SimpleNamespace(
            hidden_size=self.sizes["width"], hidden_dropout_prob=0.0, to_dict=self._settings
        )

    def _settings(self) -> dict[str, str | int | float]:
        return {"model_type": MODEL_TYPE, **self.sizes}

    def save_sizes(self, folder: Path) -> None:
        """Write what is needed to build the same network again."""
        (folder / "config.json").write_text(json.dumps(self._settings()), encoding="utf-8")

    @classmethod
    def of_folder(cls, folder: Path) -> "PatchTransformer":
        """A network of the sizes written in a folder, weights not yet loaded."""
        sizes = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(**{name: value for name, value in sizes.items() if name != "model_type"})
