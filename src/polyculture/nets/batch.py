"""What goes into a network and what comes out of it, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from polyculture.nets.reading.texts import ROW_WEIGHT

if TYPE_CHECKING:
    from polyculture.nets.network import Network

IGNORED = -100
"""Target that does not count, as torch's cross-entropy has it."""
Outputs = Mapping[str, Tensor]
"""Outputs of a network by name: ``logits``, ``vectors``, ``start_logits``, ``span_logits``, ..."""


@dataclass(kw_only=True)
class Batch:
    """Some examples, padded to one length."""

    inputs: dict[str, Tensor]
    """Arguments of the network: ``input_ids`` and ``attention_mask`` of ``(examples, tokens)``, or
    ``pixel_values``, ..."""
    targets: dict[str, Tensor] = field(default_factory=dict)
    """The right answers; empty if unknown."""
    places: dict[str, Tensor] = field(default_factory=dict)
    """How outputs map back to the rows. Where there are ``positions``,
    ``(examples, words)``, the network answers at these tokens alone; where several sentences are
    learnt from in one input, ``(sentences, words)``, and ``owners`` says in which input each is."""
    rows: tuple[int, ...] = ()
    """The row of each example, once for each example, also where ``inputs`` hold several rows of
    the network for it. Where rows are read, all examples of a row stand together; in training a
    batch may hold some of them alone."""
    count: int = 0
    """Targets that the loss sums over: what a share of a batch weighs."""
    size: int = 0
    """Tokens (patches, frames) without padding."""
    part: str = ""
    """Where several tasks are learnt together: which of them its examples belong to."""
    weight: float = 1.0
    """Its losses are multiplied by this; not 1 for a part that counts more or less than others."""
    features: Tensor | None = None
    """Outputs of a body that never changes, ``(examples, tokens, width)``."""

    @property
    def row_share(self) -> float:
        """How much of its row an example is on average: 1, but where rows are read in windows.

        Losses are summed over rows, so their mean over examples is this much too small.
        """
        weights = self.targets.get(ROW_WEIGHT)
        return 1.0 if weights is None else float(weights.mean())


@dataclass(frozen=True)
class Reading:
    """A batch that is read without training. The network runs when its outputs are asked for."""

    network: "Network"
    batch: Batch

    @cached_property
    def outputs(self) -> Outputs:
        """What the network says, without gradient."""
        with torch.no_grad():
            outputs: Outputs = self.network(self.batch)
        return outputs

    def seen(self, name: str) -> Tensor:
        """One of the outputs in full precision, wherever it was computed."""
        return self.outputs[name].float().cpu()

    @property
    def rows(self) -> tuple[int, ...]:
        """Each row of the batch once, in the order of its examples."""
        return tuple(dict.fromkeys(self.batch.rows))
