"""``polyculture snapshot``: public lists of models, kept in a file that a survey reads offline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

EXAMPLES = {
    "hub": (
        "polyculture snapshot hub --out models.parquet --community fill-mask --limit 2000",
        "polyculture snapshot hub --out newest.parquet --sort created --limit 500",
    )
}

app = typer.Typer(no_args_is_help=True, help="Lists of models on hubs, kept for surveys offline.")


@app.command()
def hub(
    out: Annotated[
        Path, typer.Option(help="File to write, such as models.parquet.", metavar="FILE")
    ],
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most this many models; with --community, of each.")
    ] = None,
    community: Annotated[
        list[str] | None,
        typer.Option(help="Only this task tag, such as fill-mask. May be repeated."),
    ] = None,
    library: Annotated[str | None, typer.Option(help="Only models of this library.")] = None,
    sort: Annotated[
        Literal["downloads", "created"],
        typer.Option(help="Most downloaded or newest first."),
    ] = "downloads",
    pause: Annotated[float, typer.Option(min=0.0, help="Seconds between two pages.")] = 0.5,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing file.")] = False,
) -> None:
    """Save the list of models on a hub (HF_ENDPOINT): bases, licences, downloads; no weights."""
    from polyculture import api

    try:
        with _entry_progress() as progress:
            bar = progress.add_task("asking the hub", total=limit, visible=False)
            taken = api.snapshot_hub(
                out,
                communities=community or (),
                library=library,
                sort=sort,
                limit=limit,
                replace=replace,
                pause=pause,
                watch=lambda done, total, what: progress.update(
                    bar, completed=done, total=total, description=what, visible=True
                ),
            )
    except KeyboardInterrupt:
        typer.echo(f"The pages so far are kept beside {out}: the same command resumes.", err=True)
        raise
    for note in taken.notes:
        typer.echo(note)
    typer.echo(f"{taken.models:,} models of {taken.hub} are in {out}.")


def _entry_progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TimeElapsedColumn

    return Progress(
        "{task.completed:,.0f} entries",
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        "{task.description}",
        console=Console(stderr=True),
    )
