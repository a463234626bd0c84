"""``polyculture train``: one recipe, one run."""

import json
import re
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from polyculture.core.errors import RecipeError

BEGAN = time.monotonic()
"""About when the command began: a budget counts from there."""
EXAMPLES = (
    "polyculture train recipe.toml --check --show 3",
    "polyculture train recipe.toml --set fit.epochs=2 --set seed=3",
    "polyculture train recipe.toml --out trials --budget 10m",
)
MOST_TOKENS, MOST_CHARACTERS = 60, 300
"""How much of a row is shown."""
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float:
    """A time such as 90s, 5m or 1.5h, in seconds.

    Example:
        >>> seconds_of("5m"), seconds_of("90")
        (300.0, 90.0)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if match is None or float(match[1]) == 0:
        msg = f"--budget wants a time such as 90s, 5m or 1.5h, got {text!r}."
        raise RecipeError(msg)
    return float(match[1]) * UNITS[match[2] or "s"]


def command(
    recipe: Annotated[Path, typer.Argument(help="A recipe.toml.", metavar="RECIPE")],
    out: Annotated[Path, typer.Option(help="Folder of runs.", metavar="FOLDER")] = Path("runs"),
    *,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Change a setting, as in fit.epochs=2. May be repeated.",
            metavar="SETTING=VALUE",
        ),
    ] = None,
    budget: Annotated[
        str,
        typer.Option(
            help="End within this time, testing included: 90s, 5m, 1h.",
            metavar="TIME",
        ),
    ] = "",
    check: Annotated[
        bool,
        typer.Option("--check", help="Check recipe and data, estimate the time, train nothing."),
    ] = False,
    show: Annotated[
        int,
        typer.Option(
            min=0, help="With --check: show this many training rows as the model reads them."
        ),
    ] = 0,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a finished run of the same name.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the run's record as JSON, with its folder; a list for parts."
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Train the model of RECIPE, or resume its interrupted training.

    A recipe with several tasks under [parts] trains one body for all, and gives a run for each.
    """
    from polyculture import api
    from polyculture.cli.shared.progress import Show, duration
    from polyculture.core.recipe import Recipe

    if show and not check:
        msg = "--show goes with --check, which trains nothing. Add --check, or leave out --show."
        raise RecipeError(msg)
    seconds = left_of(budget)
    wanted = api.read_trainable(recipe, change or [])
    recipes = [wanted] if isinstance(wanted, Recipe) else [*wanted.recipes().values()]
    with Show(quiet=quiet) as screen:
        screen.begin(api.name_of(wanted) if isinstance(wanted, Recipe) else wanted.name)
        if check:
            checks = [api.check(one, say=screen.say, show=show) for one in recipes]
            screen.end()
            if as_json:
                _echo_json([(checked, {}) for checked in checks])
                return
            for checked in checks:
                show_check(checked)
            if len(checks) > 1:
                typer.echo("Each part was checked alone; together they take about the sum.")
            return
        train = api.train if isinstance(wanted, Recipe) else api.train_together
        trained = train(
            wanted,
            out,
            replace=replace,
            budget_seconds=seconds,
            on_tick=screen.tick,
            say=screen.say,
            tell=screen.tell,
        )
    runs = [trained] if isinstance(wanted, Recipe) else [*trained.values()]
    if as_json:
        _echo_json([(run, {"folder": str(folder)}) for run, folder in runs])
    for run, folder in () if as_json else runs:
        _show_run(run, folder)
    if seconds is not None and time.monotonic() - BEGAN > 1.1 * seconds_of(budget):
        took = duration(time.monotonic() - BEGAN)
        typer.echo(
            f"Note: this took {took}, more than the budget: starting, saving and testing have to "
            "be done whatever the budget is.",
            err=True,
        )


def left_of(budget: str) -> float | None:
    """Seconds that are left of a budget for the whole command; None without one."""
    return seconds_of(budget) - (time.monotonic() - BEGAN) if budget else None


def _echo_json(records: list[tuple[Any, dict[str, str]]]) -> None:
    """Print a record with what stands beside it, or a list of several."""
    tables = [{**more, **record.model_dump(mode="json")} for record, more in records]
    told = tables[0] if len(tables) == 1 else tables
    typer.echo(json.dumps(told, ensure_ascii=False, indent=1))


def show_check(check: Any) -> None:
    """Print what a training would do."""
    from polyculture.cli.shared.progress import duration

    typer.echo(f"{check.name}: recipe and data are fine; nothing was trained.")
    rows = ", ".join(f"{count:,} {split}" for split, count in check.rows.items())
    typer.echo(f"rows       {rows}")
    if check.labels:
        typer.echo(f"labels     {len(check.labels)}: {', '.join(check.labels[:12])}")
    if check.steps:  # word counts are fitted in one go
        typer.echo(f"weights    {check.trained_parameters:,} of {check.parameters:,} are trained")
        low, high = duration(check.seconds_low), duration(check.seconds_high)
        typer.echo(
            f"steps      {check.steps:,}; about {low} if nothing else runs, to {high} beside other "
            "programs; less if training stops early"
        )
        chosen = ", ".join(f"{key} {value}" for key, value in check.chosen.items())
        typer.echo(f"chosen     {chosen}")
    for note in check.notes:
        typer.echo(f"note       {note}")
    for row in check.shown:
        _show_row(row)


def _show_row(row: dict[str, Any]) -> None:
    """Print a training row as the model will read it."""
    from polyculture.core.shown import shown

    tokens = row["tokens"]
    more = f" … and {len(tokens) - MOST_TOKENS:,} more" if len(tokens) > MOST_TOKENS else ""
    typer.echo(f"row {shown(row['id'])}: {shown(row['text'])[:MOST_CHARACTERS]}")
    typer.echo(f"  {len(tokens):,} tokens: {shown(' '.join(tokens[:MOST_TOKENS]))}{more}")
    typer.echo(f"  target: {shown('  '.join(row['targets'][:MOST_TOKENS]))}")
    for note in row["notes"]:
        typer.echo(f"  note: {note}")


def _show_run(run: Any, folder: Path) -> None:
    from polyculture.cli.shared.progress import duration

    scores = run.scores
    typer.echo(f"{run.name}: {scores.split} scores on {scores.items:,} rows")
    for score in scores.scores:
        typer.echo(f"  {score.name:<28} {_value(score.value)}")
    for baseline in run.baselines:
        headline = baseline.scores.headline()
        typer.echo(
            f"  baseline {baseline.name}: {headline.name} {_value(headline.value)}; "
            f"right where only one is: {run.name} {baseline.model_only}, "
            f"{baseline.name} {baseline.baseline_only}, p {_p(baseline.better)}"
        )
    facts = run.facts
    typer.echo(
        f"  {facts.stopped}; {facts.steps:,} steps in {duration(facts.seconds)}, "
        f"peak memory {facts.peak_memory_mb:,.0f} MB"
    )
    for note in facts.notes:
        typer.echo(f"  note: {note}")
    typer.echo(f"The run lies in {folder}.")


def _value(value: Any) -> str:
    if value.kind == "undefined":
        return f"undefined: {value.reason}"
    if value.low is None:
        return f"{value.number:.4f}"
    return f"{value.number:.4f}  [{value.low:.4f}, {value.high:.4f}]"


def _p(value: Any) -> str:
    if value.kind == "undefined":
        return f"undefined: {value.reason}"
    return "< 0.0001" if value.number < 1e-4 else f"= {value.number:.4f}"  # noqa: PLR2004
