"""The lock table: public packages that carry real models and data, pinned to the byte.

The table is ``lock.toml``, read when somebody first asks for an entry and checked as it is read.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import ValidationError

from polyculture.core.errors import StarterError
from polyculture.core.parts import suggestion
from polyculture.core.record import first_fault
from polyculture.sources.starter.entry import Starter

TABLE = "lock.toml"


@cache
def starters() -> tuple[Starter, ...]:
    """All entries: models of text, models of other fields, then data."""
    return entries_of((files("polyculture.sources.starter") / TABLE).read_text(encoding="utf-8"))


def models() -> tuple[Starter, ...]:
    """Models of text, which recipes read."""
    return tuple(x for x in starters() if x.kind == "model" and x.field == "text")


def survey() -> tuple[Starter, ...]:
    """Models of other fields: what a survey sets beside the models of text.

    None of them is needed to train, so they are fetched by name, or all together as ``survey``.
    """
    return tuple(x for x in starters() if x.kind == "model" and x.field != "text")


def data() -> tuple[Starter, ...]:
    """Labelled texts, which recipes read."""
    return tuple(entry for entry in starters() if entry.kind == "data")


GROUPS: Mapping[str, Callable[[], tuple[Starter, ...]]] = {"survey": survey}
"""Words that stand for several entries."""


def entries_of(text: str) -> tuple[Starter, ...]:
    r"""The entries of a table: each archive, and the starters that are made of it.

    Raises:
        StarterError: It is not such a table; the message names the entry and its field.

    Example:
        >>> entries_of("[[archives]]\nstarters = 3")
        Traceback (most recent call last):
            ...
        polyculture.core.errors.StarterError: lock.toml, archive 1: expected a list of 'starters', got 3.
    """  # noqa: E501  # the example's output is one line
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{TABLE} cannot be read as TOML: {error}."
        raise StarterError(msg) from error
    entries: dict[str, Starter] = {}
    for place, written in _written(table):
        try:
            entry = Starter.model_validate(written)
        except ValidationError as error:
            msg = f"{TABLE}, {place}: {first_fault(error)}."
            raise StarterError(msg) from error
        if entry.name in entries:
            msg = f"{TABLE}: two starters are named {entry.name!r}. Rename one of them."
            raise StarterError(msg)
        entries[entry.name] = entry
    return tuple(entries.values())


def _written(table: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each starter with its archive, as they stand in the table, and what to call the place."""
    for number, archive in enumerate(_tables(table, "archives", TABLE), start=1):
        place = f"archive {archive.get('package', number)!r}"
        pinned = {name: value for name, value in archive.items() if name != "starters"}
        for below, starter in enumerate(_tables(archive, "starters", f"{TABLE}, {place}"), start=1):
            yield f"{place}, starter {starter.get('name', below)!r}", {**starter, "archive": pinned}


def _tables(above: Mapping[str, Any], name: str, place: str) -> list[dict[str, Any]]:
    tables = above.get(name)
    if isinstance(tables, list) and all(isinstance(table, dict) for table in tables):
        return tables
    came = "none" if tables is None else f"{tables!r:.40}"
    msg = f"{place}: expected a list of {name!r}, got {came}."
    raise StarterError(msg)


def find(name: str, kind: Literal["model", "data"] | None = None) -> Starter:
    """The entry of this name.

    Raises:
        StarterError: There is none; the message names the nearest one.

    Example:
        >>> find("minilm-l6").licence
        'Apache-2.0 (package: MIT)'
    """
    known = {entry.name: entry for entry in starters() if kind in {None, entry.kind}}
    if name not in known:
        word = {"model": "starter model", "data": "starter data set", None: "starter"}[kind]
        msg = f"There is no {word} {name!r}. {suggestion(name, list(known))}"
        raise StarterError(msg)
    return known[name]


def in_order(names: tuple[str, ...]) -> tuple[Starter, ...]:
    """The entries to fetch for these names, needed ones first.

    A name may be that of a group. No names stand for all that recipes read; models of other fields
    are fetched when they are asked for.

    Example:
        >>> [entry.name for entry in in_order(("minilm-l3",))]
        ['minilm-l6', 'minilm-l3']
        >>> len(in_order(("survey",)))
        7
    """
    wanted: dict[str, Starter] = {}
    for entry in _asked(names) or (*models(), *data()):
        for needed in entry.needs:
            wanted.setdefault(needed, find(needed))
        wanted.setdefault(entry.name, entry)
    return tuple(wanted.values())


def _asked(names: tuple[str, ...]) -> list[Starter]:
    asked: list[Starter] = []
    for name in names:
        asked += GROUPS[name]() if name in GROUPS else [find(name)]
    return asked
