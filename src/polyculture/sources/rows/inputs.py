"""Read rows for a trained model to answer, from the same kinds of files as training.

A row without an id is named by its line in the file (its row in Parquet), so that whoever reads the
answers finds it again. A pipe and standard input are read once.
"""

import codecs
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.errors import DataError, RowError
from polyculture.core.shown import shown_name
from polyculture.sources.rows.cells import CellForm
from polyculture.sources.rows.columns import refuse_others, rows_of
from polyculture.sources.rows.conll import SEPARATOR, read_word_cells
from polyculture.sources.rows.dataset import refuse_equal_ids
from polyculture.sources.rows.schemes import PREFIXES
from polyculture.sources.rows.wanted import Wanted, column_notes, found_columns
from polyculture.store.reading.content import PACKED, Content, content_of, kind_of
from polyculture.store.reading.tables import BINARY, SUFFIXES, read_table, text_lines
from polyculture.store.reading.text_form import BLANKS, TextForm

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

CONLL_SUFFIXES = (".conll", ".bio", ".iob", ".iob2")
LINES = ".txt"
KNOWN = (*SUFFIXES, *CONLL_SUFFIXES, LINES)
"""Suffixes that say how a file is read."""
STRINGS = ("text", "file")
"""Kinds of columns whose cells are strings in JSON and Parquet too."""
SAMPLE = 400
"""Lines of a .txt by which it is told whether it holds columns of words."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Rows to answer, with the other columns of their file."""

    rows: "pl.DataFrame"
    """``id``, and the columns of the task that the model reads."""
    kept: "pl.DataFrame"
    """All columns of the file but its ids, in its own names."""
    notes: tuple[str, ...]
    place: "Callable[[str], str] | None" = None
    """Id of a row to where it stands in the file; None where that is not known."""

    def tell(self, error: RowError) -> DataError:
        """A task's error about a row, with the row's file and line."""
        if self.place is None or error.item is None:
            return error
        return DataError(f"{self.place(error.item)}: {error.reason}")


