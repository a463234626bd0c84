"""Dropout whose mask is cheap to draw on a CPU.

``torch.nn.functional.dropout`` draws one Bernoulli number a value, which makes it the largest
single cost of training a small encoder on a CPU. Here one 64-bit random number gives the mask of
eight values. The share dropped is a multiple of 1/256 (0.1 becomes 26/256), and the scale is the
inverse of the share really kept, so the expectation is exact. The mask comes from torch's own
generator, or from one of the thread's own (``drawing_from``): seeding it reproduces the mask.
"""

import inspect
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

LEVELS = 256
_chance = threading.local()
LOWEST = -(2**63)
CALL = re.compile(r"(?:functional|\bF)\.dropout\(")
"""How source calls torch's function of dropout."""
RATE = re.compile(r"dropout|pdrop$")
"""Names under which modules and configurations of transformers keep dropout rates."""


class _Drop(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Tensor, dropped: int) -> Tensor:
        count = values.numel()
        # From the lowest integer: plain random_() leaves the top bit empty, so that every eighth
        # byte would be biased.
        bits = torch.empty((count + 7) // 8, dtype=torch.int64).random_(
            LOWEST, None, generator=chance()
        )
        # Bytes become numbers before they are compared: torch's operations on bool take several
        # times as long, and any floating type holds 0 to 255 exactly.
        kept = bits.view(torch.uint8)[:count].to(values.dtype).ge_(dropped).view(values.shape)
        context.save_for_backward(kept)
        # A plain number scales in full precision; rounded to bfloat16 it would be 0.3 % too small.
        context.scale = LEVELS / (LEVELS - dropped)
        return (values * kept).mul_(context.scale)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (kept,) = context.saved_tensors
        return (gradients[0] * kept).mul_(context.scale), None


class _Everywhere(TorchFunctionMode):
    """In this thread ``torch.nn.functional.dropout`` is ours too.

    Some networks call the function, and have no module that ``make_cheap`` could replace. Every
    call of torch then takes a little longer, so it is for these networks alone.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Every call of torch passes here."""
        if func is nn.functional.dropout:
            return _as_torch_calls_it(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _as_torch_calls_it(
    input: Tensor,  # noqa: A002  # torch's name
    p: float = 0.5,
    training: bool = True,  # noqa: FBT001, FBT002
    inplace: bool = False,  # noqa: FBT001, FBT002, ARG001  # what is dropped in place may be needed
) -> Tensor:
    return dropout(input, p, training=training)


@contextmanager
def drawing_from(seed: int, *, everywhere: bool = False) -> Iterator[None]:
    """Masks drawn by this thread come from a generator of its own, seeded here.

    Threads that share torch's one generator would draw in an order that nobody can repeat.

    Args:
        seed: Of the generator.
        everywhere: Also for networks that call torch's function, see ``calls_dropout``.

    Example:
        >>> def mask():
        ...     with drawing_from(7):
        ...         return dropout(torch.ones(16), 0.5, training=True)
        >>> bool(torch.equal(mask(), mask()))
        True
    """
    with drawn_from(torch.Generator().manual_seed(seed), everywhere=everywhere):
        yield


@contextmanager
def drawn_from(generator: torch.Generator, *, everywhere: bool) -> Iterator[None]:
    """Masks drawn by this thread come from a generator, and then from where they came before."""
    before = chance(), is_everywhere()
    _chance.generator, _chance.everywhere = generator, everywhere
    try:
        with _Everywhere() if everywhere else nullcontext():
            yield
    finally:
        _chance.generator, _chance.everywhere = before


def chance() -> torch.Generator | None:
    """This thread's own generator of masks; none where masks come from torch's."""
    return getattr(_chance, "generator", None)


def is_everywhere() -> bool:
    """Whether torch's function of dropout is ours in this thread."""
    return getattr(_chance, "everywhere", False)


def calls_dropout(network: nn.Module) -> bool:
    """Whether some module calls torch's function of dropout in the source of its class.

    Example:
        >>> calls_dropout(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1)))
        False
    """
    kinds = {kind for module in network.modules() for kind in type(module).__mro__}
    written = {kind for kind in kinds if not kind.__module__.startswith("torch.")}
    return any(_calls_dropout(kind) for kind in written if kind not in {Dropout, object})


@cache
def _calls_dropout(kind: type) -> bool:
    try:
        return bool(CALL.search(inspect.getsource(kind)))
    except (OSError, TypeError):  # nobody can read it
        return True


def dropout(values: Tensor, share: float, *, training: bool) -> Tensor:
    """Set about ``share`` of the values to zero and scale the rest, while training.

    Args:
        values: Any shape.
        share: Wanted share of zeros, 0 to below 1; on the CPU rounded to a multiple of 1/256.
        training: Without it the values come back as they are.

    Example:
        >>> _ = torch.manual_seed(1)
        >>> round((dropout(torch.ones(100_000), 0.1, training=True) == 0).float().mean().item(), 2)
        0.1
    """
    if values.device.type != "cpu":  # masks are drawn there
        return nn.functional.dropout(values, share, training=training)
    dropped = min(round(share * LEVELS), LEVELS - 1)
    if not training or dropped == 0:
        return values
    return _Drop.apply(values, dropped)  # type: ignore[no-any-return, no-untyped-call, unused-ignore]


class Dropout(nn.Module):
    """A module in place of ``torch.nn.Dropout``; its share is ``p``, as there."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, values: Tensor) -> Tensor:
        """Drop while training; see ``dropout``."""
        return dropout(values, self.p, training=self.training)


Rate = tuple[Any, str, float]
"""A module or a configuration, the name of a dropout rate in it, and the rate."""


def set_dropout(network: Any, rate: float) -> list[Rate]:
    """Set the dropout rate of every layer of a network, in place.

    Modules keep their rates as ``p`` or under names of their own such as ``attention_dropout``;
    some read them from their configuration each time. Skipping of whole layers stays as it is.

    Args:
        network: With a transformers model or a body of ours, and perhaps a head.
        rate: From 0 to less than 1.

    Returns:
        The rates as they were, for ``put_back``.
    """
    modules = list(network.modules())
    configs = {id(c): c for m in modules if (c := getattr(m, "config", None)) is not None}
    before = [found for holder in (*modules, *configs.values()) for found in _rates_in(holder)]
    for holder, name, _ in before:
        setattr(holder, name, rate)
    return before


def put_back(rates: list[Rate]) -> None:
    """Set dropout rates to what they were."""
    for holder, name, rate in rates:
        setattr(holder, name, rate)


def drops(network: nn.Module) -> bool:
    """Whether a layer of a network has a dropout rate above 0."""
    return any(rate > 0 for module in network.modules() for _, _, rate in _rates_in(module))


def _rates_in(holder: Any) -> Iterator[Rate]:
    is_layer = isinstance(holder, Dropout | nn.modules.dropout._DropoutNd)  # noqa: SLF001  # of any dimensions
    for name, value in vars(holder).items():
        is_rate = isinstance(value, int | float) and not isinstance(value, bool)
        if is_rate and (RATE.search(name) or (is_layer and name == "p")):
            yield holder, name, value


def make_cheap(network: nn.Module) -> None:
    """Put our dropout in the place of every ``torch.nn.Dropout`` of a network, in place."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Dropout:
                setattr(module, name, Dropout(child.p).train(child.training))
