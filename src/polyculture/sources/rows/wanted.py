"""What a finished run reads, and which columns of a table hold it.

Columns are looked for under the names that the run's recipe gives them, then under their usual
names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from polyculture.core.columns import alternatives
from polyculture.core.errors import DataError
from polyculture.core.parts import suggestion
from polyculture.core.shown import shown_name
from polyculture.core.task import Column
from polyculture.sources.rows.columns import named_in
from polyculture.store.reading.tables import Table
from polyculture.store.reading.text_form import TextForm

SHOWN = 5
"""Column names that a note names at most."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a run reads."""

    columns: Mapping[str, Column]
    """The inputs that its task declares."""
    inputs: tuple[str, ...]
    """Those of them that it was trained on; empty where an old run does not say."""
    data: Any
    """The recipe's source of data, whose names of columns are looked for first."""

    @property
    def form(self) -> TextForm:
        """How the run's own files are written, which is how new ones are expected to be."""
        return TextForm(
            delimiter=getattr(self.data, "delimiter", None),
            encoding=getattr(self.data, "encoding", "utf-8"),
            quotes=getattr(self.data, "quotes", True),
        )

    @property
    def needed(self) -> list[tuple[str, ...]]:
        """Columns that have to be there, one of each group."""
        optional = [name for name, column in self.columns.items() if column.is_optional]
        return [
            *alternatives(self.columns),
            *((name,) for name in optional if self.reads(name)),
        ]

    @property
    def second_text(self) -> str | None:
        """The optional text beside the only one that the task needs, if it has one."""
        optional = [n for n, c in self.columns.items() if c.is_optional and c.kind == "text"]
        groups = alternatives(self.columns)
        is_text = len(groups) == 1 and self.columns[groups[0][0]].kind == "text"
        return optional[0] if is_text and len(optional) == 1 else None

    def reads(self, optional: str) -> bool | None:
        """Whether the run reads an optional column; None if an old run does not say."""
        if self.inputs:
            return optional in self.inputs
        return True if self.name(optional) else None

    def only(self, kind: str) -> str | None:
        """The one column that is needed, where one is enough and it may be of this kind."""
        if len(self.needed) != 1:
            return None
        return next((name for name in self.needed[0] if self.columns[name].kind == kind), None)

    def names(self, ours: str) -> tuple[str, ...]:
        """What one of our columns may be called: as the recipe has it, then the usual names."""
        recipe_name = self.name(ours)
        usual = self.columns[ours].usual if ours in self.columns else ()
        return (*((recipe_name,) if recipe_name else ()), ours, *usual)

    def name(self, ours: str) -> str | None:
        """What the recipe calls one of our columns."""
        return named_in(self.data).get(ours)

    def spare(self, there: Mapping[str, str]) -> Iterator[str]:
        """Columns that are not read, since another one that is there stands in for them."""
        for ours, column in self.columns.items():
            if ours in there and column.unless in there:
                was_read = ours in self.inputs and column.unless not in self.inputs
                yield column.unless if was_read else ours


def found_columns(table: Table, wanted: Wanted) -> dict[str, str]:
    """Our columns to the file's.

    Raises:
        DataError: A column that the run reads is not there.
    """
    names_in_file = {}
    for ours in ("id", "document", *wanted.columns):
        names = wanted.names(ours)
        name = next((name for name in names if name in table.frame.columns), None)
        if name is not None and _is_read(ours, name, wanted):
            names_in_file[ours] = name
    for ours in [*wanted.spare(names_in_file)]:
        del names_in_file[ours]
    inputs = [name for ours, name in names_in_file.items() if ours in wanted.columns]
    if names_in_file.get("document") in inputs and "document" not in wanted.columns:
        del names_in_file["document"]  # the text itself may be called so
    _check_found(table, names_in_file, wanted)
    return names_in_file


def _is_read(ours: str, name_in_file: str, wanted: Wanted) -> bool:
    if ours not in wanted.columns or not wanted.columns[ours].is_optional:
        return True
    reads = wanted.reads(ours)
    # a run that does not say what it reads was asked by this name alone
    return ours == name_in_file if reads is None else reads


def _check_found(table: Table, names_in_file: dict[str, str], wanted: Wanted) -> None:
    group = next((group for group in wanted.needed if not names_in_file.keys() & set(group)), None)
    if group is None:
        return
    ours, *others = group
    missing = f" (or {', '.join(map(repr, others))})" if others else ""
    if wanted.columns[ours].is_optional:
        is_pair = ours == wanted.second_text
        missing = f", and the run reads {'pairs of texts' if is_pair else 'it'}"
    recipe_name = wanted.name(ours)
    name = recipe_name or ours
    called = f" (as the run's recipe calls {ours!r})" if recipe_name and recipe_name != ours else ""
    columns = table.frame.columns
    separator = wanted.form.delimiter if table.separator and len(columns) == 1 else None
    if separator:
        missing += f" (cells are separated by {separator!r}, as the run's recipe says)"
    hint = suggestion(name, columns)
    msg = f"{table.name} has no column {name!r}{called}{missing}. {hint}"
    raise DataError(msg)


def column_notes(table: Table, names_in_file: dict[str, str], wanted: Wanted) -> tuple[str, ...]:
    """What is not read, and what a run of an earlier version leaves open, one sentence each."""
    return (*_pair_note(table, names_in_file, wanted), *_unread(table, names_in_file, wanted))


def _pair_note(table: Table, names_in_file: dict[str, str], wanted: Wanted) -> tuple[str, ...]:
    """What becomes of a second text, where an old run does not say whether it reads pairs."""
    second = wanted.second_text
    if second is None or wanted.reads(second) is not None:
        return ()
    there = [name for name in wanted.names(second) if name in table.frame.columns]
    if not there:
        return ()
    name = shown_name(table.path)
    why = f"{name}: the run, of an earlier version, does not say whether it reads pairs of texts"
    if second in names_in_file:
        return (f"{why}; {second!r} is read behind the first text. Rename it if it does not.",)
    return (f"{why}; {there[0]!r} is not read. Rename it {second!r} if it does.",)


def _unread(table: Table, names_in_file: dict[str, str], wanted: Wanted) -> tuple[str, ...]:
    name = shown_name(table.path)
    unread = [column for column in table.frame.columns if column not in names_in_file.values()]
    if not unread:
        return ()
    some = ", ".join(map(repr, unread[:SHOWN]))
    more = f" and {len(unread) - SHOWN:,} more" if len(unread) > SHOWN else ""
    kind, they = ("column", "it is") if len(unread) == 1 else ("columns", "they are")
    notes = [f"{name}: the run does not read the {kind} {some}{more}; {they} kept as given."]
    for ours, column in wanted.columns.items():
        name_in_file = next((name for name in unread if name in wanted.names(ours)), None)
        if name_in_file and column.is_optional and wanted.reads(ours) is False:
            how = "on single texts" if ours == wanted.second_text else f"without {ours!r}"
            notes.append(
                f"{name}: the run was trained {how}, so {name_in_file!r} has no part in its "
                "answers."
            )
    return tuple(notes)
