"""Compare what a training was asked for with what is asked for now.

An unfinished training is resumed, and a finished one kept, only where both are the same: recipe,
data and base. Where files lie makes no difference, nor does how often a checkpoint is written.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from polyculture.core.errors import RecipeError
from polyculture.core.recipe import Recipe
from polyculture.core.record import Record
from polyculture.core.several.together import Together

WITHOUT_EFFECT = frozenset({"name", "fit.checkpoint_seconds"})
"""Settings that change no weight."""
ARROW = " → "


class Request(Record):
    """Everything that a run depends on."""

    schema_number: int = 1
    recipe: dict[str, Any]
    """The recipe, as JSON holds it."""
    data: str | None
    """Digest of the rows; None if they were not read."""
    base: str | None
    """Digest of the base; None if it would have to be made first."""

    @classmethod
    def of(cls, recipe: Recipe, data: str | None, base: str | None) -> "Request":
        """What this recipe asks for."""
        return cls(recipe=recipe.model_dump(mode="json"), data=data, base=base)


def differences(before: Request, now: Request) -> tuple[str, ...]:
    """Settings that differ, as ``fit.epochs 60 → 12``; empty where all is the same.

    Rows and base are compared by their digests; their settings say how they differ, or are
    compared where a digest is not known.

    Example:
        >>> a = Request(recipe={"fit": {"epochs": 60}}, data="d", base="b")
        >>> b = Request(recipe={"fit": {"epochs": 12}}, data="e", base="b")
        >>> differences(a, b)
        ('fit.epochs 60 → 12', 'the rows of the data')
    """
    changed = dict(_changed(_with_defaults(before.recipe), now.recipe))
    changes = [text for key, text in changed.items() if not key.startswith(("data.", "base."))]
    for part, what in (("data", "the rows of the data"), ("base", "the files of the base")):
        digests = getattr(before, part), getattr(now, part)
        of_part = {key: text for key, text in changed.items() if key.startswith(f"{part}.")}
        if None in digests:
            changes += of_part.values()
        elif digests[0] != digests[1]:
            real = [text for key, text in of_part.items() if not _has_only_moved(before, now, key)]
            changes += real or [what]
    return tuple(changes)


def _with_defaults(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    """With settings that there were not yet when it was written; as it is where that cannot be."""
    kind = Together if "parts" in recipe else Recipe
    try:
        return kind.model_validate(recipe).model_dump(mode="json")
    except (ValidationError, RecipeError):
        return recipe


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    old, new = dict(_flat(before)), dict(_flat(now))
    for key in sorted({*old, *new} - WITHOUT_EFFECT):
        if old.get(key) != new.get(key):
            yield key, f"{key} {_word(old.get(key))}{ARROW}{_word(new.get(key))}"


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _has_only_moved(before: Request, now: Request, key: str) -> bool:
    """Whether a setting is a file of the same name in another folder."""
    old, new = dict(_flat(before.recipe)).get(key), dict(_flat(now.recipe)).get(key)
    is_path = isinstance(old, str) and isinstance(new, str) and Path(old).is_absolute()
    return is_path and Path(str(old)).name == Path(str(new)).name


def _word(value: Any) -> str:
    return "(left out)" if value is None else str(value)
