"""Networks without weights: built from a configuration alone, on torch's meta device.

Nothing is fetched and no code but torch's and the library's is run.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyculture.sources.cards._families import COMMUNITIES, LEFT_OUT, ONLY_IF_NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from polyculture.core.views import Architecture
    from polyculture.sources.cards._families import Library

LONGEST = 140
"""Characters of a reason; what exceptions say may be pages long."""
ORDER = ("MODEL", *COMMUNITIES, *ONLY_IF_NONE, *(name for name in LEFT_OUT if name != "MODEL"))
"""In which order the mappings are asked for a family's network: the plain one first."""


def built(found: Library, family: str) -> tuple[Architecture, dict[str, tuple[str, ...]]]:
    """The module graph and the traits of a family's network, made with the default settings.

    The configuration is that of the type that is named like the family; the network the first
    class that can be built from it: those of the automatic mappings, the plain network first, then
    the family's own classes in the order of its files.

    Args:
        found: The library's tables.
        family: One of its families.

    Raises:
        Exception: Whatever the first class raised, if none could be built; see ``reason_of``.
    """
    kind = found.types[family][0] if found.types[family] else ""
    configuration_class = _class(family, _configuration_name(found, family, kind))
    first: Exception | None = None
    for network_class in _networks(found, family, kind, configuration_class):
        try:
            return seen(lambda of=network_class: of(defaults(configuration_class)))
        except Exception as error:  # noqa: BLE001  # the library raises whatever it likes
            first = first or error
    if first is None:
        msg = f"no class of a network takes {configuration_class.__name__}"
        raise LookupError(msg)
    raise first


def seen(make: Callable[[], Any]) -> tuple[Architecture, dict[str, tuple[str, ...]]]:
    """The module graph and the traits of a network that ``make`` builds, without its weights."""
    from polyculture.nets.graph import architecture
    from polyculture.sources.cards._traits import traits

    network = without_weights(make)
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


def defaults(configuration_class: Any) -> Any:
    """The configuration with its default settings, its parts' defaults where it needs them."""
    try:
        return configuration_class()
    except Exception:
        parts = {
            name: part()
            for name, part in getattr(configuration_class, "sub_configs", {}).items()
            if part.__name__ != "AutoConfig"
        }
        if not parts:
            raise
        return configuration_class(**parts)


def reason_of(error: Exception) -> str:
    r"""Why something was not built, in one line: the kind of error and what it said, shortened.

    Example:
        >>> reason_of(ImportError("DetrModel requires\n the timm library"))
        'ImportError: DetrModel requires the timm library'
    """
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}"[:LONGEST].rstrip(": ")


def _configuration_name(found: Library, family: str, kind: str) -> str:
    if kind:
        return found.configurations[kind]
    named = sorted(
        name for name in dir(_module(family, "configuration")) if name.endswith("Config")
    )
    own = [name for name in named if not name.startswith("PreTrained")]
    if not own:
        msg = "the family has no configuration"
        raise LookupError(msg)
    return min(own, key=len)


def _networks(found: Library, family: str, kind: str, configuration_class: Any) -> Iterator[Any]:
    """Classes of networks for a configuration, the plain network first, none twice."""
    tried = set()
    names = [found.mappings.get(mapping, {}).get(kind) for mapping in ORDER]
    for network in (*(_class(family, name) for name in names if name), *_own(found, family)):
        takes = getattr(network, "config_class", None)
        if network not in tried and (takes is None or issubclass(configuration_class, takes)):
            tried.add(network)
            yield network


def _own(found: Library, family: str) -> Iterable[Any]:
    """The family's own classes of networks, in the order of its files."""
    from transformers import PreTrainedModel

    for path in sorted((found.models / family).glob("modeling_*.py")):
        module = import_module(f"transformers.models.{family}.{path.stem}")
        for value in vars(module).values():
            is_network = isinstance(value, type) and issubclass(value, PreTrainedModel)
            if is_network and value.__module__ == module.__name__:
                yield value


def _class(family: str, name: str) -> Any:
    """A class of a family, or of another one that the mapping names."""
    package = import_module(f"transformers.models.{family}")
    if hasattr(package, name):
        return getattr(package, name)
    return getattr(import_module("transformers"), name)


def _module(family: str, kind: str) -> Any:
    return import_module(f"transformers.models.{family}.{kind}_{family}")


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

    nn.Module.register_parameter = to_meta  # type: ignore[method-assign]
    try:
        with torch.no_grad():
            yield
    finally:
        nn.Module.register_parameter = take  # type: ignore[method-assign]
