"""CoNLL columns: one word a line, an empty line between sentences, tags in IOB1, IOB2 or BIOES."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.errors import DataError
from polyculture.sources.rows.schemes import PREFIXES, scheme_note, scheme_of, to_iob2
from polyculture.store.reading.content import Content, content_of
from polyculture.store.reading.text_form import PLAIN, TextForm
from polyculture.store.reading.text_lines import text_lines

if TYPE_CHECKING:
    import polars as pl

DOCUMENT = "-DOCSTART-"
SEPARATOR = re.compile(r"[ \t]+")  # an ideographic or no-break space may be a word


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """Words and tags as the file has them."""

    line: int
    """Where the sentence begins in its file."""
    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    document: int | None
    """Number of the document, from 1; None in a file without document marks."""


def read_sentences(
    path: Path, *, token: int = 0, tag: int = -1, form: TextForm = PLAIN
) -> list[Sentence]:
    """Read a file of columns.

    Args:
        path: The file.
        token: Column of the word, from 0; negative ones count from the right.
        tag: Column of the tag.
        form: The file's encoding.

    Raises:
        DataError: The file cannot be read or is empty, a line has too many or too few columns, or
            a tag is none of the known schemes.
    """
    return list(sentences_in(path, token=token, tag=tag, form=form))


def sentences_in(
    path: Path, *, token: int = 0, tag: int = -1, form: TextForm = PLAIN
) -> Iterator[Sentence]:
    """The sentences one by one; see ``read_sentences``."""
    content = content_of(path)
    document = None
    is_empty = True
    for block in _blocks(content, form):
        if block[0][1][0] == DOCUMENT:
            document = (document or 0) + 1
            block = block[1:]  # noqa: PLW2901  # words may follow without an empty line
        if block:
            is_empty = False
            yield _sentence(content.name, block, token=token, tag=tag, document=document)
    if is_empty:
        msg = f"{content.name} holds no sentence. Give it one word and its tag a line."
        raise DataError(msg)


def read_word_cells(
    file: Path | Content, form: TextForm = PLAIN
) -> Iterator[tuple[int, list[list[str]], int | None]]:
    """Sentences as lines of cells, each with the line where it begins and its document's number.

    Tags are not looked at. The number is None before the first mark of a document.

    Raises:
        DataError: A line has too many or too few columns.
    """
    document = None
    for block in _blocks(content_of(file), form):
        is_marked = block[0][1][0] == DOCUMENT
        document = (document or 0) + 1 if is_marked else document
        lines = block[1:] if is_marked else block
        if lines:
            yield lines[0][0], [cells for _, cells in lines], document


def _blocks(content: Content, form: TextForm) -> Iterator[list[tuple[int, list[str]]]]:
    block: list[tuple[int, list[str]]] = []
    width = None
    for number, line in enumerate(text_lines(content, form), start=1):
        cells = SEPARATOR.split(line.strip(" \t\r\n"))
        if cells == [""]:
            if block:
                yield block
            block = []
            continue
        width = width or len(cells)
        if len(cells) != width:
            msg = (
                f"{content.name}, line {number}: expected {width} columns as on the first line, "
                f"got {len(cells)}: {line.strip()[:40]!r}. Write one word and its tag a line."
            )
            raise DataError(msg)
        block.append((number, cells))
    if block:
        yield block


def _sentence(
    name: str,
    block: list[tuple[int, list[str]]],
    *,
    token: int,
    tag: int,
    document: int | None,
) -> Sentence:
    for number, cells in block:
        if not all(-len(cells) <= column < len(cells) for column in (token, tag)):
            msg = (
                f"{name}, line {number}: there is no column {max(token, tag, key=abs)}, the line "
                f"has {len(cells)}. Set token and tag to columns counted from 0."
            )
            raise DataError(msg)
        _check_tag(cells[tag], f"{name}, line {number}")
    return Sentence(
        line=block[0][0],
        tokens=tuple(cells[token] for _, cells in block),
        tags=tuple(cells[tag] for _, cells in block),
        document=document,
    )


def _check_tag(tag: str, place: str) -> None:
    prefix, dash, label = tag.partition("-")
    if tag != "O" and not (prefix in PREFIXES and dash and label):
        msg = (
            f"{place}: expected the tag O, or B-, I-, E-, S- and a label, got {tag!r}. "
            "Choose another column with tag, or write the tags as IOB2."
        )
        raise DataError(msg)


def frame_of(
    split: str, sentences: Sequence[Sentence], *, first: int = 1, as_written: bool = False
) -> "pl.DataFrame":
    """Sentences as rows: ``id``, ``tokens``, ``tags``, ``document`` where it is marked.

    Args:
        split: Their split.
        sentences: Some of a file.
        first: Number of the first one.
        as_written: Leave the tags as the file has them; else they become IOB2.
    """
    import polars as pl

    columns = {
        "id": [f"{split}-{number}" for number in range(first, first + len(sentences))],
        "tokens": [sentence.tokens for sentence in sentences],
        "tags": [sentence.tags if as_written else to_iob2(sentence.tags) for sentence in sentences],
    }
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "id": pl.String,
        "tokens": pl.List(pl.String),
        "tags": pl.List(pl.String),
    }
    if all(sentence.document is not None for sentence in sentences):
        columns["document"] = [f"{split}-{sentence.document}" for sentence in sentences]
        schema["document"] = pl.String
    return pl.DataFrame(columns, schema=schema)


def notes_of(splits: Mapping[str, Sequence[Sentence]]) -> tuple[str, ...]:
    """What was found in the files: the scheme of the tags, and the documents."""
    everything = [sentence.tags for sentences in splits.values() for sentence in sentences]
    documents = {split: sentences[-1].document for split, sentences in splits.items()}
    counts = ", ".join(f"{split} {count:,}" for split, count in documents.items() if count)
    notes = (scheme_note(scheme_of(everything), everything),)
    return (*notes, f"Documents marked by {DOCUMENT}: {counts}.") if counts else notes
