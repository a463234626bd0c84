"""One sentence for an error in a recipe or study: the place, what was expected, what it got."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from polyculture.core import parts
from polyculture.core.errors import RecipeError
from polyculture.core.recipe import OnShelf
from polyculture.core.record import Record

WORDS = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "tuple_type": "a list",
    "dict_type": "a table of settings",
    "model_type": "a table of settings",
    "finite_number": "a finite number",
    "greater_than": "more than {gt:.15g}",
    "greater_than_equal": "{ge:.15g} or more",
    "less_than": "less than {lt:.15g}",
    "less_than_equal": "{le:.15g} or less",
    "literal_error": "{expected}",
    "too_short": "a {collection} of {min_length} or more",
    "string_pattern_mismatch": "text with {pattern} in it",
    "string_too_short": "text of {min_length} characters or more",
}
"""What was expected, by pydantic's name of the error."""
PYDANTIC = re.compile(r"^\[key\]$|^(literal|constrained-\w+|function-\w+)\[|^constrained-")
"""Steps of a place that nobody wrote: what pydantic calls a key, and one type of several."""
LONGEST = 60
SHARED = {"", "recipe", "models"}
"""Tables of a study whose keys are those of a recipe."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a person wrote: a TOML file, and what ``--set`` changed in it."""

    path: Path
    text: str = ""
    changes: Sequence[str] = ()
    table: Mapping[str, Any]
    """Both together, as it was checked."""

    def place(self, key: str) -> str:
        """Where a dotted setting was written: file and line, or the change that made it."""
        while key.rpartition(".")[2].isdigit():  # one of a list has no line of its own
            key = key.rpartition(".")[0]
        for change in self.changes:
            if change.partition("=")[0].strip() == key:
                return f"--set {change}"
        line = line_of(self.text, key)
        return f"{self.path}" if line is None else f"{self.path}, line {line}"


def line_of(text: str, key: str) -> int | None:
    r"""The line of a TOML text on which a dotted setting stands; None if that is not certain.

    Example:
        >>> line_of("task = 'spans'\n[fit]\nepochs = 3\n", "fit.epochs")
        3
    """
    above, _, last = key.rpartition(".")
    parent = above.rpartition(".")[2]
    candidates = list(_lines_with(text, last))
    sure = [
        number
        for number, section, line in candidates
        if (section == above or section.endswith(f".{above}"))
        or (not above and section in SHARED)
        or (parent and re.search(rf"\b{re.escape(parent)}\b\s*[=.]", line))
    ]
    lines = sure or [number for number, _, _ in candidates]
    return lines[0] if len(lines) == 1 else None


def _lines_with(text: str, name: str) -> Iterator[tuple[int, str, str]]:
    section = ""
    word = re.escape(name)
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+([^\[\]]+)\]", line)
        if header:
            section = header[1].strip()
            if section.rpartition(".")[2] == name:
                yield number, section.rpartition(".")[0], line
        elif re.search(rf"""(?:^|[\s{{,.])["']?{word}["']?\s*=""", line.partition("#")[0]):
            yield number, section, line


def recipe_error(error: ValidationError, written: Written, model: type[Record]) -> RecipeError:
    """Turn pydantic's report into one sentence about the first thing that is wrong."""
    first, *others = error.errors()
    key = _setting_of(first["loc"])
    place = written.place(key)
    reason = first["msg"].removeprefix("Value error, ")
    match first["type"]:
        case "extra_forbidden":
            near = parts.suggestion(key, _known(model, key, written.table))
            return RecipeError(f"{place}: there is no setting {key!r}. {near}")
        case "missing":
            return RecipeError(f"{place} lacks the setting {key!r}. Add it.")
        case "value_error":
            reason += "" if reason.endswith((".", "?")) else "."
            at = f", at {key!r}" if key else ""
            return RecipeError(f"{place}{at}: {reason}")
        case _:
            same = [other for other in others if _setting_of(other["loc"]) == key]
            wanted = ", or ".join(map(_wanted, (first, *same)))
            came = _short(first.get("input"))
            return RecipeError(f"{place}: {key!r} should be {wanted}, got {came}.")


def _setting_of(steps: Sequence[int | str]) -> str:
    """The dotted name of a setting, without pydantic's own names of keys and of alternatives."""
    return ".".join(str(step) for step in steps if not PYDANTIC.search(str(step)))


def _wanted(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    if error["type"] not in WORDS:
        return error["msg"].removeprefix("Input should be ")
    pattern = str(context.get("pattern", "")).replace("\\", "")
    collection = "table" if context.get("field_type") == "Dictionary" else "list"
    words = {**context, "pattern": pattern, "collection": collection}
    return WORDS[error["type"]].format(**words)


def _short(value: Any) -> str:
    try:
        text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    except RecursionError:
        return "tables within tables"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _known(model: type[Record], key: str, table: Mapping[str, Any]) -> list[str]:
    """The settings that an unknown key may have meant: those of its own table first."""
    first, dot, _ = key.partition(".")
    if not dot or first not in model.model_fields:
        return list(model.model_fields)
    field = model.model_fields[first]
    shelf = next((mark for mark in field.metadata if isinstance(mark, OnShelf)), None)
    inner = field.annotation
    if shelf is not None:
        inner = shelf.settings(str(shelf.name_in(table[first])))
    if isinstance(inner, type) and issubclass(inner, Record):
        return [f"{first}.{name}" for name in inner.model_fields]
    if get_origin(inner) is dict:  # tables by names that were chosen
        _, name, below = (*key.split(".", 2), "", "")[:3]
        record = get_args(inner)[1]
        tables = table[first].get(name, {}) if isinstance(table[first], dict) else {}
        return [f"{first}.{name}.{known}" for known in _known(record, below, tables)]
    members = [kind for kind in get_args(inner) if isinstance(kind, type)]
    numbered = re.match(r"[^.]+\.\d+\.", key)
    if numbered and members and issubclass(members[0], Record):  # one of several tables
        return [f"{numbered[0]}{name}" for name in members[0].model_fields]
    return list(model.model_fields)
