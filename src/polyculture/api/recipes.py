"""Read recipes and studies from TOML, with one sentence for what is wrong in them."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from polyculture.core.errors import RecipeError
from polyculture.core.recipe import Recipe
from polyculture.core.record import Record
from polyculture.core.slips import Written, slip
from polyculture.core.study import Study

Kind = TypeVar("Kind", bound=Record)
SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def read_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: The TOML file; paths in it are relative to its folder.
        changes: Settings to change, as ``fit.learning_rate=1e-3``.

    Raises:
        RecipeError: The file is missing, not TOML, or asks for something that does not exist.
    """
    return recipe_of(changed(read_toml(path), changes), path, changes)


def recipe_of(table: dict[str, Any], path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Check a table as a recipe; ``path`` is the file it came from, before the changes."""
    return _checked(Recipe, table, path, changes)


def read_study(path: Path, changes: Sequence[str] = ()) -> Study:
    """Read a study; see ``read_recipe``."""
    return _checked(Study, changed(read_toml(path), changes), path, changes)


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema of recipes, for editors that complete and check TOML."""
    return {"$schema": SCHEMA, **Recipe.model_json_schema()}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        RecipeError: It is missing, not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError as error:
        msg = f"There is no file {path}. Check the path."
        raise RecipeError(msg) from error
    except IsADirectoryError as error:
        msg = f"{path} is a folder, but a TOML file is needed."
        raise RecipeError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8 text. Save it as UTF-8 and try again."
        raise RecipeError(msg) from error
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not TOML: {error}."
        raise RecipeError(msg) from error


def changed(table: dict[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """A table with some dotted settings changed.

    Example:
        >>> changed({"fit": {"epochs": 4}}, ["fit.epochs=1", "name=x"])
        {'fit': {'epochs': 1}, 'name': 'x'}
    """
    result = {key: dict(v) if isinstance(v, dict) else v for key, v in table.items()}
    for change in changes:
        dotted, sign, text = change.partition("=")
        if not sign or not dotted:
            msg = f"--set wants a setting and its value, as in fit.epochs=2, but {change!r} came."
            raise RecipeError(msg)
        *folders, last = dotted.strip().split(".")
        inner = result
        for folder in folders:
            inner = inner.setdefault(folder, {})
            if not isinstance(inner, dict):
                msg = f"--set {change}: {folder!r} is not a table of settings."
                raise RecipeError(msg)
        inner[last] = _value(text.strip())
    return result


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a bare word is text


def _checked(model: type[Kind], table: dict[str, Any], path: Path, changes: Sequence[str]) -> Kind:
    try:
        return model.model_validate(table, context={"folder": path.resolve().parent})
    except ValidationError as error:
        text = path.read_text(encoding="utf-8")
        written = Written(path=path, text=text, changes=changes, table=table)
        raise slip(error, written, model) from error
