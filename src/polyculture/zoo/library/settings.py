"""The settings of a configuration, those of its parts among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DEEPEST = 4
"""Configurations lie within one another: a model's holds its towers', theirs a backbone's."""


def settings_of(configuration: Mapping[str, Any], depth: int = DEEPEST) -> list[tuple[str, Any]]:
    """All (name, value) of a configuration and of the configurations within it.

    Example:
        >>> settings_of({"width": 4, "text_config": {"hidden_act": "gelu"}})
        [('width', 4), ('text_config', {'hidden_act': 'gelu'}), ('hidden_act', 'gelu')]
    """
    found: list[tuple[str, Any]] = []
    for key, value in configuration.items():
        found.append((str(key), value))
        if isinstance(value, dict) and depth > 0:
            found += settings_of(value, depth - 1)
    return found
