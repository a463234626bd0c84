"""Write a recipe to start from: what was chosen, and every other setting in a comment.

The settings, their sentences and defaults are read from the records that recipes are checked
against, so that a template cannot differ from them.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import textwrap
import tomllib
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from polyculture.api.recipes import recipe_of
from polyculture.core import parts
from polyculture.core.errors import DataError
from polyculture.core.recipe import Fit, OnShelf, Recipe, Settings
from polyculture.core.record import Asked
from polyculture.core.regularization import Regularization
from polyculture.sources.starter.lock import find, starters
from polyculture.store.reading.tables import SUFFIXES
from polyculture.store.writing.folder import output_file
from polyculture.store.writing.outputs import check_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import FieldInfo

WIDTH = 96
HOLD_OUT = 0.1
WORDS = {int: "whole number", float: "number", bool: "true or false", str: "text", Path: "path"}
COLUMNS = (".conll", ".bio", ".iob", ".txt")
"""Suffixes of files of one tagged word a line."""
Chosen = dict[str, dict[str, Any]]
"""Table of a recipe to the settings that were chosen in it."""


def new_recipe(path: Path, *, task: str, data: str, base: str, replace: bool = False) -> None:
    """Write a recipe that can be trained as it stands, with every other setting in a comment.

    Args:
        path: The recipe's file; paths in it are relative to its folder.
        task: A task of the shelf, such as ``classification``.
        data: A file to learn from, of which a tenth is held out; or a data set of the starter.
        base: A model of the starter, a folder, ``owner/name`` on a hub, or a kind that is made new.
        replace: Replace a recipe that this function wrote and that is unchanged.

    Raises:
        PolycultureError: The file exists, or a part cannot be found or combined with the others.
    """
    inputs = [Path(data), Path(base)]
    check_output(path, kind="recipe", replace=replace, inputs=inputs)
    chosen: Chosen = {
        "task": {"kind": task},
        "base": _base_settings(base),
        "data": _data(data, path),
    }
    text = recipe_text(chosen, path)
    recipe_of(tomllib.loads(text), path)
    with output_file(path, kind="recipe", replace=replace, inputs=inputs) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def recipe_text(chosen: Chosen, path: Path) -> str:
    """A recipe as TOML.

    Args:
        chosen: Table to chosen settings; tables that are left out have their defaults.
        path: Where it will stand, for its first line.
    """
    lines = [
        f"# A recipe: one training. Look it over: polyculture train {path} --check",
        "# Settings behind a # have the value shown, or are left out. To set one, take the # away.",
        "",
        *_settings(Recipe, {}, hidden={*Recipe.model_fields} - {"name", "seed"}),
    ]
    for place, field in Recipe.model_fields.items():
        shelf = next((mark for mark in field.metadata if isinstance(mark, OnShelf)), None)
        if shelf is not None:
            lines += _part_lines(place, shelf, chosen.get(place, {}))
    for place, record in (("fit", Fit), ("regularization", Regularization)):
        lines += [f"[{place}]", *_settings(record, chosen.get(place, {}))]
    return "\n".join(lines).rstrip() + "\n"


def _part_lines(place: str, shelf: OnShelf, chosen: Mapping[str, Any]) -> Iterator[str]:
    name = chosen.get(shelf.key) or shelf.default or ""
    kind = shelf.settings(name)
    yield f"[{place}]"
    yield f"# One of: {', '.join(parts.names(shelf.shelf))}."
    yield f"{shelf.key} = {_as_toml(name)}"
    yield ""
    yield from _settings(kind, chosen, hidden={shelf.key})


def _settings(
    kind: type[Any], chosen: Mapping[str, Any], hidden: set[str] | frozenset[str] = frozenset()
) -> Iterator[str]:
    """Lines of a record's settings, the chosen ones first."""
    sentences = _sentences(kind)
    shown = {name: field for name, field in kind.model_fields.items() if name not in hidden}
    for name in sorted(shown, key=lambda key: key not in chosen):
        yield from textwrap.wrap(
            sentences.get(name, ""), WIDTH, initial_indent="# ", subsequent_indent="# "
        )
        is_set = name in chosen
        value = _as_toml(chosen[name]) if is_set else _default(shown[name])
        yield f"{'' if is_set else '# '}{name} = {value}"
        yield ""


def _default(field: FieldInfo) -> str:
    """A default as TOML; what to write, in angle brackets, where there is none."""
    value = None
    if not field.is_required():
        value = field.get_default(call_default_factory=True, validated_data={})
    return f"<{_words(field.annotation)}>" if value is None else _as_toml(value)


def _words(kind: Any) -> str:
    """A type in words.

    Example:
        >>> _words(float | None), _words(tuple[str, ...])
        ('number', 'list: text')
    """
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(map(_as_toml, inside))
    if origin is Annotated:
        return _words(inside[0])
    if origin is tuple:
        return f"list: {_words(inside[0])}"
    if inside:
        return " or ".join(_words(part) for part in inside if part is not NoneType)
    return WORDS.get(kind, "value")


def _as_toml(value: Any) -> str:
    """A value as TOML.

    Example:
        >>> _as_toml(True), _as_toml(1e-4), _as_toml(("x", "y"))
        ('true', '0.0001', '["x", "y"]')
    """
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_as_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _sentences(kind: type[Any]) -> dict[str, str]:
    """The text below each field of a record, inherited ones included."""
    sentences: dict[str, str] = {}
    for record in reversed(kind.__mro__):
        if issubclass(record, Asked) and record not in {Asked, Settings}:
            sentences |= _own_sentences(record)
    return sentences


def _own_sentences(kind: type[Any]) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    body = getattr(tree, "body", [])
    sentences = {}
    for node, below in pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                sentences[node.target.id] = " ".join(text.value.replace("``", "").split())
    return sentences


def _base_settings(name: str) -> dict[str, Any]:
    """The settings of a base, by what its name is."""
    kinds = get_args(parts.load("sources.bases", "new").settings.model_fields["kind"].annotation)
    if any(entry.name == name and entry.kind == "model" for entry in starters()):
        return {"source": "starter", "name": name}
    if name in kinds:
        return {"source": "new", "kind": name}
    if Path(name).is_dir():
        return {"source": "folder", "path": str(Path(name).resolve())}
    if name.count("/") == 1 and not name.startswith((".", "/")):
        return {"source": "hub", "name": name}
    find(name, "model")  # says which one is near
    return {}


def _data(name: str, recipe: Path) -> dict[str, Any]:
    """The settings of the texts, by what their name is."""
    file = Path(name)
    if not file.exists():
        if any(entry.name == name and entry.kind == "data" for entry in starters()):
            return {"source": "starter", "name": name}
        sets = ", ".join(entry.name for entry in starters() if entry.kind == "data")
        msg = f"There is no file {name}. Check the path, or name a data set of the starter: {sets}."
        raise DataError(msg)
    suffix = Path(file.stem).suffix if file.suffix.lower() == ".gz" else file.suffix
    sources = {**dict.fromkeys(SUFFIXES, "table"), **dict.fromkeys(COLUMNS, "conll")}
    sources[".jsonl"] = "jsonl"
    if suffix.lower() not in sources:
        known = ", ".join(sources)
        msg = f"Unsupported file type: {name}. Use one of {known}."
        raise DataError(msg)
    train = os.path.relpath(file.resolve(), recipe.resolve().parent)
    return {"source": sources[suffix.lower()], "train": train, "hold_out": HOLD_OUT}
