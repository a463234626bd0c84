"""Which columns of a wide table hold answers of models, where nobody named them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.sources.answers.reading.usual_names import role_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from polyculture.store.reading.tables import Table

FEW = 3
"""Rows below which a column of numbers says nothing."""
SOME = 5
"""Rows below which a column without repeats says nothing."""
ROLES = {
    "text": ("text", "question", "prompt", "input", "sentence"),
    "group": ("group", "domain", "category"),
    "document": ("document",),
    "gold": ("gold", "label", "labels", "target", "truth"),
    "item": ("id", "item", "index", "idx", "row", "line", "split", "probabilities"),
}
"""Names that say that a column holds something else than a model's answers."""
NEVER_RIGHT = "none of its cells is a right answer, of which there are few"
ROLE_OF = {word: role for role, words in ROLES.items() for word in words}
ANSWERS = ("model", "answer")
"""Roles whose usual names a model's own column may have."""
UNNAMED = "it has no name"
NUMBERS = "it only numbers the rows"
DISTINCT = "its cells are all different, and none is an answer that occurs elsewhere"


def model_columns(
    table: Table, roles: Mapping[str, str | None], *, is_guessed: bool = False
) -> tuple[list[str], dict[str, str]]:
    """Columns of answers, and the other ones that have no role, each with a reason.

    Args:
        table: What was read.
        roles: Role to the column that was named for it, or none.
        is_guessed: The roles were guessed by usual names, so these say what is not a model's.
    """
    used = set(roles.values())
    free = [name for name in table.frame.columns if name not in used]
    gold = roles.get("gold")
    known = None if gold is None else table.column(gold)
    left_out = {name: why for name in free if (why := _by_itself(table.frame[name], roles, known))}
    if is_guessed:
        left_out |= {name: _has_role(roles, role) for name in free if (role := _other_role(name))}
    models = [name for name in free if name not in left_out]
    strange = _strangers(table, models, known)
    why = DISTINCT
    if is_guessed and not strange:
        strange, why = _never_right(table, models, known), NEVER_RIGHT
    if len(strange) < len(models):  # answers in free text may all be strange
        left_out |= dict.fromkeys(strange, why)
    in_order = {name: left_out[name] for name in free if name in left_out}
    return [name for name in models if name not in in_order], in_order


def _by_itself(
    column: pl.Series, roles: Mapping[str, str | None], gold: pl.Series | None
) -> str | None:
    name = column.name.strip()
    if not name or name.startswith(("Unnamed: ", "__index_level_")):
        return UNNAMED
    if _is_running(column) and (gold is None or not (column == gold).any()):
        return NUMBERS
    role = ROLE_OF.get(name.casefold())
    return None if role is None else _has_role(roles, role)


def _other_role(name: str) -> str | None:
    """What a usual name says, unless that may be said of a model's answers."""
    role = role_of(name)
    return None if role in ANSWERS else role


def _has_role(roles: Mapping[str, str | None], role: str) -> str:
    is_open = roles.get(role) is None and role in roles
    return f"its name is not a model's{f', and --{role} was not set' if is_open else ''}"


def _is_running(column: pl.Series) -> bool:
    import polars as pl

    if len(column) < FEW or column[0] not in {"0", "1"}:
        return False
    numbers = pl.int_range(int(column[0]), len(column) + int(column[0]), eager=True)
    return bool((column == numbers.cast(pl.String)).all() and not column.null_count())


def _strangers(table: Table, names: Sequence[str], gold: pl.Series | None) -> list[str]:
    """Columns without a repeat, of which no cell occurs among the right answers, or elsewhere."""
    distinct = [name for name in names if _is_distinct(table.frame[name])]
    if not distinct or len(table.frame) < SOME:
        return []
    if gold is not None:
        known = set(gold)
    else:
        known = {cell for name in names if name not in distinct for cell in table.frame[name]}
    return [name for name in distinct if known.isdisjoint(table.frame[name].to_list())]


def _never_right(table: Table, names: Sequence[str], gold: pl.Series | None) -> list[str]:
    """Columns, such as lengths, of which no cell is one of a few right answers."""
    if gold is None or len(gold) < SOME or 2 * gold.n_unique() > len(gold):
        return []
    known = set(gold)
    return [name for name in names if known.isdisjoint(table.frame[name].to_list())]


def _is_distinct(column: pl.Series) -> bool:
    return column.null_count() == 0 and column.n_unique() == len(column)
