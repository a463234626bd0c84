"""What a finished run reads, and which columns of somebody's table hold it.

Columns are looked for under the names that the run's recipe gives them, then under their usual
names.
"""

from dataclasses import dataclass
from typing import Any, Literal

from polyculture.core.errors import DataError
from polyculture.core.parts import suggestion
from polyculture.core.shown import shown_name
from polyculture.sources.rows.columns import USUAL
from polyculture.store.tables import Table
from polyculture.store.text_form import TextForm

SHOWN = 5
"""Column names that a note names at most."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a run reads."""

    level: Literal["text", "word"]
    inputs: tuple[str, ...]
    """``text`` and perhaps ``text_b``, or ``tokens``; empty where the run does not say."""
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
    def is_paired(self) -> bool | None:
        """Whether the run reads pairs of texts; none where an old run does not say."""
        if self.level == "word" or self.inputs:
            return "text_b" in self.inputs
        return True if self.name("text_b") else None

    def names(self, ours: str) -> tuple[str, ...]:
        """What one of our columns may be called: as the recipe has it, then the usual names."""
        own = self.name(ours)
        return (*((own,) if own else ()), *USUAL.get(ours, (ours,)))

    def name(self, ours: str) -> str | None:
        """What the recipe calls one of our columns."""
        name: str | None = getattr(self.data, ours, None)
        return name if isinstance(name, str) else None


def found_columns(table: Table, wanted: Wanted) -> dict[str, str]:
    """Our columns to the file's.

    Raises:
        DataError: A column that the run reads is not there.
    """
    columns = table.frame.columns
    found = {}
    for ours in ("id", "text", "text_b", "tokens"):
        names = wanted.names(ours)
        theirs = next((name for name in names if name in columns), None)
        if theirs is not None:
            found[ours] = theirs
    if wanted.level == "word":
        found.pop("text_b", None)
        spare = "tokens" if wanted.inputs == ("text",) else "text"
        if {"text", "tokens"} <= found.keys():
            del found[spare]
    else:
        found.pop("tokens", None)
        # a run that does not say what it reads was asked by this name alone
        is_old_name = wanted.is_paired is None and found.get("text_b") == "text_b"
        if not (wanted.is_paired or is_old_name):
            found.pop("text_b", None)
    _check_found(table, found, wanted)
    return found


def _check_found(table: Table, found: dict[str, str], wanted: Wanted) -> None:
    columns = table.frame.columns
    needed = ["text", "tokens"] if wanted.level == "word" else ["text"]
    missing = None if found.keys() & set(needed) else " (or 'tokens')" if needed[1:] else ""
    ours = "text"
    if missing is None and wanted.is_paired and "text_b" not in found:
        ours, missing = "text_b", ", and the run reads pairs of texts"
    if missing is None:
        return
    theirs = wanted.name(ours)
    name = theirs or ours
    called = f" (as the run's recipe calls {ours!r})" if theirs and theirs != ours else ""
    told = wanted.form.delimiter if table.separator and len(columns) == 1 else None
    if told:
        missing += f" (cells are separated by {told!r}, as the run's recipe says)"
    hint = suggestion(name, columns)
    msg = f"{table.name} has no column {name!r}{called}{missing}. {hint}"
    raise DataError(msg)


def column_notes(table: Table, found: dict[str, str], wanted: Wanted) -> tuple[str, ...]:
    """What is not read, and what a run of an earlier version leaves open, one sentence each."""
    return (*_pair_note(table, found, wanted), *_unread(table, found, wanted))


def _pair_note(table: Table, found: dict[str, str], wanted: Wanted) -> tuple[str, ...]:
    """What becomes of a second text, where an old run does not say whether it reads pairs."""
    if wanted.is_paired is not None:
        return ()
    seconds = [name for name in USUAL["text_b"] if name in table.frame.columns]
    if not seconds:
        return ()
    name = shown_name(table.path)
    why = f"{name}: the run, of an earlier version, does not say whether it reads pairs of texts"
    if "text_b" in found:
        return (f"{why}; 'text_b' is read behind the first text. Rename it if it does not.",)
    return (f"{why}; {seconds[0]!r} is not read. Rename it 'text_b' if it does.",)


def _unread(table: Table, found: dict[str, str], wanted: Wanted) -> tuple[str, ...]:
    name = shown_name(table.path)
    unread = [column for column in table.frame.columns if column not in found.values()]
    if not unread:
        return ()
    some = ", ".join(map(repr, unread[:SHOWN]))
    more = f" and {len(unread) - SHOWN:,} more" if len(unread) > SHOWN else ""
    kind, they = ("column", "it is") if len(unread) == 1 else ("columns", "they are")
    notes = [f"{name}: the run does not read the {kind} {some}{more}; {they} kept as given."]
    seconds = [one for one in unread if one in {wanted.name("text_b"), *USUAL["text_b"]}]
    if seconds and wanted.level == "text" and wanted.is_paired is False:
        notes.append(
            f"{name}: the run was trained on single texts, so {seconds[0]!r} has no part in its "
            "answers."
        )
    return tuple(notes)