def read_inputs(path: Path, wanted: Wanted, *, conll: bool | None = None) -> Inputs:
    """Read rows to answer.

    Args:
        path: A table; ``.txt``, one text a line, where one text is enough; or CoNLL columns, one
            word a line, where words are. Standard input (``-``), and a pipe without such a suffix,
            are a table where they begin with JSON or with a line of column names, and else are read
            like a ``.txt``.
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
        inputs = _read_words(content, wanted)
    elif suffix == LINES:
        inputs = _lines(content, wanted)
    else:
        inputs = _table(content, wanted)
    return replace(inputs, notes=(*_encoding_note(content, wanted.form), *inputs.notes))


def _suffix(content: Content, wanted: Wanted) -> str:
    """The suffix by which a file is read; a pipe that has none is read as what it looks like."""
    path, form = content.path, wanted.form
    suffix = Path(path.stem if path.suffix.lower() == PACKED else path.name).suffix.lower()
    if content.data is None or suffix in KNOWN or not _takes_lines(wanted):
        return suffix
    head = content.head()
    is_table = form.beginning(head) in {"{", "["} or _is_binary(head) or _has_header(head, wanted)
    return "" if is_table else LINES  # tables know their own kinds


def _takes_lines(wanted: Wanted) -> bool:
    """Whether a line of plain text can be all that the run reads."""
    return bool(wanted.only("text") or wanted.only("words"))


def _has_header(head: bytes, wanted: Wanted) -> bool:
    """Whether the first line names columns, one of them a column that is needed."""
    first = head.decode(wanted.form.encoding, "ignore").lstrip(BLANKS).splitlines()[:1]
    cells = [cell.strip().strip('"') for cell in re.split(r"[,;\t|]", "".join(first))]
    needed = [ours for group in wanted.needed for ours in group]
    return bool({*cells} & {name for ours in needed for name in wanted.names(ours)})


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
    if wanted.only("words") is None:
        if conll or suffix in CONLL_SUFFIXES:
            reads, file = "answers whole texts", "a table, or a .txt of one text a line"
            if wanted.only("text") is None:
                reads, file = f"reads {_listed(wanted)}", "a table"
            msg = (
                f"{content.name} is to be read as columns of words, but the run {reads}. Give it "
                f"{file}."
            )
            raise DataError(msg)
        return False
    if conll is not None:
        return conll
    if suffix == LINES:
        return _holds_columns(content, wanted)
    is_known = suffix in KNOWN or not suffix
    return suffix in CONLL_SUFFIXES or (not is_known and _reads_columns(wanted))


def _listed(wanted: Wanted) -> str:
    *others, last = [" or ".join(map(repr, group)) for group in wanted.needed]
    return f"{', '.join(others)} and {last}" if others else last


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


def _lines(content: Content, wanted: Wanted) -> Inputs:
    """One text a line; blank lines are not texts."""
    import polars as pl

    column = wanted.only("text")
    if column is None:
        msg = (
            f"{content.name} is to be read as one text a line, but the run reads "
            f"{_listed(wanted)}. Give it a table."
        )
        raise DataError(msg)
    numbers, texts, blank = [], [], []
    for number, line in enumerate(text_lines(content, wanted.form), start=1):
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
    rows = pl.DataFrame({"id": numbers, column: texts}, schema=dict.fromkeys(("id", column), str))
    return Inputs(rows=rows, kept=rows.select(column), notes=tuple(notes), place=_line_of(content))


def _line_of(content: Content) -> "Callable[[str], str]":
    """Where a row stands whose id is its line."""
    return lambda item: f"{content.name}, line {item}"


def _read_words(content: Content, wanted: Wanted) -> Inputs:
    import polars as pl

    words = wanted.only("words") or ""
    column = getattr(wanted.data, "token", 0)
    sentences = list(read_word_cells(content, wanted.form))
    if not sentences:
        msg = (
            f"{content.name} holds no sentence. Give it one word a line, and an empty line between "
            "two."
        )
        raise DataError(msg)
    width = len(sentences[0][1][0])
    if not -width <= column < width:
        msg = (
            f"{content.name}, line {sentences[0][0]}: the run reads words in column {column} "
            f"(counted from 0), but the line has {width}."
        )
        raise DataError(msg)
    names = [f"column_{number}" for number in range(width)]
    names[column] = words
    frame = pl.DataFrame(
        {
            name: [[cells[number] for cells in lines] for _, lines, _ in sentences]
            for number, name in enumerate(names)
        },
        schema=dict.fromkeys(names, pl.List(pl.String)),
    )
    ids = pl.Series("id", [str(number) for number, _, _ in sentences], pl.String)
    documents = [None if document is None else str(document) for _, _, document in sentences]
    marked = [pl.Series("document", documents, pl.String)] if any(documents) else []
    name = shown_name(content.path)
    how = f"{name} was read as columns, the word in column {column % width} (counted from 0)"
    return Inputs(
        rows=frame.select(ids, words, *marked),
        kept=frame,
        notes=(f"{how}; ids are the lines at which sentences begin.",),
        place=_line_of(content),
    )


def _table(content: Content, wanted: Wanted) -> Inputs:
    import polars as pl

    table = read_table(content, wanted.form)
    names_in_file = found_columns(table, wanted)
    kinds = {ours: wanted.columns[ours].kind for ours in names_in_file if ours in wanted.columns}
    texts = [names_in_file[ours] for ours, kind in kinds.items() if kind in STRINGS]
    refuse_others(table, texts, nulls=True)
    used = replace(table, frame=table.frame.select(*dict.fromkeys(names_in_file.values())))
    form = CellForm(separator=getattr(wanted.data, "separator", CellForm.separator))
    rows = rows_of(used, "", names_in_file, wanted.columns, form)
    if "id" not in names_in_file:
        numbers = [str(number) for number in table.numbers]
        rows = rows.with_columns(pl.Series("id", numbers, pl.String))
    refuse_equal_ids({"": rows}, lambda _, row: table.place(row))
    frame = table.frame
    frame = frame.with_columns(
        rows[ours].alias(names_in_file[ours]) for ours, kind in kinds.items() if kind == "words"
    )
    return Inputs(
        rows=rows,
        kept=frame.drop(names_in_file["id"]) if "id" in names_in_file else frame,
        notes=(*table.notes, *column_notes(table, names_in_file, wanted)),
        place=lambda item: table.place(rows["id"].to_list().index(item)),
    )
