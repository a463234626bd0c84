"""Small helpers for tables in two languages."""

from collections.abc import Sequence

from polyculture.core.values import Undefined, Value
from polyculture.page.blocks import Cell, Column
from polyculture.zoo.page.language import Language

DASH = Cell(text="–", tone="quiet")


def columns(
    language: Language, key: str, names: Sequence[str], *, numbers: Sequence[str] = ()
) -> tuple[Column, ...]:
    """The heads of a table: the phrases ``<key>.<name>``."""
    return tuple(
        Column(label=language.say(f"{key}.{name}"), is_number=name in numbers) for name in names
    )


def absent(language: Language, reason: str) -> Value:
    """A value that nobody computed, with the phrase that says why."""
    return Undefined(reason=language.say(reason))
