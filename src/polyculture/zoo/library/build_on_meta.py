"""Networks without weights, built on torch's meta device.

Nothing is fetched and no code but torch's and the library's is run.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polyculture.core.views import Architecture

LONGEST = 140
"""Characters of a reason; what exceptions say may be pages long."""


def seen(make: Callable[[], Any]) -> tuple[Architecture, dict[str, tuple[str, ...]]]:
    """The module graph and the traits of a network that ``make`` builds, without its weights."""
    from polyculture.nets.graph import architecture
    from polyculture.zoo.library.traits import traits

    network = without_weights(make)
    if next(network.parameters(), None) is None:
        msg = f"{type(network).__name__} has no weights"
        raise LookupError(msg)
    configuration = network.config.to_dict()
    graph = architecture(network, configuration)
    return graph, traits(network, configuration, graph)


def without_weights(make: Callable[[], Any]) -> Any:
    """Call ``make`` so that the network it builds takes no memory for its weights.

    First everything is on torch's meta device. Where a network needs numbers while it is built (a
    schedule of drop rates, a table of positions), only its weights are.

    Args:
        make: Builds and returns a torch module.

    Raises:
        Exception: What ``make`` raised when all was on the meta device, if it fails both ways.

    Example:
        >>> from torch import nn
        >>> without_weights(lambda: nn.Linear(10**6, 10**6)).weight.device
        device(type='meta')
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's default settings among themselves
        try:
            with torch.device("meta"):
                return make()
        except Exception:
            try:
                with _weights_on_meta():
                    return make()
            except Exception:  # noqa: BLE001, S110  # the first error is the one that is told
                pass
            raise


def reason_of(error: Exception) -> str:
    r"""Why something was not built, in one line: the kind of error and the start of what it said.

    Example:
        >>> reason_of(ImportError("DetrModel requires\n the timm library"))
        'ImportError: DetrModel requires the timm library'
    """
    said = " ".join(str(error).split()).partition(". ")[0]
    return f"{type(error).__name__}: {said}"[:LONGEST].rstrip(": ")


@contextmanager
def _weights_on_meta() -> Iterator[None]:
    """Each weight goes to the meta device when a module takes it; buffers stay real."""
    import torch
    from torch import nn

    take = nn.Module.register_parameter

    def to_meta(module: Any, name: str, weight: Any) -> None:
        if weight is not None:
            weight = nn.Parameter(weight.to("meta"), requires_grad=weight.requires_grad)
        take(module, name, weight)

    nn.Module.register_parameter = to_meta  # type: ignore[method-assign, assignment]
    try:
        with torch.no_grad():
            yield
    finally:
        nn.Module.register_parameter = take  # type: ignore[method-assign]
