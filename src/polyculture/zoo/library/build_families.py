"""The network of each family of the transformers library, built with its default settings."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.zoo.library.build_on_meta import seen
from polyculture.zoo.library.families import COMMUNITIES, LEFT_OUT, ONLY_IF_NONE, library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from polyculture.core.views import Architecture
    from polyculture.zoo.library.families import Library

START = "from polyculture.zoo.library.build_families import serve_families; serve_families({!r})"
"""The program of a process, with a place for the folder of models."""
ORDER = ("MODEL", *COMMUNITIES, *ONLY_IF_NONE, *(name for name in LEFT_OUT if name != "MODEL"))
"""In which order the mappings are asked for a family's network: the plain one first."""


OPEN = {
    "prediction_length": 24,  # steps of a forecast: as in the papers of Informer and Autoformer
    "vocab_size": 33,  # ESM-2's alphabet, the one default without a vocabulary
}
"""Settings that some defaults leave open and that no rule gives; none of them adds a module."""


def serve_families(models: str) -> None:
    """Build each family that is named on the input; see ``workers``.

    Args:
        models: The folder ``transformers/models``.
    """
    from polyculture.zoo.library.workers import serve

    serve(partial(built, library(Path(models))))


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
