"""Read what a trained model shall answer: the same kinds of files that training reads.

The texts are looked for under the names that the run's recipe gives its columns, then under their
usual names. A row without an id is named by its line in the file (its row in Parquet), so that
whoever reads the answers finds it again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from polyculture.core.errors import DataError
from polyculture.core.parts import suggestion
from polyculture.sources.rows.columns import USUAL, Columns, rows_of
from polyculture.sources.rows.conll import SEPARATOR, read_cells
from polyculture.sources.rows.dataset import refuse_equal_ids
from polyculture.sources.rows.schemes import PREFIXES
from polyculture.store.tables import Table, read_table, text_lines
from polyculture.store.text_form import TextForm

if TYPE_CHECKING:
    import polars as pl

CONLL_SUFFIXES = (".conll", ".bio", ".iob", ".iob2")
SAMPLE = 400
"""Lines of a .txt by which it is told whether it holds columns of words."""
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
        encoding = getattr(self.data, "encoding", "utf-8")
        return TextForm(encoding=encoding, quotes=getattr(self.data, "quotes", True))

    def name(self, ours: str) -> str | None:
        """What the recipe calls one of our columns."""
        name: str | None = getattr(self.data, ours, None)
        return name if isinstance(name, str) else None


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Rows to answer, and what stood beside them."""

    rows: "pl.DataFrame"
    """``id``, and what the model reads in our columns."""
    kept: "pl.DataFrame"
    """All columns of the file but its ids, in its own names."""
    notes: tuple[str, ...]


def read_inputs(path: Path, wanted: Wanted, *, conll: bool | None = None) -> Inputs:
    """Read texts or words to answer.

    Args:
        path: A table; ``.txt``, one text a line; or CoNLL columns, one word a line.
        wanted: What the run reads.
        conll: Read the file as CoNLL columns, or do not. Left out, its suffix decides, and for a
            ``.txt`` what it holds.

    Raises:
        DataError: The file cannot be read, or holds nothing that the run reads.
    """
    _check_file(path)
    if _is_conll(path, wanted, conll=conll):
        return _words(path, wanted)
    if path.suffix.lower() == ".txt":
        return _lines(path)
    return _table(path, wanted)


def _check_file(path: Path) -> None:
    if path.is_dir():
        msg = f"{path} is a folder, but a file of texts is needed."
        raise DataError(msg)
    if not path.exists():
        msg = f"There is no file {path}. Check the path."
        raise DataError(msg)
    try:
        path.open("rb").close()
    except PermissionError as error:
        msg = f"{path} may not be read. Ask its owner for the right to read it."
        raise DataError(msg) from error


def _is_conll(path: Path, wanted: Wanted, *, conll: bool | None) -> bool:
    suffix = path.suffix.lower()
    if wanted.level == "text":
        if conll or suffix in CONLL_SUFFIXES:
            msg = (
                f"{path} is to be read as columns of words, but the run answers whole texts. Give "
                "it a table, or a .txt of one text a line."
            )
            raise DataError(msg)
        return False
    if conll is not None:
        return conll
    return suffix in CONLL_SUFFIXES or (suffix == ".txt" and _holds_columns(path, wanted))


def _holds_columns(path: Path, wanted: Wanted) -> bool:
    """Whether a .txt has a word a line: with tags behind them, or as the run's own files have."""
    lines = [line for line, _ in zip(text_lines(path), range(SAMPLE), strict=False)]
    cells = [SEPARATOR.split(line.strip()) for line in lines if line.strip()]
    if len({len(row) for row in cells}) != 1:
        return False
    if len(cells[0]) == 1:
        return getattr(wanted.data, "source", "") == "conll"
    return all(row[-1] == "O" or row[-1].partition("-")[0] in PREFIXES for row in cells)


def _lines(path: Path) -> Inputs:
    """One text a line; blank lines are no texts."""
    import polars as pl

    numbers, texts, blank = [], [], []
    for number, line in enumerate(text_lines(path), start=1):
        if line.strip():
            numbers.append(str(number))
            texts.append(line.rstrip("\r\n"))
        else:
            blank.append(number)
    if not texts:
        msg = f"{path} is empty, but one text a line is needed."
        raise DataError(msg)
    notes = []
    if blank:
        many = "1 blank line was" if len(blank) == 1 else f"{len(blank):,} blank lines were"
        notes.append(
            f"{path.name}: {many} skipped, the first is line {blank[0]}; ids are line numbers."
        )
    rows = pl.DataFrame({"id": numbers, "text": texts}, schema=dict.fromkeys(("id", "text"), str))
    return Inputs(rows=rows, kept=rows.select("text"), notes=tuple(notes))


