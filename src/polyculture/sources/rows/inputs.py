"""Read what a trained model shall answer: the same kinds of files that training reads.

A row without an id is named by its line in the file (its row in Parquet), so that whoever reads the
answers finds it again. A pipe and standard input are read once.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.errors import DataError
from polyculture.core.shown import shown, shown_name
from polyculture.sources.rows.columns import Columns, rows_of
from polyculture.sources.rows.conll import SEPARATOR, read_cells
from polyculture.sources.rows.dataset import refuse_equal_ids
from polyculture.sources.rows.schemes import PREFIXES
from polyculture.sources.rows.wanted import Wanted, column_notes, found_columns
from polyculture.store.content import PACKED, Content, content_of, kind_of
from polyculture.store.tables import BINARY, SUFFIXES, Table, read_table, text_lines
from polyculture.store.text_form import TextForm

if TYPE_CHECKING:
    import polars as pl

CONLL_SUFFIXES = (".conll", ".bio", ".iob", ".iob2")
LINES = ".txt"
KNOWN = (*SUFFIXES, *CONLL_SUFFIXES, LINES)
"""Suffixes that say how a file is read."""
SAMPLE = 400
"""Lines of a .txt by which it is told whether it holds columns of words."""


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
        path: A table; ``.txt``, one text a line; or CoNLL columns, one word a line. Standard input
            (``-``), and a pipe without such a suffix, are a table where they begin with JSON or
            with a line of column names, and else are read like a ``.txt``.
        wanted: What the run reads.
        conll: Read the file as CoNLL columns, or do not. Left out, its suffix decides, for a
            ``.txt`` whether tags stand behind its words, and for an unknown suffix whether the
            run's own files were such columns.

    Raises:
        DataError: The file cannot be read, or holds nothing that the run reads.
    """
    content = content_of(path)
    suffix = _suffix(content, wanted)
    if _is_conll(content, suffix, wanted, conll=conll):
        inputs = _words(content, wanted)
    elif suffix == LINES:
        inputs = _lines(content, wanted.form)
    else:
        inputs = _table(content, wanted)
    return replace(inputs, notes=(*_encoding_note(content, wanted.form), *inputs.notes))


def _suffix(content: Content, wanted: Wanted) -> str:
    """The suffix by which a file is read; a pipe that has none is read as what it looks like."""
    path, form = content.path, wanted.form
    suffix = Path(path.stem if path.suffix.lower() == PACKED else path.name).suffix.lower()
    if content.data is None or suffix in KNOWN:
        return suffix
    head = content.head()
    is_table = form.beginning(head) in {"{", "["} or _is_binary(head) or _has_header(head, wanted)
    return "" if is_table else LINES  # tables know their own kinds


def _has_header(head: bytes, wanted: Wanted) -> bool:
    """Whether the first line names columns, one of them that of the texts or words."""
    first = head.decode(wanted.form.encoding, "ignore").splitlines()[:1]
    cells = [cell.strip().strip('"') for cell in re.split(r"[,;\t|]", "".join(first))]
    return bool({*cells} & {name for ours in ("text", "tokens") for name in wanted.names(ours)})


def _is_binary(head: bytes) -> bool:
    return kind_of(head) in BINARY.values()


def _encoding_note(content: Content, form: TextForm) -> tuple[str, ...]:
    """Bytes of UTF-8 are letters of latin-1 too, though other ones."""
    is_utf_8 = codecs.lookup(form.encoding).name in {"utf-8", "utf-8-sig"}
    if is_utf_8 or _is_binary(content.head()):
        return ()
    name = shown_name(content.path)
    return (f"{name} was read in the encoding {form.encoding!r}, as the run's own files were.",)


def _is_conll(content: Content, suffix: str, wanted: Wanted, *, conll: bool | None) -> bool:
    if wanted.level == "text":
        if conll or suffix in CONLL_SUFFIXES:
            msg = (
                f"{content.name} is to be read as columns of words, but the run answers whole "
                "texts. Give it a table, or a .txt of one text a line."
            )
            raise DataError(msg)
        return False
    if conll is not None:
        return conll
    if suffix == LINES:
        return _holds_columns(content, wanted)
    is_known = suffix in KNOWN or not suffix
    return suffix in CONLL_SUFFIXES or (not is_known and _reads_columns(wanted))


def _reads_columns(wanted: Wanted) -> bool:
    """Whether the run's own files were CoNLL columns."""
    return getattr(wanted.data, "source", "") == "conll"


def _holds_columns(content: Content, wanted: Wanted) -> bool:
    """Whether a .txt has a word a line with a tag behind it: one text a line is what it is else."""
    lines = list(islice(text_lines(content, wanted.form), SAMPLE))
    cells = [SEPARATOR.split(line.strip()) for line in lines if line.strip()]
    if len({len(row) for row in cells}) != 1 or len(cells[0]) == 1:
        return False
    return all(row[-1] == "O" or row[-1].partition("-")[0] in PREFIXES for row in cells)


def _lines(content: Content, form: TextForm) -> Inputs:
    """One text a line; blank lines are not texts."""
    import polars as pl

    numbers, texts, blank = [], [], []
    for number, line in enumerate(text_lines(content, form), start=1):
        if line.strip():
            numbers.append(str(number))
            texts.append(line.rstrip("\r\n"))
        else:
            blank.append(number)
    if not texts:
        msg = f"{content.name} is empty, but one text a line is needed."
        raise DataError(msg)
    notes = []
    if blank:
        many = "1 blank line was" if len(blank) == 1 else f"{len(blank):,} blank lines were"
        notes.append(
            f"{shown_name(content.path)}: {many} skipped, the first is line {blank[0]}; ids are "
            "line numbers."
        )
    rows = pl.DataFrame({"id": numbers, "text": texts}, schema=dict.fromkeys(("id", "text"), str))
    return Inputs(rows=rows, kept=rows.select("text"), notes=tuple(notes))


def _words(content: Content, wanted: Wanted) -> Inputs:
    import polars as pl

    column = getattr(wanted.data, "token", 0)
    found = list(read_cells(content, wanted.form))
    if not found:
        msg = (
            f"{content.name} holds no sentence. Give it one word a line, and an empty line between "
            "two."
        )
        raise DataError(msg)
    width = len(found[0][1][0])
    if not -width <= column < width:
        msg = (
            f"{content.name}, line {found[0][0]}: the run reads words in column {column} (counted "
            f"from 0), but the line has {width}."
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
    name = shown_name(content.path)
    how = f"{name} was read as columns, the word in column {column % width} (counted from 0)"
    return Inputs(
        rows=kept.select(ids, "tokens"),
        kept=kept,
        notes=(f"{how}; ids are the lines at which sentences begin.",),
    )


def _table(content: Content, wanted: Wanted) -> Inputs:
    import polars as pl

    table = read_table(content, wanted.form)
    found = found_columns(table, wanted)
    _refuse_others(table, [found[ours] for ours in ("text", "text_b") if ours in found])
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
        notes=(*table.notes, *column_notes(table, found, wanted)),
    )


def _refuse_others(table: Table, names: Sequence[str]) -> None:
    """A number or a list is not a text, though a table would write it as one."""
    others = [(table.others[name].row, name) for name in names if name in table.others]
    if not others:
        return
    row, name = min(others)
    written = table.others[name].written
    what = "Fill it in" if written == "null" else "Put it in quotes"
    msg = (
        f"{table.place(row)}: expected a text in {name!r}, got {shown(written):.60}. {what}, or "
        "leave the row out."
    )
    raise DataError(msg)
