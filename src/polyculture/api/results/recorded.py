"""What an earlier table of results holds, for rows that are not trained again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from polyculture.core.errors import StoreError
from polyculture.core.recipe import Recipe
from polyculture.core.record import first_fault
from polyculture.core.several.results import Reached, Results

if TYPE_CHECKING:
    from pathlib import Path


def portable(recipe: Recipe, files: Path) -> dict[str, Any]:
    """A recipe with its paths told from a folder, wherever that lies."""
    text = recipe.model_dump_json().replace(f"{files.resolve()}/", "")
    portable: dict[str, Any] = json.loads(text)
    return portable


def _as_of_today(recorded: Reached) -> Reached:
    """What was recorded, its recipe with the settings that recipes have today."""
    try:
        recipe = Recipe.model_validate(recorded.recipe)
    except ValidationError:
        return recorded  # a recipe that can no longer be written, so no row asks for it
    return recorded.model_copy(update={"recipe": json.loads(recipe.model_dump_json())})


def read_table(path: Path) -> dict[str, list[Reached]]:
    """What an earlier table has of each row.

    Raises:
        StoreError: It is missing, or no table of results that this version can read.
    """
    try:
        results = Results.model_validate_json(path.read_bytes())
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Name the results.json of a table."
        raise StoreError(msg) from error
    except ValidationError as error:
        msg = f"{path} is not a results.json that this version reads: {first_fault(error)}."
        raise StoreError(msg) from error
    return {row.name: [_as_of_today(one) for one in row.reached] for row in results.rows}
