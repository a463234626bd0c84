"""``polyculture demo``: what an audit is, shown on answers that ship with the package."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

EXAMPLES = (
    "polyculture demo",
    "polyculture demo --no-open --out audits/demo",
)
OUT = Path("polyculture-demo")


def command(
    out: Annotated[
        Path, typer.Option(help="Folder of the audit, report included.", metavar="FOLDER")
    ] = OUT,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing audit.")] = False,
    stays_closed: Annotated[
        bool,
        typer.Option(
            "--no-open",
            help="Do not open the page in the browser. It is opened only where the output is a "
            "terminal.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    lang: Annotated[
        Literal["en", "zh"] | None,
        typer.Option(help="Language of the page, en or zh; both where left out."),
    ] = None,
) -> None:
    """Audit the answers of seven real models to 80 customer messages, and open the page.

    The table of answers ships with the package, so this needs no data, no network and no torch.
    """
    import webbrowser

    from polyculture import api
    from polyculture.cli.shared.summary import show_audit
    from polyculture.core.shown import shown

    words = ["polyculture", "demo", *(["--out", str(out)] if out != OUT else [])]
    words += ["--lang", lang] if lang else []
    audit = api.demo(
        out,
        replace=replace,
        command=shown(shlex.join(words)),
        language=lang,
        on_read=lambda line: None if quiet else typer.echo(line, err=True),
    )
    page = out / api.page_name(lang)
    if as_json:
        typer.echo(json.dumps(api.summary(audit), ensure_ascii=False, indent=1, allow_nan=False))
    elif not quiet:
        show_audit(audit, page)
        typer.echo("Your own answers: polyculture audit answers.csv")
    if not stays_closed and sys.stdout.isatty() and not webbrowser.open(page.resolve().as_uri()):
        typer.echo("There is no browser to open the page in.", err=True)
