"""``polyculture predict``: answers of a run to the texts of a file."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from polyculture.core.errors import StoreError

EXAMPLES = (
    "polyculture predict runs/counts texts.csv",
    "polyculture predict runs/counts texts.txt --out answers.csv --probabilities columns",
    "polyculture predict runs/counts -",
)
STANDARD_INPUT = "standard input"


class Probabilities(StrEnum):
    """How probabilities are given."""

    JSON = "json"
    COLUMNS = "columns"
    NONE = "none"


def command(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", metavar="RUN")],
    file: Annotated[
        Path,
        typer.Argument(
            help="csv, tsv, jsonl, parquet; txt, one text a line; CoNLL columns; or - for standard "
            "input, one text or JSON object a line.",
            metavar="FILE",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Write here, by suffix (csv, tsv, jsonl, parquet).", metavar="FILE"),
    ] = None,
    *,
    probabilities: Annotated[
        Probabilities,
        typer.Option(help="One cell of all labels, a column for each label, or none."),
    ] = Probabilities.JSON,
    conll: Annotated[
        bool | None,
        typer.Option(
            "--conll/--no-conll",
            help="Read FILE as columns, one word a line, or not; by suffix and contents if not "
            "said.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file there.")] = False,
) -> None:
    """Answer the texts of FILE with RUN, with probabilities; JSON lines unless --out is given.

    Rows keep their columns, and are named by their ids or else by their lines in FILE.
    """
    from polyculture import api

    with _opened(file) as (path, called):
        table, notes = api.predict(
            run,
            path,
            out,
            replace=replace,
            probabilities=probabilities.value,
            conll=conll,
            called=called,
        )
    if out is None:
        _print(table.write_ndjson())
    elif not quiet:
        typer.echo(f"{len(table):,} answers lie in {out}.", err=True)
    for note in () if quiet else notes:
        typer.echo(f"Note: {note}", err=True)


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Path, str]]:
    """The file and what to call it; standard input is put into a file for a while."""
    if str(file) != "-":
        yield file, ""
        return
    from tempfile import TemporaryDirectory

    content = sys.stdin.buffer.read()
    suffix = ".jsonl" if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else ".txt"
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"input{suffix}"
        path.write_bytes(content)
        yield path, STANDARD_INPUT


def _print(lines: str) -> None:
    """Write JSON lines, which are UTF-8 whatever the terminal speaks."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(lines.encode())
        sys.stdout.buffer.flush()
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT}:
            raise
        # Python would try once more when it ends, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        msg = f"The answers cannot be written to standard output: {error.strerror}."
        raise StoreError(msg) from error
