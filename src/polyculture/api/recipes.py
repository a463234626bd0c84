"""Read recipes and studies from TOML, with one sentence for what is wrong in them."""

import codecs
import errno
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from polyculture.core.errors import RecipeError
from polyculture.core.recipe import Recipe
from polyculture.core.recipe_errors import Written, recipe_error
from polyculture.core.record import Record
from polyculture.core.several.results import ResultList
from polyculture.core.several.study import Study
from polyculture.core.several.together import Together
from polyculture.core.task import task_of
from polyculture.sources.rows.columns import unknown_name

Kind = TypeVar("Kind", bound=Record)
UNREADABLE = {
    errno.ENOENT: "There is no file {path}. Check the path.",
    errno.ENOTDIR: "There is no file {path}: a part of its path is a file. Check the path.",
    errno.EISDIR: "{path} is a folder, but a TOML file is needed.",
    errno.EACCES: "{path} may not be read by you. Ask for the right to, or copy it.",
    errno.EPERM: "{path} may not be read by you. Ask for the right to, or copy it.",
    errno.ELOOP: "{path} is a link that leads back to itself. Name the file itself.",
    errno.ENAMETOOLONG: "There is no file {path}: the name is too long. Check the path.",
}
"""Messages for a TOML file that cannot be opened, by errno."""
SHOWN = 40
"""Characters of a long change that a message shows."""
SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def read_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: The TOML file; paths in it are relative to its folder.
        changes: Settings to change, as ``fit.learning_rate=1e-3``.

    Raises:
        RecipeError: The file is missing, not TOML, asks for something that does not exist, or for
            several tasks together.
    """
    table = changed(read_toml(path), changes)
    if "parts" in table:
        msg = (
            f"{path} has [parts], but a recipe of one task is needed. Give each part a recipe of "
            "its own; polyculture train takes them together."
        )
        raise RecipeError(msg)
    return recipe_of(table, path, changes)


def read_trainable(path: Path, changes: Sequence[str] = ()) -> Recipe | Together:
    """Read a recipe, or a request for several tasks together, which has ``parts``."""
    table = changed(read_toml(path), changes)
    if "parts" not in table:
        return recipe_of(table, path, changes)
    asked = _validated(Together, table, path, changes)
    for name, recipe in asked.recipes().items():
        unknown = unknown_name(recipe.data, task_of(recipe.task).columns)
        if unknown:
            key = f"parts.{name}.data.columns.{unknown[0]}"
            msg = f"{_source_text(table, path, changes).place(key)}: {unknown[1]}"
            raise RecipeError(msg)
    return asked


def recipe_of(table: dict[str, Any], path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Check a table as a recipe; ``path`` is the file it came from, before the changes."""
    recipe = _validated(Recipe, table, path, changes)
    unknown = unknown_name(recipe.data, task_of(recipe.task).columns)
    if unknown:
        place = _source_text(table, path, changes).place(f"data.columns.{unknown[0]}")
        msg = f"{place}: {unknown[1]}"
        raise RecipeError(msg)
    return recipe


def read_study(path: Path, changes: Sequence[str] = ()) -> Study:
    """Read a study; see ``read_recipe``."""
    return _validated(Study, changed(read_toml(path), changes), path, changes)


def read_results(path: Path) -> ResultList:
    """Read a table of results: its recipes and goals."""
    return _validated(ResultList, read_toml(path), path, ())


def recipe_schema() -> dict[str, Any]:
    """The JSON Schema of recipes, for editors that complete and check TOML."""
    return {"$schema": SCHEMA, **Recipe.model_json_schema()}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a byte order mark at its start is left out.

    Raises:
        RecipeError: It is missing or closed, not UTF-8, not TOML, or nested too deep.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        is_wide = error.object[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
        kind = "is UTF-16 text, but UTF-8 is needed" if is_wide else "is not UTF-8 text"
        msg = f"{path} {kind}. Save it as UTF-8 and try again."
        raise RecipeError(msg) from error
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not TOML: {error}."
        raise RecipeError(msg) from error
    except RecursionError as error:
        msg = f"{path} is nested too deep: lists in lists, or tables in tables. Make it flatter."
        raise RecipeError(msg) from error
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        msg = UNREADABLE.get(number or 0, "{path} cannot be read: {error}.")
        raise RecipeError(msg.format(path=path, error=error)) from error


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
            msg = f"--set wants a setting and its value, as in fit.epochs=2, got {change!r}."
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
    except RecursionError as error:
        msg = f"--set {text[:SHOWN]}... is nested too deep. Give one plain value."
        raise RecipeError(msg) from error


def _validated(
    model: type[Kind], table: dict[str, Any], path: Path, changes: Sequence[str]
) -> Kind:
    try:
        return model.model_validate(table, context={"folder": path.resolve().parent})
    except ValidationError as error:
        raise recipe_error(error, _source_text(table, path, changes), model) from error


def _source_text(table: dict[str, Any], path: Path, changes: Sequence[str]) -> Written:
    text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""  # a pipe is read once
    return Written(path=path, text=text, changes=changes, table=table)
