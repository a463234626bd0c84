"""``polyculture reproduce``: a table of results, trained from its recipes."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyculture.core.errors import PolycultureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyculture.api.results.checks import RowCheck

EXAMPLES = (
    "polyculture reproduce examples/results.toml",
    "polyculture reproduce examples/results.toml --only digits --only sst2",
    "polyculture reproduce examples/results.toml --check",
    "polyculture reproduce examples/results.toml --quick",
    "polyculture reproduce examples/results.toml --only sst2 --earlier docs/results.json",
)


def command(
    table: Annotated[
        Path, typer.Argument(help="A results.toml: recipes and goals.", metavar="TABLE")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the table; results by default, results-quick with --quick.",
            metavar="FOLDER",
        ),
    ] = None,
    *,
    only: Annotated[
        list[str] | None, typer.Option(help="Train these rows alone.", metavar="ROW")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer rows or epochs: does everything run?")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Check every row, estimate the time, train nothing.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Train again where a run is of another recipe or data."),
    ] = False,
    earlier: Annotated[
        Path | None,
        typer.Option(
            help="The results.json of an earlier table, for the rows that --only leaves out.",
            metavar="FILE",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Train the recipes of TABLE one by one; write results.json and results.md after each.

    The same command resumes an interrupted one. A row whose data are missing says so.
    """
    from polyculture import api
    from polyculture.cli.shared.progress import Show

    if check and (out or replace or earlier):
        msg = "--check trains and writes nothing. Leave out --out, --replace and --earlier."
        raise PolycultureError(msg)
    folder = out or Path("results-quick" if quick else "results")
    words = ["polyculture", "reproduce", str(table)]
    words += ["--quick"] if quick else []
    with Show(quiet=quiet) as show:
        if check:
            checks = api.check_results(table, watcher=show, only=only or [], quick=quick)
            show.end()
            _show_checks(checks)
            return
        results = api.reproduce(
            table,
            folder,
            watcher=show,
            only=only or [],
            quick=quick,
            replace=replace,
            earlier=earlier,
            command=shlex.join(words),
        )
    for row in results.rows:
        mean = row.mean(row.headline)
        told = "not trained" if mean is None else f"{row.headline} {mean:.4f}"
        goals = row.missed() if row.reached else []
        missed = f"; missed: {', '.join(map(str, goals))}" if goals else ""
        reason = f" ({row.reason})" if row.reason else ""
        typer.echo(f"{row.name}: {told}{missed}{reason}")
    typer.echo(f"The table is in {folder / 'results.md'}.")


def _show_checks(checks: "Sequence[RowCheck]") -> None:
    """Print what each row would take, and all of them."""
    from polyculture.cli.shared.progress import duration

    for row in checks:
        if row.check is None:
            told = f"tests the models of {row.trained_as}" if row.trained_as else row.reason
        else:
            times = "" if row.trainings == 1 else f"{row.trainings} times "
            told = (
                f"{times}{row.check.rows['train']:,} rows, {row.check.steps:,} steps; "
                f"{duration(row.seconds_low)} to {duration(row.seconds_high)}"
            )
        typer.echo(f"{row.name}: {told}")
    low, high = (
        sum(getattr(row, name) for row in checks) for name in ("seconds_low", "seconds_high")
    )
    typer.echo(
        f"Together about {duration(low)} if nothing else runs, to {duration(high)} beside other "
        "programs; less where trainings stop early."
    )
