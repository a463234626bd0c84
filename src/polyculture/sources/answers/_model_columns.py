"""Which columns of a wide table hold answers of models, where nobody named them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from polyculture.store.tables import Table

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
ROLE_OF = {word: role for role, words in ROLES.items() for word in words}
UNNAMED = "it has no name"
NUMBERS = "it only numbers the rows"
DISTINCT = "its cells are all different, and none is an answer that occurs elsewhere"


def model_columns(
    table: Table, roles: Mapping[str, str | None]
) -> tuple[list[str], dict[str, str]]:
    """Columns of answers, and the other ones that have no role, each with a reason.

    Args:
        table: What was read.
        roles: Role to the column that was named for it, or none.
    """
    used = set(roles.values())
    free = [name for name in table.frame.columns if name not in used]
    gold = roles.get("gold")
    known = None if gold is None else table.column(gold)
    left_out = {name: why for name in free if (why := _by_itself(table.frame[name], roles, known))}
    models = [name for name in free if name not in left_out]
    strange = _strangers(table, models, known)
    if len(strange) < len(models):  # answers in free text may all be strange
        left_out |= dict.fromkeys(strange, DISTINCT)
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
    if role is None:
        return None
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


def _is_distinct(column: pl.Series) -> bool:
    return column.null_count() == 0 and column.n_unique() == len(column)
