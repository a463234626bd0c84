"""``polyculture study``: several recipes in, one report out."""

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = (
    "polyculture study examples/reviews.toml",
    "polyculture study study.toml --set fit.epochs=1 --out studies/quick",
)


def command(
    study: Annotated[
        Path, typer.Argument(help="A study.toml: recipes and a probe.", metavar="STUDY")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the study; by default studies/<name>.", metavar="FOLDER"),
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
        bool, typer.Option("--replace", help="Train again and replace existing results.")
    ] = False,
    keep_runs: Annotated[
        bool,
        typer.Option("--keep-runs", help="With --replace, keep finished runs and compare again."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Check every recipe, estimate the time, train nothing.")
    ] = False,
    budget: Annotated[
        str, typer.Option(help="Time for all trainings together, in equal parts: 30m, 2h.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Also show texts of restricted sources.")
    ] = False,
) -> None:
    """Train every model of STUDY, compare them on its probe, write one report."""
    from polyculture import api
    from polyculture.cli.shared.progress import Show
    from polyculture.cli.shared.summary import show_audit
    from polyculture.cli.train import left_of, show_check

    words = ["polyculture", "study", str(study)]
    words += ["--out", str(out)] if out else []
    for setting in change or []:
        words += ["--set", setting]
    seconds = left_of(budget)
    with Show(quiet=quiet) as show:
        if check:
            checks = api.check_study(study, watcher=show, changes=change or [])
            show.end()
            if as_json:
                records = [checked.model_dump(mode="json") for checked in checks]
                typer.echo(json.dumps(records, ensure_ascii=False, indent=1))
                return
            for checked in checks:
                show_check(checked)
            return
        result = api.study(
            study,
            out or Path("studies") / study.stem,
            watcher=show,
            changes=change or [],
            replace=replace,
            keep_runs=keep_runs,
            budget_seconds=seconds,
            show_text=show_text,
            command=shlex.join(words),
        )
    if result.kept:
        typer.echo(f"Kept as they were: {', '.join(result.kept)}.", err=True)
    if as_json:
        findings = api.summary(result.audit)
        typer.echo(json.dumps(findings, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        show_audit(result.audit, result.folder / api.page_name())
