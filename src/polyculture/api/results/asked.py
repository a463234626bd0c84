"""What a table of results asks for: its rows, and the recipe of each training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyculture.api.recipes import changed, read_results, read_toml, recipe_of
from polyculture.api.results.retests import differs_in_test_alone
from polyculture.core.errors import RecipeError
from polyculture.core.parts import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from polyculture.core.recipe import Recipe
    from polyculture.core.several.results import ResultList, ResultRow


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One training of a row."""

    seed: int
    recipe: Recipe


def read_asked(
    path: Path, only: Sequence[str], *, quick: bool
) -> tuple[ResultList, dict[str, list[Asked]]]:
    """A table and the trainings of all its rows, by name; all are read before the first one begins.

    Args:
        path: The table's TOML file.
        only: Names of rows, which the table has to have.
        quick: Whether each row's ``quick`` settings apply.

    Raises:
        PolycultureError: The table or one of its recipes cannot be used.
    """
    wanted = read_results(path)
    _check_names(wanted, only)
    asked = {row.name: recipes_of(path, row, quick=quick) for row in wanted.rows}
    for row in wanted.rows:
        _check_models(row, asked)
    return wanted, asked


def _check_names(wanted: ResultList, only: Sequence[str]) -> None:
    names = [row.name for row in wanted.rows]
    unknown = next((name for name in only if name not in names), None)
    if unknown is not None:
        msg = f"The table has no row {unknown!r}. {suggestion(unknown, names)}"
        raise RecipeError(msg)


def _check_models(row: ResultRow, asked: Mapping[str, Sequence[Asked]]) -> None:
    """See that a row which tests the models of another one asks for the same training."""
    if not row.trained_as:
        return
    other = {one.seed: one.recipe for one in asked[row.trained_as]}
    if not all(differs_in_test_alone(one.recipe, other[one.seed]) for one in asked[row.name]):
        msg = (
            f"Row {row.name!r} tests the models of {row.trained_as!r}, but asks for another "
            "training. Let the two differ in their test rows alone, or leave out trained_as."
        )
        raise RecipeError(msg)


def recipes_of(path: Path, row: ResultRow, *, quick: bool) -> list[Asked]:
    """The recipe of each seed; all are read before the first one is trained."""
    file = path.parent / row.recipe
    changes = [*row.changes, *(row.quick if quick else ())]
    found = []
    for seed in row.seeds:
        named = [*changes, f"seed={seed}", f"name={run_name(row.name, seed)}"]
        found.append(
            Asked(seed=seed, recipe=recipe_of(changed(read_toml(file), named), file, named))
        )
    return found


def run_name(row: str, seed: int) -> str:
    """Name of the run that a row trains with a seed.

    Example:
        >>> run_name("digits", 2)
        'digits-seed2'
    """
    return f"{row}-seed{seed}"
