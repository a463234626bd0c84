"""The CPU: threads that share a batch, cheap dropout, compact tables, kernels chosen by timing."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal

import torch
from torch import Tensor

from polyculture.engine.choices.precision import Kernels, Precision, arithmetic, choose
from polyculture.engine.cost import memory
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.efficiency.dropout import calls_dropout, drawing_from, make_cheap
from polyculture.nets.network import Network


class Cpu:
    """See ``engine/device.py``.

    Args:
        threads: Threads that share a batch.
    """

    name = "cpu"
    compacts_tokens = True
    tokens_at_once = 2_048
    """Larger pieces were no faster, and three tokens of MiniLM-L6 take a megabyte (docs/log.md)."""

    def __init__(self, threads: int) -> None:
        self.lanes = threads
        self.everywhere = True
        """The network may call torch's function of dropout."""

    def move(self, network: Network) -> None:
        """Weights are here from the beginning."""

    def make_ready(self, network: Network) -> None:
        """Dropout draws its masks eight values at a time; products outside of shares use all."""
        torch.set_num_threads(self.lanes)
        make_cheap(network)
        self.everywhere = calls_dropout(network)

    def send(self, batch: Batch) -> Batch:
        """A batch is here already."""
        return batch

    def drawing(self, seed: int) -> AbstractContextManager[None]:
        """Masks come from a generator of this thread."""
        return drawing_from(seed, everywhere=self.everywhere)

    def arithmetic(self, precision: Precision) -> AbstractContextManager[object]:
        """Automatic mixed precision, or None."""
        return arithmetic(precision)

    def choose(
        self,
        network: Network,
        batch: Batch,
        loss_of: Callable[[Outputs, Batch], Tensor],
        *,
        wanted: Literal["auto", "float32", "bfloat16"],
    ) -> Kernels:
        """What is fastest on this machine, by timing once; see ``engine/choices/precision.py``."""
        return choose(network, batch, loss_of, wanted=wanted, threads=self.lanes)

    def peak_mb(self) -> float:
        """The most this process held."""
        return memory.peak_mb()
