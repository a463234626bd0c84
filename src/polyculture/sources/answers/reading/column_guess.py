"""Guess the layout and the columns of a table of answers that nobody described.

The rules, in their order:

1. What a person named stays, and so does ``--wide``. ``--model``, ``--answer`` or
   ``--probabilities`` say that the table is long.
2. **Layout.** A long table has a row for each answer: its items repeat, and a column names the
   models. A wide table has a row for each item and a column for each model: its items are unique.
   A column with a usual name of models in a table whose items are unique fits neither.
3. **Item.** A column with a usual name (``id``, ``example_id``, 编号, ...) that fits the layout.
   Else by shape: the one column without a usual name whose cells are unique (wide), or of which
   each cell occurs at most once with each model (long). Else the documents, else the texts,
   likewise.
4. **Model**, in a long table: a usual name (``model``, ``system``, 模型, ...); else the one column
   that pairs with the items: no pair twice, and at least half of all possible pairs there (all of
   them, where the items have no usual name either).
5. **Gold and answer.** Usual names. In a long table a right answer is the same in all rows of an
   item: a ``label`` that differs is an answer, and an ``answer`` that never differs beside a
   ``prediction`` is the right answer. Without a usual name the answer is the one column left that
   differs within an item; a right answer without a usual name is never guessed.
6. **Text, group, document, probabilities**: usual names alone; in a long table the first three have
   to be the same in all rows of an item, and probabilities have to be JSON objects.
7. Where two columns fit one role, or one column two roles, nothing is guessed: the error names
   them, and the option that decides.

Order of the columns, case, and what stands between the words of a name do not matter.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from polyculture.core.errors import DataError
from polyculture.sources.answers.reading.usual_names import EITHER, plain, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

MEANING = {
    "item": "the ids of the items",
    "model": "the names of the models",
    "answer": "the answers",
    "gold": "the right answers",
    "text": "the texts",
    "group": "the groups of the items",
    "document": "the documents of the items",
    "probabilities": "the probabilities",
}
LONG_ONLY = ("model", "answer", "probabilities")
SHOWN = 12
"""Columns that a message names."""


@dataclass(frozen=True, kw_only=True)
class Guess:
    """How a table is read."""

    is_wide: bool
    columns: Mapping[str, str]
    """Role to column, for the roles that there are."""

    @property
    def options(self) -> str:
        """The options of the command line that say the same.

        Example:
            >>> Guess(is_wide=True, columns={"item": "id", "gold": "right answer"}).options
            "--wide --item id --gold 'right answer'"
        """
        named = [word for role, name in self.columns.items() for word in (f"--{role}", name)]
        return shlex.join([*(["--wide"] if self.is_wide else []), *named])


def guess(
    frame: pl.DataFrame, where: str, named: Mapping[str, str] | None = None, *, wide: bool = False
) -> Guess:
    """Guess how a table of answers is laid out, and what its columns hold.

    Args:
        frame: The table; every cell is text, an empty one null.
        where: Its name, for messages.
        named: Role to the column that a person named for it.
        wide: A person said that the table is wide.

    Raises:
        DataError: Two readings fit, or none; the message names the option that decides.

    Example:
        >>> import polars as pl
        >>> frame = pl.DataFrame({"a": ["x", "y"], "id": ["1", "2"], "b": ["x", "x"]})
        >>> guess(frame, "answers.csv").options
        '--wide --item id'
    """
    columns = _Columns(frame=frame, where=where, named=named or {})
    is_wide = wide or not _is_long(columns)
    roles = _wide(columns) if is_wide else _long(columns)
    in_order = {role: roles[role] for role in MEANING if role in roles}
    return Guess(is_wide=is_wide, columns=in_order)


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """A table and what is known of it so far."""

    frame: pl.DataFrame
    where: str
    named: Mapping[str, str]

    def usual(self, role: str) -> list[str]:
        """The column named for a role, or else those with a usual name of it."""
        if role in self.named:
            return [self.named[role]]
        return [name for name in self.free() if role_of(name) == role]

    def unusual(self) -> list[str]:
        """Columns that nobody named and whose names say nothing."""
        return [name for name in self.free() if role_of(name) is None]

    def free(self) -> list[str]:
        """Columns that nobody named."""
        return [name for name in self.frame.columns if name not in self.named.values()]

    def with_named(self, **named: str) -> _Columns:
        return _Columns(frame=self.frame, where=self.where, named={**self.named, **named})

    def is_unique(self, name: str) -> bool:
        """Whether every cell says something, and no two say the same."""
        cells = self.frame[name]
        return not cells.null_count() and cells.n_unique() == len(cells)

    def pairs(self, item: str, model: str) -> bool:
        """Whether the one may name the items and the other the models of a long table."""
        rows = len(self.frame)
        items, models = (self.frame[name].n_unique() for name in (item, model))
        if item == model or not (1 < models < rows and items < rows <= items * models):
            return False
        cells = self.frame.select(item, model)
        filled = cells.drop_nulls()
        return len(filled) == len(cells) == filled.n_unique()

    def fills(self, item: str, model: str, *, share: float = 0.5) -> bool:
        """Whether columns of which one has no usual name pair, and most pairs are there."""
        items, models = (self.frame[name].n_unique() for name in (item, model))
        is_full = models <= items and len(self.frame) >= share * items * models
        return is_full and self.pairs(item, model)

    def is_constant(self, name: str, item: str) -> bool:
        """Whether all rows of an item say the same, empty cells aside."""
        cells = self.frame.select(item, name).drop_nulls().unique()
        return len(cells) == cells[item].n_unique()

    def are_objects(self, name: str) -> bool:
        """Whether cells look like JSON objects."""
        return bool(self.frame[name].drop_nulls().str.starts_with("{").all())

    def share_a_cell(self, name: str, others: Iterable[str]) -> bool:
        """Whether any cell of a column occurs in another one."""
        cells = set(self.frame[name].drop_nulls())
        return any(not cells.isdisjoint(self.frame[other].to_list()) for other in others)


def _is_long(columns: _Columns) -> bool:
    """Rule 2."""
    if any(role in columns.named for role in LONG_ONLY):
        return True
    models, items = columns.usual("model"), columns.usual("item")
    repeating = [name for name in items if not columns.is_unique(name)]
    if models:
        if items and not repeating:
            _refuse_layout(columns, models[0], items[0])
        return True
    if items:
        unique = [name for name in items if name not in repeating]
        if unique and any(_partners(columns, name) for name in repeating):
            _refuse_layout(columns, repeating[0], unique[0])
        return not unique
    unique = [name for name in columns.unusual() if columns.is_unique(name)]
    pairs = _shaped_pairs(columns)
    if unique and pairs:
        _refuse_layout(columns, pairs[0][1], unique[0])
    return bool(pairs)


def _partners(columns: _Columns, item: str) -> list[str]:
    """Columns without a usual name that pair with the items."""
    return [name for name in columns.unusual() if columns.fills(item, name)]


def _shaped_pairs(columns: _Columns) -> list[tuple[str, str]]:
    """Pairs of columns without usual names; only whole ones, as few labels pair by chance."""
    names = columns.unusual()
    return [(i, m) for i in names for m in names if columns.fills(i, m, share=1.0)]


def _wide(columns: _Columns) -> dict[str, str]:
    columns = columns.with_named(item=_wide_item(columns))
    roles = dict(columns.named)
    roles |= _one_each(columns, ("gold", "text", "group", "document"))
    if "gold" not in roles:
        either = [name for name in columns.free() if plain(name) in EITHER]
        if either:
            msg = (
                f"{columns.where}: the column {either[0]!r} could be the right answers or the "
                f"answers of a model. Say which: {_option('gold', either[0])}, or, for a model, "
                f"--wide {_option('item', roles['item'])}."
            )
            raise DataError(msg)
        _refuse_group_like_gold(columns, roles, columns.unusual())
    return roles


def _wide_item(columns: _Columns) -> str:
    """Rule 3, for a wide table."""
    usual = columns.usual("item")
    if "item" in columns.named:
        return usual[0]
    unusual = columns.unusual()
    unnamed = [name for name in unusual if _is_unnamed(name)]
    others = [name for name in unusual if name not in unnamed]
    for names in (usual, others, unnamed, columns.usual("document"), columns.usual("text")):
        fits = [name for name in names if columns.is_unique(name)]
        if fits:
            return _only(columns, "item", fits)
        if usual:  # reading the table tells which line is wrong
            return _only(columns, "item", usual)
    return _refuse_none(columns, "item")


def _is_unnamed(name: str) -> bool:
    return not name.strip() or name.startswith(("Unnamed: ", "__index_level_"))


def _long(columns: _Columns) -> dict[str, str]:
    item, model = _item_and_model(columns)
    columns = columns.with_named(item=item, model=model)
    columns = columns.with_named(**_answer_and_gold(columns))
    roles = dict(columns.named)
    for role in ("text", "group", "document", "probabilities"):
        fits = [name for name in columns.usual(role) if _fits(columns, name, role)]
        if role not in roles and fits:
            roles[role] = _only(columns, role, fits)
    if "gold" not in roles:
        _refuse_group_like_gold(columns, roles, [roles["answer"]])
    return roles


def _fits(columns: _Columns, name: str, role: str) -> bool:
    """Rule 6, for a long table."""
    if role == "probabilities":
        return columns.are_objects(name)
    return columns.is_constant(name, columns.named["item"])


def _item_and_model(columns: _Columns) -> tuple[str, str]:
    """Rules 3 and 4, for a long table."""
    items, models = columns.usual("item"), columns.usual("model")
    if items and models:
        pairs = [(i, m) for i in items for m in models if columns.pairs(i, m)]
        # where nothing fits, reading the table tells which line is wrong
        pairs = pairs or [(i, m) for i in items for m in models]
    elif items:
        pairs = [(i, m) for i in items for m in _partners(columns, i)]
    elif models:
        pairs = [(i, m) for i in columns.unusual() for m in models if columns.fills(i, m)]
        for role in ("document", "text"):
            names = columns.usual(role)
            pairs = pairs or [(i, m) for i in names for m in models if columns.pairs(i, m)]
    else:
        pairs = _shaped_pairs(columns)
    if not pairs:
        _refuse_none(columns, "model" if items else "item")
    item = _only(columns, "item", list(dict.fromkeys(item for item, _ in pairs)))
    return item, _only(columns, "model", list(dict.fromkeys(model for _, model in pairs)))


def _answer_and_gold(columns: _Columns) -> dict[str, str]:
    """Rule 5, for a long table."""
    item = columns.named["item"]
    same = {name for name in columns.free() if columns.is_constant(name, item)}
    golds, answers = columns.usual("gold"), columns.usual("answer")
    if "gold" not in columns.named:
        golds = [name for name in golds if name in same]
    if "answer" not in columns.named:
        left = [name for name in answers if name not in same or plain(name) not in EITHER]
        if not golds:
            golds = [name for name in answers if name not in left and left]
        answers = left or [name for name in answers if name not in golds]
        answers = answers or [name for name in columns.usual("gold") if name not in same]
        answers = answers or [name for name in columns.unusual() if name not in same]
    if not answers:
        _refuse_none(columns, "answer")
    roles = {"answer": _only(columns, "answer", answers)}
    return {**roles, "gold": _only(columns, "gold", golds)} if golds else roles


def _one_each(columns: _Columns, roles: Sequence[str]) -> dict[str, str]:
    usual = {role: columns.usual(role) for role in roles}
    return {role: _only(columns, role, names) for role, names in usual.items() if names}


def _only(columns: _Columns, role: str, names: Sequence[str]) -> str:
    """The one column that fits a role.

    Raises:
        DataError: There are several.
    """
    if len(names) > 1:
        both = " and ".join(map(repr, names[:2]))
        options = " or ".join(_option(role, name) for name in names[:2])
        msg = (
            f"{columns.where}: the columns {both} could both be {MEANING[role]}. Say which: "
            f"{options}."
        )
        raise DataError(msg)
    return names[0]


def _refuse_layout(columns: _Columns, model: str, item: str) -> NoReturn:
    """Both layouts fit, or neither quite does."""
    msg = (
        f"{columns.where}: two readings fit. With {model!r} the table would have a row for each "
        f"answer; with {item!r}, where nothing repeats, a column for each model. Say which: "
        f"{_option('model', 'COLUMN')} or --wide."
    )
    raise DataError(msg)


def _refuse_group_like_gold(
    columns: _Columns, roles: Mapping[str, str], answers: Sequence[str]
) -> None:
    """A category may be what the models were to find out."""
    group = roles.get("group")
    if group is None or "group" in columns.named or not columns.share_a_cell(group, answers):
        return
    msg = (
        f"{columns.where}: the column {group!r} holds answers of the models, so it could be "
        f"{MEANING['gold']} or {MEANING['group']}. Say which: {_option('gold', group)} or "
        f"{_option('group', group)}."
    )
    raise DataError(msg)


def _refuse_none(columns: _Columns, role: str) -> NoReturn:
    names = columns.free()
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    msg = (
        f"{columns.where}: no column could be recognised as {MEANING[role]}. Name it with "
        f"--{role}; the columns are: {', '.join(map(repr, names[:SHOWN]))}{more}."
    )
    raise DataError(msg)


def _option(role: str, name: str) -> str:
    return f"--{role} {name if name == 'COLUMN' else shlex.quote(name)}"
