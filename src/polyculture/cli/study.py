"""``polyculture study``: several recipes in, one report out."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = (
    "polyculture study examples/reviews.toml",
    "polyculture study study.toml --set fit.epochs=1 --out studies/quick",
)


def command(
    study: Annotated[Path, typer.Argument(help="A study.toml: recipes, a probe.", metavar="STUDY")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the study; studies/<name> where left out.", metavar="FOLDER"),
    ] = None,
    *,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting of every recipe, as in fit.epochs=1.",
            metavar="SETTING=VALUE",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Train again and write anew what exists.")
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Show texts that their source restricts.")
    ] = False,
) -> None:
    """Train every model of STUDY, compare them on its probe, write one report."""
    from polyculture import api
    from polyculture.cli._progress import Show
    from polyculture.cli._summary import show_audit

    words = ["polyculture", "study", str(study)]
    words += ["--out", str(out)] if out else []
    for one in change or []:
        words += ["--set", one]
    with Show() as show:
        result = api.study(
            study,
            out or Path("studies") / study.stem,
            watcher=show,
            changes=change or [],
            replace=replace,
            show_text=show_text,
            command=shlex.join(words),
        )
    if result.kept:
        typer.echo(f"Kept as they were: {', '.join(result.kept)}.")
    show_audit(result.audit, result.folder)
