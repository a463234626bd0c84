"""Devices: the only place where the engine depends on the kind of processor.

Everything that differs between processors lies behind ``Device``, a file for each kind in
``engine/devices/``. The CPU shares a batch between threads, with dropout and tables of tokens of
its own; every other processor takes the plain path of torch, which also runs on a CPU (``plain``),
so that it can be tested without an accelerator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import torch

from polyculture.core.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from torch import Tensor

    from polyculture.core.recipe import Fit
    from polyculture.engine.choices.chosen import Chosen
    from polyculture.engine.choices.precision import Kernels, Precision
    from polyculture.nets.batch import Batch, Outputs
    from polyculture.nets.network import Network


class Device(Protocol):
    """A kind of processor."""

    @property
    def name(self) -> str:
        """``cpu``, ``plain``, ``cuda`` or ``mps``."""

    @property
    def lanes(self) -> int:
        """Shares of a batch that are computed side by side."""

    @property
    def compacts_tokens(self) -> bool:
        """Train only those rows of a table of tokens that occur: moving the others costs more."""

    @property
    def tokens_at_once(self) -> int:
        """Padded tokens that one lane computes at once of a batch whose rows are held together."""

    def move(self, network: Network) -> None:
        """Bring the weights to the processor, in place."""

    def make_ready(self, network: Network) -> None:
        """Swap in modules that train faster here, in place."""

    def send(self, batch: Batch) -> Batch:
        """The batch where the weights are."""

    def drawing(self, seed: int) -> AbstractContextManager[None]:
        """The context in which dropout draws the masks of a seed."""

    def arithmetic(self, precision: Precision) -> AbstractContextManager[object]:
        """The context in which matrix products run in a precision."""

    def choose(
        self,
        network: Network,
        batch: Batch,
        loss_of: Callable[[Outputs, Batch], Tensor],
        *,
        wanted: Literal["auto", "float32", "bfloat16"],
    ) -> Kernels:
        """Precision and attention of a training.

        Args:
            network: As it will be trained; its weights are left as they are.
            batch: One share of a typical batch, with targets.
            loss_of: (outputs, batch) to the summed loss.
            wanted: What the recipe says about precision.
        """

    def peak_mb(self) -> float:
        """The most memory that was held, in megabytes."""


def device_of(fit: Fit, earlier: Chosen | None = None) -> Device:
    """The device of a training: the recipe's, or the fastest that torch can use here.

    Args:
        fit: What the recipe says.
        earlier: Choices of the resumed training, which are kept.

    Raises:
        RecipeError: This machine has no such device.
    """
    from polyculture.engine.devices.cpu import Cpu
    from polyculture.engine.devices.plain import Plain
    from polyculture.nets.efficiency import threads

    name = earlier.device if earlier else fit.device
    name = found_here() if name == "auto" else name
    if name == "cpu":
        return Cpu(earlier.threads if earlier else threads.wanted(fit.threads))
    if name != "plain" and not _is_there(name):
        msg = (
            f"fit.device = {name!r}, but torch cannot use one here. Leave fit.device out to train "
            f"on {found_here()!r}."
        )
        raise RecipeError(msg)
    return Plain(name, torch.device("cpu" if name == "plain" else name))


def found_here() -> str:
    """The fastest kind of processor that torch can use."""
    return next((name for name in ("cuda", "mps") if _is_there(name)), "cpu")


def _is_there(name: str) -> bool:
    return torch.cuda.is_available() if name == "cuda" else torch.backends.mps.is_available()
