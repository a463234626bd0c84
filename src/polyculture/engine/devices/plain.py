"""The plain path of torch: CUDA, MPS, or a CPU that does what these do."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from polyculture.engine.choices.precision import Kernels, Precision, has_fused_attention
from polyculture.engine.cost import memory
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.network import Network

MB = 1 << 20


class Plain:
    """See ``engine/device.py``: one share a batch, torch's own dropout and attention.

    Args:
        name: What a recipe calls it.
        place: Where weights and batches go.
    """

    lanes = 1
    compacts_tokens = False
    tokens_at_once = 32_768
    """Not timed on an accelerator."""

    def __init__(self, name: str, place: torch.device) -> None:
        self.name = name
        self.place = place
        if place.type == "cuda":
            torch.cuda.reset_peak_memory_stats(place)

    def move(self, network: Network) -> None:
        """Bring the weights over."""
        network.to(self.place)

    def make_ready(self, network: Network) -> None:
        """Nothing has to be replaced."""

    def send(self, batch: Batch) -> Batch:
        """Bring the tensors over; from pinned memory, so that CUDA need not wait for them."""

        def sent(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
            return {name: self._sent(tensor) for name, tensor in tensors.items()}

        return replace(
            batch,
            inputs=sent(batch.inputs),
            targets=sent(batch.targets),
            places=sent(batch.places),
            features=None if batch.features is None else self._sent(batch.features),
        )

    def _sent(self, tensor: Tensor) -> Tensor:
        pinned = tensor.pin_memory() if self.place.type == "cuda" else tensor
        return pinned.to(self.place, non_blocking=True)

    @contextmanager
    def drawing(self, seed: int) -> Iterator[None]:
        """Seed every generator of torch: a resumed training draws what it would have drawn."""
        torch.manual_seed(seed)
        yield

    def arithmetic(self, precision: Precision) -> AbstractContextManager[object]:
        """Automatic mixed precision, or None."""
        return torch.autocast(
            self.place.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"
        )

    def choose(
        self,
        network: Network,
        batch: Batch,  # noqa: ARG002  # one form for all devices
        loss_of: Callable[[Outputs, Batch], Tensor],  # noqa: ARG002
        *,
        wanted: Literal["auto", "float32", "bfloat16"],
    ) -> Kernels:
        """Products in bfloat16 where CUDA has units for it; torch's fused attention."""
        has_units = self.place.type == "cuda" and torch.cuda.is_bf16_supported()
        precision: Precision = "bfloat16" if has_units else "float32"
        return Kernels(
            precision=precision if wanted == "auto" else wanted,
            attention="sdpa" if has_fused_attention(network) else "",
        )

    def peak_mb(self) -> float:
        """The most that CUDA held; on other processors the most this process held."""
        if self.place.type == "cuda":
            return torch.cuda.max_memory_allocated(self.place) / MB
        return memory.peak_mb()
