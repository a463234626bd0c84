"""A process that builds networks from configurations: a line of JSON comes in, a line goes out.

A configuration is anybody's: it may ask for a network that never ends or that takes all memory.
Run by ``zoo/library/workers.py``; see there.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from typing import Any

START = "from polyculture.zoo.saved.configs_worker import serve; serve()"
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


def serve() -> None:
    """Answer each line of the input with a line, until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    os.environ["HF_HUB_OFFLINE"] = "1"
    _limit_memory()
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """A packed graph and traits, or the reason why there is none."""
    from polyculture.zoo.library.build_on_meta import reason_of

    try:
        return {**built(asked), "reason": None}
    except Exception as error:  # noqa: BLE001  # the library raises whatever it likes
        return {"graph": None, "traits": {}, "reason": reason_of(error)}


def built(asked: dict[str, Any]) -> dict[str, Any]:
    """The first class that can be built.

    Raises:
        Exception: Whatever the first class raised, if none could be built.
    """
    from polyculture.zoo.library.build_on_meta import seen
    from polyculture.zoo.library.graph_json import packed

    first: Exception | None = None
    for name in asked["classes"]:
        try:
            network, configuration = _class(name, asked["kind"])
            graph, traits = seen(partial(_network, network, configuration, asked["settings"]))
            return {"graph": packed(graph), "traits": traits}
        except Exception as error:  # noqa: BLE001
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


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
