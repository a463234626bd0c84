"""Whether a run exists already, and how its recipe differs from the one asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyculture.core.errors import StoreError
from polyculture.core.request import Request, differences
from polyculture.store.runs import RECORD, read_run
from polyculture.store.writing.outputs import check_output
from polyculture.store.writing.unfinished import clear_leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyculture.core.recipe import Recipe
    from polyculture.core.run import Run


def refuse_finished(folder: Path, recipe: Recipe, *, replace: bool) -> None:
    """Refuse early to train over a finished run, and say whether its recipe is the same.

    Raises:
        StoreError: The place is taken, or cannot be written.
    """
    if not replace and (folder / RECORD).is_file():
        is_interrupted = clear_leftovers(folder)
        run = read_run(folder)
        changed = recipe_differences(run, recipe)
        raise StoreError(_sentence(folder, changed, is_interrupted=is_interrupted))
    check_output(folder, kind="run", replace=replace, inputs=files_of(recipe))


def _sentence(folder: Path, changed: tuple[str, ...], *, is_interrupted: bool) -> str:
    choice = "Choose another name (--set name=...), or add --replace to train it again."
    if is_interrupted:
        choice += " An interrupted training of this name is kept: --replace resumes it."
    if not changed:
        return f"{folder} is finished already, of this very recipe. {choice}"
    return f"{folder} is a finished run of another recipe ({'; '.join(changed)}). {choice}"


def recipe_differences(run: Run, recipe: Recipe) -> tuple[str, ...]:
    """Settings and paths in which a finished run's recipe differs; no file is read."""
    return differences(Request.of(run.recipe, None, None), Request.of(recipe, None, None))


def run_differences(run: Run, recipe: Recipe, data: str, base: str | None) -> tuple[str, ...]:
    """How a finished run differs from what is asked for; empty if it does not.

    Args:
        run: The finished run.
        recipe: What is asked for.
        data: Digest of the recipe's data.
        base: Digest of its base; None for a base that is made from the data, whose settings are
            compared.
    """
    facts = run.facts
    before = Request.of(run.recipe, facts.data_digest, None if base is None else facts.base_digest)
    return differences(before, Request.of(recipe, data, base))


def is_kept(folder: Path, recipe: Recipe, data: str, base: str | None, *, replace: bool) -> bool:
    """Whether a finished run is there and is what is asked for.

    Raises:
        StoreError: It is something else, and may not be replaced.
    """
    if not (folder / RECORD).exists():
        return False
    try:
        changed = run_differences(read_run(folder), recipe, data, base)
    except StoreError:  # damaged
        if replace:
            return False
        raise
    if not changed:
        clear_leftovers(folder)
        return True
    if replace:
        return False
    msg = (
        f"{folder} is a finished run of something else ({'; '.join(changed)}). Choose another "
        "--out, or add --replace to train it again."
    )
    raise StoreError(msg)


def files_of(recipe: Recipe) -> list[Path]:
    """Files and folders that a recipe reads."""
    return [path for part in (recipe.data, recipe.base) for path in _paths(part)]


def _paths(part: Any) -> Iterator[Path]:
    from pathlib import Path

    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Path):
            yield value