def _words(path: Path, wanted: Wanted) -> Inputs:
    import polars as pl

    column = getattr(wanted.data, "token", 0)
    found = list(read_cells(path))
    if not found:
        msg = f"{path} holds no sentence. Give it one word a line, and an empty line between two."
        raise DataError(msg)
    width = len(found[0][1][0])
    if not -width <= column < width:
        msg = (
            f"{path}, line {found[0][0]}: the run reads words in column {column} (counted from 0), "
            f"but the line has {width}."
        )
        raise DataError(msg)
    names = [f"column_{number}" for number in range(width)]
    names[column] = "tokens"
    kept = pl.DataFrame(
        {
            name: [[cells[number] for cells in lines] for _, lines in found]
            for number, name in enumerate(names)
        },
        schema=dict.fromkeys(names, pl.List(pl.String)),
    )
    ids = pl.Series("id", [str(number) for number, _ in found], pl.String)
    how = f"{path.name} was read as columns, the word in column {column % width} (counted from 0)"
    return Inputs(
        rows=kept.select(ids, "tokens"),
        kept=kept,
        notes=(f"{how}; ids are the lines at which sentences begin.",),
    )


def _table(path: Path, wanted: Wanted) -> Inputs:
    import polars as pl

    table = read_table(path, wanted.form)
    found = _find(table, wanted)
    if path.suffix.lower() == ".jsonl":
        texts = [theirs for ours, theirs in found.items() if ours in {"text", "text_b"}]
        _refuse_other_kinds(path, texts)
    used = replace(table, frame=table.frame.select(*dict.fromkeys(found.values())))
    rows = rows_of(used, "", Columns(**found))
    rows = rows.select("id", *(name for name in ("text", "text_b", "tokens") if name in found))
    if "id" not in found:
        numbers = [str(number) for number in table.numbers]
        rows = rows.with_columns(pl.Series("id", numbers, pl.String))
    refuse_equal_ids({"": rows}, lambda _, row: table.place(row))
    kept = table.frame
    if "tokens" in found:
        kept = kept.with_columns(rows["tokens"].alias(found["tokens"]))
    return Inputs(
        rows=rows,
        kept=kept.drop(found["id"]) if "id" in found else kept,
        notes=_unread(path, table.frame.columns, found, wanted),
    )


def _find(table: Table, wanted: Wanted) -> dict[str, str]:
    """Our columns to the file's."""
    columns = table.frame.columns
    found = {}
    for ours in ("id", "text", "text_b", "tokens"):
        names = [wanted.name(ours), *USUAL.get(ours, (ours,))]
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
        if wanted.inputs == ("text",):
            found.pop("text_b", None)
    _check_found(table, found, wanted)
    return found


def _check_found(table: Table, found: dict[str, str], wanted: Wanted) -> None:
    columns = table.frame.columns
    needed = ["text", "tokens"] if wanted.level == "word" else ["text"]
    missing = None if found.keys() & set(needed) else " (or 'tokens')" if needed[1:] else ""
    ours = "text"
    if missing is None and "text_b" in wanted.inputs and "text_b" not in found:
        ours, missing = "text_b", ", and the run reads pairs of texts"
    if missing is None:
        return
    theirs = wanted.name(ours)
    name = theirs or ours
    called = f" (as the run's recipe calls {ours!r})" if theirs and theirs != ours else ""
    hint = suggestion(name, columns)
    msg = f"{table.path} has no column {name!r}{called}{missing}. {hint}"
    raise DataError(msg)


def _refuse_other_kinds(path: Path, names: Sequence[str]) -> None:
    """A number or a list is no text, though a table would write it as one."""
    for number, line in enumerate(text_lines(path), start=1):
        if not line.strip():
            continue
        row = json.loads(line)
        for name in names:
            value = row.get(name)
            if not isinstance(value, str):
                msg = (
                    f"{path}, line {number}: expected a text in {name!r}, got "
                    f"{json.dumps(value, ensure_ascii=False):.60}. Put it in quotes, or leave the "
                    "row out."
                )
                raise DataError(msg)


def _unread(
    path: Path, columns: Sequence[str], found: dict[str, str], wanted: Wanted
) -> tuple[str, ...]:
    unread = [name for name in columns if name not in found.values()]
    if not unread:
        return ()
    shown = ", ".join(map(repr, unread[:SHOWN]))
    more = f" and {len(unread) - SHOWN:,} more" if len(unread) > SHOWN else ""
    kind, they = ("column", "it is") if len(unread) == 1 else ("columns", "they are")
    notes = [f"{path.name}: the run does not read the {kind} {shown}{more}; {they} kept as given."]
    seconds = [name for name in unread if name in {wanted.name("text_b"), *USUAL["text_b"]}]
    if seconds and wanted.level == "text":
        notes.append(
            f"{path.name}: the run was trained on single texts, so {seconds[0]!r} has no part in "
            "its answers."
        )
    return tuple(notes)
