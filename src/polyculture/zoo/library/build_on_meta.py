"""Networks without weights: built from a configuration alone, on torch's meta device.

Nothing is fetched and no code but torch's and the library's is run.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyculture.zoo.library.families import COMMUNITIES, LEFT_OUT, ONLY_IF_NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from polyculture.core.views import Architecture
    from polyculture.zoo.library.families import Library

LONGEST = 140
"""Characters of a reason; what exceptions say may be pages long."""
ORDER = ("MODEL", *COMMUNITIES, *ONLY_IF_NONE, *(name for name in LEFT_OUT if name != "MODEL"))
"""In which order the mappings are asked for a family's network: the plain one first."""


OPEN = {
    "prediction_length": 24,  # steps of a forecast: as in the papers of Informer and Autoformer
    "vocab_size": 33,  # ESM-2's alphabet, the one default without a vocabulary
}
"""Settings that some defaults leave open and that no rule gives; none of them adds a module."""


def built(found: Library, family: str) -> tuple[Architecture, dict[str, tuple[str, ...]]]:
    """The module graph and the traits of a family's network, made with the default settings.

    The configuration is that of the type that is named like the family; the network the first
    class that can be built from it: those of the automatic mappings, the plain network first, or,
    where no mapping has any, the family's own in the order of its files.

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
        for settings in (defaults, filled):
            try:
                return seen(partial(_made, network_class, settings, configuration_class))
            except Exception as error:  # noqa: BLE001  # the library raises whatever it likes
                first = first or error
    if first is None:
        msg = f"no class of a network takes {configuration_class.__name__}"
        raise LookupError(msg)
    raise first


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


def filled(configuration_class: Any) -> Any:
    """The default configuration, with what it leaves open set by the library's usual rules.

    A head is as wide as the layer divided by the heads, there are as many heads of keys as of
    queries, and where there is no rule, as ``OPEN`` says. Which layers attend, and what parts there
    are, is never made up.
    """
    configuration = defaults(configuration_class)
    given = {
        name: value for name, value in OPEN.items() if getattr(configuration, name, value) is None
    }
    if given:
        configuration = configuration_class(**given)
    parts = (getattr(configuration, name, None) for name in configuration.sub_configs)
    for part in (configuration, *(part for part in parts if part is not None)):
        width, heads = (getattr(part, key, None) for key in ("hidden_size", "num_attention_heads"))
        if isinstance(width, int) and isinstance(heads, int):
            _set_open(part, head_dim=width // heads, num_key_value_heads=heads)
    return configuration


def _set_open(configuration: Any, **values: int) -> None:
    for name, value in values.items():
        if getattr(configuration, name, value) is None:
            setattr(configuration, name, value)


def _made(network_class: Any, settings: Callable[[Any], Any], configuration_class: Any) -> Any:
    return network_class(settings(configuration_class))


def reason_of(error: Exception) -> str:
    r"""Why something was not built, in one line: the kind of error and the start of what it said.

    Example:
        >>> reason_of(ImportError("DetrModel requires\n the timm library"))
        'ImportError: DetrModel requires the timm library'
    """
    said = " ".join(str(error).split()).partition(". ")[0]
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
    names = [found.mappings.get(mapping, {}).get(kind) for mapping in ORDER]
    mapped = dict.fromkeys(_class(family, name) for name in names if name)
    if mapped:
        yield from mapped
        return
    for network in dict.fromkeys(_own(found, family)):
        takes = getattr(network, "config_class", None)
        if takes is not None and issubclass(configuration_class, takes):
            yield network


def _own(found: Library, family: str) -> Iterable[Any]:
    """The family's own networks, in the order of its files, without the bases that hold nothing."""
    from transformers import PreTrainedModel

    for path in sorted((found.models / family).glob("modeling_*.py")):
        module = import_module(f"transformers.models.{family}.{path.stem}")
        for name, value in vars(module).items():
            is_network = isinstance(value, type) and issubclass(value, PreTrainedModel)
            is_own = getattr(value, "__module__", "") == module.__name__
            if is_network and is_own and not name.endswith("PreTrainedModel"):
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

    nn.Module.register_parameter = to_meta  # type: ignore[method-assign, assignment]
    try:
        with torch.no_grad():
            yield
    finally:
        nn.Module.register_parameter = take  # type: ignore[method-assign]
