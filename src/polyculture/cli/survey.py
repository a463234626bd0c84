"""``polyculture survey``: how alike are the models of a whole zoo?"""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from polyculture.cli.shared.limits import refuse_limits
from polyculture.core.errors import PolycultureError

EXAMPLES = (
    "polyculture survey transformers",
    "polyculture survey cards.csv --column name=Model --column year=Published --report",
    "polyculture survey models.parquet runs --json",
)


def command(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="transformers, starter, or paths: tables of cards, hub snapshots, folders.",
            metavar="SOURCE",
        ),
    ],
    *,
    report: Annotated[
        bool, typer.Option("--report", help="Write the page and the tables to a folder.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the report; by default surveys/SOURCE.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing survey.")] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Column of a field in a table, such as name=Model.", metavar="FIELD=COLUMN"
        ),
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option(help="For tables: names to treat as equal, or as different.", metavar="FILE"),
    ] = None,
    years: Annotated[
        Path | None,
        typer.Option(help="A table with years of publication, for comparison.", metavar="FILE"),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ignore the cache and read again.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    draws: Annotated[int, typer.Option(min=99, help="Random sets for p values.")] = 1000,
    resamples: Annotated[int, typer.Option(min=20, help="Bootstrap rounds for intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 1,
) -> None:
    """Measure how similar the models of SOURCEs are, and where they come from."""
    from polyculture import api
    from polyculture.cli.shared.survey import Watch, show_survey

    refuse_limits(draws=report or out is not None)
    if report and out is None:
        out = Path("surveys") / (Path(sources[0]).resolve().stem or "survey")
    words = ["polyculture", "survey", *sources]
    words += [word for pair in column or () for word in ("--column", pair)]
    for name, path in (("aliases", aliases), ("years", years), ("out", out)):
        words += [f"--{name}", str(path)] if path is not None else []
    numbers = {"draws": (draws, 1000), "resamples": (resamples, 1000), "seed": (seed, 1)}
    for name, (number, usual) in numbers.items():
        words += [f"--{name}", str(number)] if number != usual else []
    with Watch(quiet=quiet) as watch:
        survey = api.survey(
            sources,
            out=out,
            replace=replace,
            columns=_columns(column or []),
            aliases=aliases,
            years=years,
            fresh=fresh,
            draws=draws,
            resamples=resamples,
            seed=seed,
            command=shlex.join(words),
            on_progress=watch.progress,
            on_stage=watch.stage,
        )
    if as_json:
        summary = api.survey_summary(survey)
        typer.echo(json.dumps(summary, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        show_survey(survey, out)


def _columns(pairs: list[str]) -> dict[str, str] | None:
    """Card field to column.

    Example:
        >>> _columns(["name=Model", "maker=Built by"])
        {'name': 'Model', 'maker': 'Built by'}
    """
    for pair in pairs:
        if "=" not in pair:
            msg = f"--column takes FIELD=COLUMN, such as name=Model, got {pair!r}."
            raise PolycultureError(msg)
    return dict(pair.split("=", 1) for pair in pairs) or None
