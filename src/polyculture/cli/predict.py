"""``polyculture predict``: answers of a run to the texts of a file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = (
    "polyculture predict runs/counts texts.csv",
    "polyculture predict runs/counts texts.txt --out answers.csv",
)


def command(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", metavar="RUN")],
    file: Annotated[Path, typer.Argument(help="csv, tsv, jsonl, parquet or txt.", metavar="FILE")],
    out: Annotated[
        Path | None,
        typer.Option(help="Write here, by suffix (csv, tsv, jsonl, parquet).", metavar="FILE"),
    ] = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file there.")] = False,
) -> None:
    """Answer the texts of FILE with RUN, with probabilities; JSON lines unless --out is given."""
    from polyculture import api

    table, notes = api.predict(run, file, out, replace=replace)
    if out is None:
        sys.stdout.write(table.write_ndjson())
    else:
        typer.echo(f"{len(table):,} answers lie in {out}.", err=True)
    for note in notes:
        typer.echo(f"Note: {note}", err=True)
