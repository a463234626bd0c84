"""``polyculture data``: look at the data of a recipe before any training."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from polyculture.core.finding import DataCheck, NamedFinding

app = typer.Typer(no_args_is_help=True, help="Look at the data of a recipe before any training.")

EXAMPLES = {
    "check": (
        "polyculture data check recipe.toml",
        "polyculture data check recipe.toml --out checks/reviews",
        "polyculture data check recipe.toml --with base --strict",
    ),
}
SHOWN = 2
"""Examples of a finding that the terminal shows."""
LINES = 4
"""Sentences of a finding that the terminal shows."""
ROWS, SEED = 50_000, 1
"""Rows of a split and the seed, where left out."""
LOUD = frozenset({"severe", "warning", "note"})


@app.callback()
def _group() -> None:
    """Look at the data of a recipe before any training."""


@app.command()
def check(
    recipe: Annotated[Path, typer.Argument(help="A recipe.toml.", metavar="RECIPE")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the page and of the tables to review; nothing is written without.",
            metavar="FOLDER",
        ),
    ] = None,
    *,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting, as in data.hold_out=0.2. May be repeated.",
            metavar="SETTING=VALUE",
        ),
    ] = None,
    runs: Annotated[
        Literal["base"] | None,
        typer.Option(
            "--with",
            help="base: run the base too, for suspected labels by its features and for its own "
            "perplexity.",
            metavar="base",
        ),
    ] = None,
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Read the files in parts; by default, where they might not fit into memory.",
        ),
    ] = None,
    time: Annotated[
        bool, typer.Option("--time/--no-time", help="Estimate time and memory by a few steps.")
    ] = True,
    rows: Annotated[
        int,
        typer.Option(
            min=100,
            help="Rows of a split that are looked at one by one; counts are of all rows.",
        ),
    ] = ROWS,
    seed: Annotated[int, typer.Option(min=0, help="Seed of samples and folds.")] = SEED,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a finding is severe.")
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Also show texts of restricted sources.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an earlier check.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    lang: Annotated[
        Literal["en", "zh"] | None,
        typer.Option(help="Language of the page, en or zh; both where left out."),
    ] = None,
) -> None:
    """Check the data of RECIPE: repeats, labels, lengths, characters, splits, time. Trains nothing.

    Findings do not fail the command, unless --strict is given and one is severe.
    """
    from polyculture import api
    from polyculture.cli.shared.limits import refuse_limits
    from polyculture.cli.shared.progress import Show
    from polyculture.core.shown import shown

    refuse_limits(draws=out is not None)
    flags = {"--with base": runs, "--no-time": not time, "--show-text": show_text}
    words = ["polyculture", "data", "check", str(recipe)]
    words += [word for setting in change or [] for word in ("--set", setting)]
    words += [word for flag, is_set in flags.items() if is_set for word in flag.split()]
    words += [] if stream is None else ["--stream" if stream else "--no-stream"]
    for name, (number, usual) in {"rows": (rows, ROWS), "seed": (seed, SEED)}.items():
        words += [f"--{name}", str(number)] if number != usual else []
    words += ["--lang", lang] if lang else []
    words += [] if out is None else ["--out", str(out)]
    with Show(quiet=quiet or as_json) as screen:
        screen.begin(str(recipe))
        result = api.check_data(
            api.read_recipe(recipe, change or []),
            out=out,
            replace=replace,
            with_base=runs == "base",
            show_text=show_text,
            timed=time,
            stream=stream,
            most=rows,
            seed=seed,
            command=shown(shlex.join(words)),
            language=lang,
            say=screen.say,
        )
        screen.end()
    if as_json:
        typer.echo(result.model_dump_json(indent=1))
    else:
        show_findings(result, None if out is None else out / api.page_name(lang))
    if strict and result.worst() == "severe":
        raise typer.Exit(1)


def show_findings(check: "DataCheck", page: Path | None) -> None:
    """Print the findings, the most severe first, and where the page lies."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from polyculture.core.shown import shown, shown_path
    from polyculture.datacheck.page.language import ENGLISH
    from polyculture.datacheck.page.opening import deck, verdict

    console = Console(highlight=False)
    console.print(shown(f"{check.name}: {deck(check, ENGLISH)}"), markup=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("severity", no_wrap=True)
    table.add_column("finding")
    for one in check.findings:
        if one.found.severity in LOUD:
            of = f" of {one.found.of:,}" if one.found.of else ""
            title = f"{ENGLISH.title(one.name)}: {one.found.count:,}{of}"
            body = "\n".join(map(shown, (title, *_lines(one))))
            table.add_row(Text(one.found.severity), Text(body))
    if table.row_count:
        console.print(table)
    for severity, what in (("fine", "Looked for, not found"), ("skipped", "Did not run")):
        names = [ENGLISH.title(f.name) for f in check.findings if f.found.severity == severity]
        if names:
            console.print(shown(f"{what}: {', '.join(names)}."), markup=False)
    console.print(shown(verdict(check, ENGLISH)), markup=False)
    if page is not None:
        console.print(f"Page: {shown_path(page)}", markup=False, soft_wrap=True)


def _lines(one: "NamedFinding") -> list[str]:
    from polyculture.datacheck.page.language import ENGLISH

    found = one.found
    lines = [ENGLISH.point(point) for point in found.points[:LINES]]
    for example in found.examples[:SHOWN]:
        about = f" ({example.about})" if example.about else ""
        text = f": {example.text[:80]}" if example.text else ""
        lines.append(f"e.g. {', '.join(example.rows[:2])}{about}{text}")
    return [*lines, *(f"→ {ENGLISH.point(point)}" for point in found.advice)]
