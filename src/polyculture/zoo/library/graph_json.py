"""Module graphs as short JSON: what repeats is written once, modules are columns of numbers."""

from __future__ import annotations

from typing import Any

from polyculture.core.views import Architecture, Module


def packed(graph: Architecture) -> dict[str, Any]:
    """A graph as plain values: distinct kinds and shapes, and for each module its numbers.

    Example:
        >>> modules = (Module(kind="block"), Module(kind="linear", parents=(0,), shape=(3, 2)))
        >>> graph = Architecture(modules=modules, parameters=9, configuration={"width": 3})
        >>> packed(graph)["kind"], packed(graph)["parent"], unpacked(packed(graph)) == graph
        ([0, 1], [-1, 0], True)
    """
    kinds: dict[str, int] = {}
    shapes: dict[tuple[int, ...], int] = {}
    return {
        "kind": [kinds.setdefault(module.kind, len(kinds)) for module in graph.modules],
        "parent": [module.parents[0] if module.parents else -1 for module in graph.modules],
        "shape": [shapes.setdefault(module.shape, len(shapes)) for module in graph.modules],
        "kinds": list(kinds),
        "shapes": [list(shape) for shape in shapes],
        "parameters": graph.parameters,
        "configuration": graph.configuration,
    }


def unpacked(values: dict[str, Any]) -> Architecture:
    """The graph that ``packed`` made these values of.

    Raises:
        KeyError, IndexError, TypeError: The values are of something else.
    """
    kinds, shapes = values["kinds"], [tuple(shape) for shape in values["shapes"]]
    columns = zip(values["kind"], values["parent"], values["shape"], strict=True)
    # What we wrote ourselves is not validated again: a library has half a million modules.
    modules = tuple(
        Module.model_construct(
            _FIELDS,
            kind=kinds[kind],
            parents=(parent,) if parent >= 0 else (),
            shape=shapes[shape],
        )
        for kind, parent, shape in columns
    )
    return Architecture.model_construct(
        modules=modules, parameters=values["parameters"], configuration=values["configuration"]
    )


_FIELDS = {"kind", "parents", "shape"}
