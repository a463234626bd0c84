"""What a training was asked for, held against what is asked for now.

An unfinished training is resumed, and a finished one kept, only where both are the same: recipe,
data and base. Where files lie makes no difference, nor does how often a checkpoint is written.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from polyculture.core.recipe import Recipe
from polyculture.core.record import Record

WITHOUT_EFFECT = frozenset({"name", "fit.checkpoint_seconds"})
"""Settings that change no weight."""
ARROW = " → "


class Request(Record):
    """Everything that a run depends on."""

    schema_number: int = 1
    recipe: dict[str, Any]
    """The recipe, as JSON holds it."""
    data: str | None
    """Digest of the rows; none where they were not read."""
    base: str | None
    """Digest of the base; none where it would have to be made first."""

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
    changed = dict(_changed(before.recipe, now.recipe))
    found = [text for key, text in changed.items() if not key.startswith(("data.", "base."))]
    found += _of_part(changed, "data", (before.data, now.data), "the rows of the data")
    found += _of_part(changed, "base", (before.base, now.base), "the files of the base")
    return tuple(found)


def _of_part(
    changed: Mapping[str, str], part: str, digests: tuple[str | None, str | None], what: str
) -> list[str]:
    settings = [text for key, text in changed.items() if key.startswith(f"{part}.")]
    if None in digests:
        return settings
    return [] if digests[0] == digests[1] else settings or [what]


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    old, new = dict(_flat(before)), dict(_flat(now))
    for key in sorted({*old, *new} - WITHOUT_EFFECT):
        if not _same(old.get(key), new.get(key)):
            yield key, f"{key} {_word(old.get(key))}{ARROW}{_word(new.get(key))}"


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _same(before: Any, now: Any) -> bool:
    """Whether two values are the same; of files in folders, their names count here."""
    if isinstance(before, str) and isinstance(now, str) and Path(before).is_absolute():
        return Path(before).name == Path(now).name
    return bool(before == now)


def _word(value: Any) -> str:
    return "(left out)" if value is None else str(value)
