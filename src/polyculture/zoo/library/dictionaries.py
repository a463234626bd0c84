"""Dictionaries of names in Python files, read as text."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


def dictionaries(paths: Iterable[Path]) -> dict[str, dict[str, str]]:
    """All dictionaries of names in these files, those of equal name joined.

    A dictionary is what an upper-case name is set to: ``OrderedDict([("bert", "BertModel")])``.
    Where a value is a choice between several, the first counts. Empty ones are left out.
    """
    tables: dict[str, dict[str, str]] = {}
    for path in paths:
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            for name, value in _assigned(statement):
                if name.isupper():
                    tables.setdefault(name, {}).update(_pairs(value, tables))
    return {name: table for name, table in tables.items() if table}


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        return [(one.id, statement.value) for one in statement.targets if isinstance(one, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [(statement.target.id, statement.value)] if statement.value else []
    return []


def _pairs(value: ast.expr, tables: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What ``OrderedDict([("bert", "BertModel"), *list(OTHER.items())], **MORE)`` holds."""
    if isinstance(value, ast.Name):
        return dict(tables.get(value.id, {}))
    if isinstance(value, ast.Dict):
        return _named(zip(value.keys, value.values, strict=True))
    if isinstance(value, ast.Attribute | ast.Starred):  # OTHER.items, *list(…)
        return _pairs(value.value, tables)
    pairs: dict[str, str] = {}
    if isinstance(value, ast.Call):
        for part in (value.func, *value.args, *(keyword.value for keyword in value.keywords)):
            pairs.update(_pairs(part, tables))
    elif isinstance(value, ast.List):
        for part in value.elts:
            if isinstance(part, ast.Tuple):
                pairs.update(_named([part.elts]))
            else:
                pairs.update(_pairs(part, tables))
    return pairs


def _named(pairs: Iterable[Sequence[ast.expr | None]]) -> dict[str, str]:
    found = ((_text(pair[0]), _text(pair[-1])) for pair in pairs)
    return {key: named for key, named in found if key is not None and named is not None}


def _text(node: ast.expr | None) -> str | None:
    """A string, the first of several, or the one that a condition prefers."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.IfExp):
        return _text(node.body)
    if isinstance(node, ast.Tuple | ast.List):
        return next((text for text in map(_text, node.elts) if text), None)
    return None
