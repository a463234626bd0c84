"""Gradient checkpointing: recompute activations in the backward pass to save memory.

A training then takes about a third longer. The gradients are the same to the bit: dropout draws the
masks of the first pass again, from the thread's own generator too (``nets/efficiency/dropout.py``).

Source: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, arXiv:1604.06174.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch

from polyculture.core.errors import ModelError
from polyculture.nets.efficiency.dropout import chance, drawn_from, is_everywhere


def recompute(network: Any) -> None:
    """Let every layer of the body keep its inputs alone, in place.

    Args:
        network: A ``Network``; it is trained as before.

    Raises:
        ModelError: Its body has no layers that can do this.
    """
    model = network.model
    if not getattr(model, "supports_gradient_checkpointing", False):
        msg = (
            f"{type(model).__name__} cannot compute its activations again. Leave fit.recompute "
            "out, or choose another base."
        )
        raise ModelError(msg)
    model.activation_checkpointing_enable({"use_reentrant": False, "context_fn": _two_passes})


def _two_passes() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    states: list[tuple[torch.Tensor, bool]] = []

    @contextmanager
    def first() -> Iterator[None]:
        generator = chance()
        if generator is not None:
            states.append((generator.get_state(), is_everywhere()))
        yield

    @contextmanager
    def again() -> Iterator[None]:
        if not states:  # torch's own generator, which torch itself sets back
            yield
            return
        state, everywhere = states[0]
        generator = torch.Generator()
        generator.set_state(state)
        with drawn_from(generator, everywhere=everywhere):
            yield

    return first(), again()
