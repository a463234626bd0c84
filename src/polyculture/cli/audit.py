"""``polyculture audit``: anyone's answers, or runs of ours, compared."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Literal

import typer

from polyculture.core.errors import PolycultureError

OTHERS = frozenset({"models", "separator", "encoding", "probe"})
"""Options that are not names of columns."""
NO_MARK = (
    "--pass-mark is for runs, whose tasks grade answers; in a table an answer is right if it "
    "equals the gold. Leave it out, or name runs and --probe."
)
EXAMPLES = (
    "polyculture audit answers.csv",
    "polyculture audit answers.csv --wide --item id --gold gold --out audits/first",
    "polyculture audit long.csv --item id --model model --answer answer --out audits/long",
    "polyculture audit runs/a runs/b --probe test --out audits/runs",
)


def command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="One file of answers (- for standard input), or folders of runs.",
            metavar="PATH",
            readable=False,  # our own sentence says why
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the audit, report included; audits/<name of the table>, for runs "
            "audits/runs, where left out.",
            metavar="FOLDER",
        ),
    ] = None,
    *,
    item: Annotated[str | None, typer.Option(help="Column of item ids.")] = None,
    model: Annotated[str | None, typer.Option(help="Column of model names.")] = None,
    answer: Annotated[str | None, typer.Option(help="Column of answers.")] = None,
    gold: Annotated[str | None, typer.Option(help="Column of right answers.")] = None,
    text: Annotated[str | None, typer.Option(help="Column of the text of the item.")] = None,
    probabilities: Annotated[
        str | None, typer.Option(help='Column of JSON objects such as {"yes": 0.75, "no": 0.25}.')
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column of the group (domain) of the item.")
    ] = None,
    document: Annotated[
        str | None,
        typer.Option(
            help="Column of the document or user of the item; the bootstrap resamples these."
        ),
    ] = None,
    wide: Annotated[
        bool, typer.Option("--wide", help="One row per item, one column per model.")
    ] = False,
    models: Annotated[
        str | None, typer.Option(help="Models to compare, as A,B,C; all by default.")
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(help="Separator of CSV and TSV, such as ';' or tab."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of a text file, such as latin-1; else UTF-8.")
    ] = None,
    probe: Annotated[
        str | None, typer.Option(help="Split on which runs are compared, such as test.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing audit.")] = False,
    intersect: Annotated[
        bool, typer.Option("--intersect", help="Compare only on the items that all models have.")
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Also show texts of restricted sources.")
    ] = False,
    pass_mark: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=1,
            help="Grade from which an answer of a RUN counts as right, where its task grades "
            "answers from 0 to 1; 0.5 where left out.",
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=0, help="Rounds of the bootstrap.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 1,
    lang: Annotated[
        Literal["en", "zh"] | None,
        typer.Option(help="Language of the page, en or zh; both where left out."),
    ] = None,
) -> None:
    """Compare models: a table of answers, whose columns are guessed or named, or RUNs with --probe.

    It says first how the table is read. Nothing is guessed where --wide and --item are given, or
    --item, --model and --answer.
    """
    from polyculture import api
    from polyculture.cli.shared.summary import show_audit
    from polyculture.core.shown import shown

    columns = {"item": item, "model": model, "answer": answer, "gold": gold, "text": text}
    columns |= {"probabilities": probabilities, "group": group, "document": document}
    columns |= {"models": models, "separator": separator, "encoding": encoding, "probe": probe}
    marked = {} if pass_mark is None else {"pass_mark": pass_mark}
    flags = {"wide": wide, "intersect": intersect, "show-text": show_text}
    numbers = {"resamples": (resamples, 1000), "seed": (seed, 1)}
    words = ["polyculture", "audit", *map(str, paths)]
    for name, value in columns.items():
        words += [f"--{name}", value] if value is not None else []
    words += [f"--{name}" for name, is_set in flags.items() if is_set]
    for name, (number, usual) in numbers.items():
        words += [f"--{name}", str(number)] if number != usual else []
    words += ["--pass-mark", str(pass_mark)] if marked else []
    words += ["--lang", lang] if lang else []
    out = out or _usual_folder(paths, probe)
    command_line = shown(shlex.join([*words, "--out", str(out)]))
    common = {"out": out, "replace": replace, "resamples": resamples, "seed": seed}
    common |= {"command": command_line, "language": lang}
    if item is not None or probe is None:
        if marked:
            raise PolycultureError(NO_MARK)
        audit = api.audit_answers(
            _one(paths),
            **{name: columns[name] for name in columns if name not in OTHERS},
            models=[name.strip() for name in models.split(",")] if models else None,
            separator=separator,
            encoding=encoding or "utf-8",
            wide=wide,
            intersect=intersect,
            on_read=lambda line: None if quiet else typer.echo(line, err=True),
            **common,
        )
    else:
        _refuse_columns(columns, flags)
        audit = api.audit_runs(paths, probe=probe, show_text=show_text, **marked, **common)
    if as_json:
        typer.echo(json.dumps(api.summary(audit), ensure_ascii=False, indent=1, allow_nan=False))
    elif not quiet:
        show_audit(audit, out / api.page_name(lang))


def _refuse_columns(columns: dict[str, str | None], flags: dict[str, bool]) -> None:
    named = [name for name, value in columns.items() if value is not None and name != "probe"]
    named += [name for name in ("wide", "intersect") if flags[name]]
    if named:
        msg = (
            f"--{named[0]} belongs to a table of answers; runs know their own data. "
            f"Leave out --{named[0]}, or --probe."
        )
        raise PolycultureError(msg)


def _usual_folder(paths: list[Path], probe: str | None) -> Path:
    """Where an audit goes that names no place: below ``audits``, named after its table."""
    from polyculture.core.shown import STANDARD_INPUT

    if probe is not None:
        return Path("audits") / "runs"
    name = Path(paths[0].stem).stem if paths[0].suffix.lower() == ".gz" else paths[0].stem
    return Path("audits") / ("standard-input" if paths[0] == STANDARD_INPUT else name)


def _one(paths: list[Path]) -> Path:
    run = next((path for path in paths if (path / "run.json").exists()), None)
    if run is not None:
        msg = f"{run} is a run. Name the split on which runs are compared: --probe test"
        raise PolycultureError(msg)
    if len(paths) > 1:
        msg = (
            f"An audit reads one table of answers, got {len(paths)} paths. Put all models into "
            "one table; folders of runs need --probe NAME."
        )
        raise PolycultureError(msg)
    return paths[0]
