"""``polyculture predict``: answers of a run to the texts of a file."""

import errno
import os
import sys
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
            help="csv, tsv, jsonl, parquet; txt, one text per line; CoNLL columns; or - for "
            "standard input, one text or JSON object per line.",
            metavar="FILE",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Output file; the suffix decides the format (csv, tsv, jsonl, parquet).",
            metavar="FILE",
        ),
    ] = None,
    *,
    probabilities: Annotated[
        Probabilities,
        typer.Option(help="One JSON cell, one column per label, or none."),
    ] = Probabilities.JSON,
    conll: Annotated[
        bool | None,
        typer.Option(
            "--conll/--no-conll",
            help="Read FILE as CoNLL columns, one word per line, or not; by default, suffix and "
            "contents decide.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing file.")] = False,
) -> None:
    """Answer the texts of FILE with RUN, with probabilities; JSON lines unless --out is given.

    Rows keep their columns, and are named by their ids or else by their lines in FILE.
    """
    from polyculture import api

    table, notes = api.predict(
        run, file, out, replace=replace, probabilities=probabilities.value, conll=conll
    )
    if out is None:
        _print(table.write_ndjson())
    elif not quiet:
        typer.echo(f"{len(table):,} answers lie in {out}.", err=True)
    for note in () if quiet else notes:
        typer.echo(f"Note: {note}", err=True)


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
