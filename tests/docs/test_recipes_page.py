"""docs/recipes.md holds every setting of recipes and studies."""

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from polyculture.core import parts
from polyculture.core.recipe import Fit, OnShelf, Recipe, Settings
from polyculture.core.record import Record
from polyculture.core.regularization import Regularization
from polyculture.core.several.study import Study

HEAD = """# Recipes and studies

Made from the code by `make docs`. A recipe is a TOML file: one training. A study is a TOML file:
several recipes and the items they are compared on. Paths are relative to the folder of the file.
An unknown name is refused with the nearest known one; `polyculture schema` prints what a recipe
may hold as a JSON Schema for editors.
"""
KINDS = {
    int: "whole number",
    float: "number",
    bool: "true or false",
    str: "text",
    Path: "path",
    Any: "anything",
}
BOUNDS = {
    "ge": "at least {:,}",
    "gt": "above {:,}",
    "le": "at most {:,}",
    "lt": "below {:,}",
    "multiple_of": "a multiple of {:,}",
    "min_length": "not empty",
}
PLACES = {
    place: next(mark for mark in field.metadata if isinstance(mark, OnShelf))
    for place, field in Recipe.model_fields.items()
    if any(isinstance(mark, OnShelf) for mark in field.metadata)
}
"""The tables of a recipe that name a part: place to shelf."""


def test_the_page_explains_every_setting(page: Callable[[str, str], None]) -> None:
    """Name, type, default, and the sentence that stands below the field in the code."""
    tables: dict[str, type[Record]] = {
        "recipe.toml": Recipe,
        "[fit]": Fit,
        "[regularization]": Regularization,
    }
    sections = [_section(f"## {title}", kind) for title, kind in tables.items()]
    for place, shelf in PLACES.items():
        sections += [f"## [{place}]\n", *_parts(shelf)]
    shared = [_section(f"### {kind.__name__.lower()}", kind) for kind in _shared()]
    sections += ["## Settings that parts share\n", *shared, _section("## study.toml", Study)]
    page("recipes.md", "\n".join([HEAD, *sections]))


def _parts(shelf: OnShelf) -> Iterator[str]:
    for name in _ours(shelf):
        yield _section(f'### {shelf.key} = "{name}"', shelf.settings(name), hidden=shelf.key)


def _ours(shelf: OnShelf) -> list[str]:
    """Parts of this package; those that other packages bring are left out."""
    names = parts.names(shelf.shelf)
    return [name for name in names if shelf.settings(name).__module__.startswith("polyculture.")]


def _shared() -> list[type[Record]]:
    kinds = [shelf.settings(name) for shelf in PLACES.values() for name in _ours(shelf)]
    return list(dict.fromkeys(base for kind in kinds for base in _bases(kind)))


def _bases(kind: type[Record]) -> list[type[Record]]:
    return [
        base for base in kind.__mro__[1:] if issubclass(base, Settings) and base is not Settings
    ]


def _section(title: str, kind: type[Record], hidden: str = "") -> str:
    told = _sentences(kind)
    own = {name: kind.model_fields[name] for name in told if name != hidden}
    lines = [title, "", " ".join((kind.__doc__ or "").partition("\n\n")[0].split()), ""]
    if own:
        lines += ["| setting | what it takes | default | meaning |", "|---|---|---|---|"]
        lines += [_row(name, field, told[name]) for name, field in own.items()]
        lines.append("")
    bases = [f"[{base.__name__.lower()}](#{base.__name__.lower()})" for base in _bases(kind)]
    if bases:
        lines += [f"And the settings of {' and '.join(bases)}.", ""]
    return "\n".join(lines)


def _row(name: str, field: FieldInfo, sentence: str) -> str:
    takes = ", ".join([_words(field.annotation), *_bounds(field)])
    assert sentence, f"the setting {name!r} has no sentence below it"
    cells = (f"`{name}`", takes, _default(field), sentence.replace("``", "`"))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _words(kind: Any) -> str:
    """A type in words."""
    origin, inside = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Record):
        return "a table"
    if origin is Literal:
        return " or ".join(f'`"{word}"`' for word in inside)
    if origin is Annotated:
        return _words(inside[0])
    if origin is tuple:
        return f"list: {_words(inside[0])}"
    if inside and origin is not dict:
        return " or ".join(_words(one) for one in inside if one is not NoneType)
    return KINDS.get(kind, "a table")


def _bounds(field: FieldInfo) -> list[str]:
    return [
        words.format(getattr(mark, name))
        for mark in field.metadata
        for name, words in BOUNDS.items()
        if getattr(mark, name, None) is not None
    ]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ({}, (), ""):
        return "–"
    if isinstance(value, Fit | Regularization):
        return "as below"
    if isinstance(value, Settings):
        return f'`"{value.kind}"`' if hasattr(value, "kind") else "–"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{str(value).lower()}`" if isinstance(value, (bool, int, float)) else f'`"{value}"`'


def _sentences(kind: type[Record]) -> dict[str, str]:
    """A record's own fields, and the text below each."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    told: dict[str, str] = {}
    for node, below in zip(tree.body, [*tree.body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        text = below.value.value if is_text else ""  # type: ignore[union-attr]
        told[node.target.id] = " ".join(str(text).split())
    return told
