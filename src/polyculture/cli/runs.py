"""``polyculture runs``: what was trained, and what is still to be finished."""

import json
from pathlib import Path
from typing import Annotated

import typer

WIDE = 10_000
"""Columns where lines are not cut."""
EXAMPLES = ("polyculture runs", "polyculture runs studies/reviews --json")


def command(
    folder: Annotated[
        Path, typer.Argument(help="A folder of runs, or of a study.", metavar="FOLDER")
    ] = Path("runs"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the runs in FOLDER: finished, in training, interrupted; with base, steps and score."""
    from polyculture import api

    listed = api.list_runs(folder)
    if as_json:
        rows = [run.model_dump(mode="json") for run in listed]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not listed:
        typer.echo(f"No runs in {folder}.")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:  # a file or a pipe has no edge at which to cut
        console = Console(highlight=False, soft_wrap=True, width=WIDE)
    table = Table(box=None, pad_edge=False)
    table.add_column("run", overflow="fold")
    for name in ("state", "task", "base"):
        table.add_column(name, overflow="fold")
    table.add_column("step", justify="right")
    table.add_column("score", justify="right")
    table.add_column("")
    for run in listed:
        score = "" if run.score is None else f"{run.score:.4f}"
        step = "" if run.step is None else f"{run.step:,}"
        cells = (run.name, run.state, run.task, run.base, step, score, run.note or run.score_name)
        table.add_row(*map(Text, cells))
    console.print(table)
