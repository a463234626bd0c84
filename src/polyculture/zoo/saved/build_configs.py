"""Networks built from configurations, each asked for by a line of JSON.

A configuration is anybody's: it may ask for a network that never ends or that takes all memory, so
it is built in a process of its own; see ``zoo/library/workers.py``.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyculture.core.views import Architecture

START = "from polyculture.zoo.saved.build_configs import serve_configs; serve_configs()"
"""The program of the process."""
MEMORY = 3 << 30
"""Bytes that a process may hold, its libraries among them."""
NOT_BUILDING = frozenset({"_attn_implementation", "attn_implementation", "quantization_config"})
"""Settings that choose how a network is run, and may need libraries to be there."""


def task(name: str, kind: str, settings: dict[str, Any], classes: tuple[str, ...]) -> str:
    """One line that asks for a network.

    Args:
        name: Whose network it is; of no other line.
        kind: Type of model.
        settings: Of its configuration.
        classes: Classes of networks of the library, in the order in which to try them.
    """
    return json.dumps({"name": name, "kind": kind, "settings": settings, "classes": classes})


def serve_configs() -> None:
    """Build each configuration that comes in, within bounds of memory."""
    from polyculture.zoo.library.workers import serve

    serve(built, memory=MEMORY)


def built(line: str) -> tuple[Architecture, dict[str, tuple[str, ...]]]:
    """The module graph and the traits of the first class that can be built.

    Args:
        line: See ``task``.

    Raises:
        Exception: Whatever the first class raised, if none could be built.
    """
    from polyculture.zoo.library.build_on_meta import seen

    asked = json.loads(line)
    first: Exception | None = None
    for name in asked["classes"]:
        try:
            network, configuration = _class(name, asked["kind"])
            return seen(partial(_network, network, configuration, asked["settings"]))
        except Exception as error:  # noqa: BLE001  # the library raises whatever it likes
            first = first or error
    raise first or LookupError(f"the library has no network for {asked['kind']}")


def _class(name: str, kind: str) -> tuple[Any, Any]:
    """The class of a network and that of its configuration; a name may be anything at all."""
    import transformers

    network, configuration = getattr(transformers, name), transformers.CONFIG_MAPPING[kind]
    is_network = isinstance(network, type) and issubclass(network, transformers.PreTrainedModel)
    if not is_network or not issubclass(configuration, network.config_class or object):
        msg = f"{name} is no network of {kind}"
        raise TypeError(msg)
    return network, configuration


def _network(network: Any, configuration: Any, settings: dict[str, Any]) -> Any:
    return network(configuration.from_dict(_plain(settings)))


def _plain(settings: Any) -> Any:
    """A copy to change, without what only says how to run."""
    if isinstance(settings, dict):
        return {k: _plain(value) for k, value in settings.items() if k not in NOT_BUILDING}
    return [_plain(value) for value in settings] if isinstance(settings, list) else settings
