"""``polyculture report``: draw the report of an audit again, open it, or bring it elsewhere."""

from pathlib import Path
from typing import Annotated, Literal

import typer

EXAMPLES = (
    "polyculture report audits/first",
    "polyculture report audits/first --out first.md",
    "polyculture report studies/reviews/audit --lang zh --open",
)


def command(
    folder: Annotated[
        Path,
        typer.Argument(help="The folder of an audit, a study or a survey.", metavar="FOLDER"),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write one file instead; its name ends in .html, .md or .json.",
            metavar="FILE",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace an existing report at --out.")
    ] = False,
    lang: Annotated[
        Literal["en", "zh"] | None,
        typer.Option(help="Only this language, en or zh; by default both, or English for --out."),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Redraw the report in FOLDER: report.html and report.md, in English and in Chinese."""
    from polyculture import api

    path = api.render(folder, out, language=lang, replace=replace)
    typer.echo(path)
    if open_page:
        typer.launch(path.resolve().as_uri())
