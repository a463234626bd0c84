"""Train the recipes of a table of results, one after the other, and write what each reached."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from polyculture.api.existing_runs import is_kept, recipe_differences
from polyculture.api.results.asked import Asked, read_asked, run_name
from polyculture.api.results.recorded import portable, read_table
from polyculture.api.results.retests import retest_run
from polyculture.api.runs import train
from polyculture.api.shared import Shared, is_made
from polyculture.core.errors import PolycultureError, StoreError
from polyculture.core.several.results import Reached, ResultOutcome, Results
from polyculture.nets.efficiency.machine import set_up
from polyculture.nets.efficiency.threads import available
from polyculture.store.runs import read_run
from polyculture.store.writing.folder import output_file
from polyculture.store.writing.outputs import check_output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyculture.api.studies import Watcher
    from polyculture.core.run import Run
    from polyculture.core.several.results import ResultRow

RECORD, PAGE = "results.json", "results.md"
ANOTHER = (
    "{folder} holds another model than that of row {row!r}. Choose another --out, or add --replace."
)


def reproduce(
    path: Path,
    out: Path,
    *,
    watcher: Watcher,
    only: Sequence[str] = (),
    quick: bool = False,
    replace: bool = False,
    earlier: Path | None = None,
    command: str = "",
) -> Results:
    """Train what is not trained yet, and write the table anew after each row.

    A row whose data or base is not there says why, and the others go on. An interrupted call is
    resumed by the same call: finished runs are kept, an unfinished one is resumed.

    Args:
        path: The table's TOML file.
        out: Folder of the table: ``runs``, ``results.json`` and ``results.md``.
        watcher: Told how it goes.
        only: Names of rows; all where left out. The others show what is finished.
        quick: Train with each row's ``quick`` settings.
        replace: Train again what is a finished run of something else.
        earlier: The ``results.json`` of an earlier table. Where a row is not asked for, and no run
            of it is in ``out``, what that table has of the same recipe is shown; of a row that
            tests another's models, if the other is not asked for either.
        command: The command that makes this table again.

    Raises:
        PolycultureError: The table cannot be used, or ``out`` holds files of somebody else.
        Ended: A signal asked to end.
    """
    wanted, asked = read_asked(path, only, quick=quick)
    for name in (RECORD, PAGE):
        check_output(out / name, kind="results", replace=True, inputs=[path])
    files = path.parent
    set_up()
    trained_as = {row.name: row.trained_as for row in wanted.rows if row.trained_as}
    needed = {*(only or asked), *(trained_as[name] for name in only if name in trained_as)}
    known = read_table(earlier) if earlier else {}
    recorded = {
        name: reached
        for name, reached in known.items()
        if name not in needed and trained_as.get(name) not in needed
    }

    def found(row: ResultRow) -> ResultOutcome:
        return _outcome(row, asked[row.name], out, files, recorded=recorded.get(row.name, ()))

    outcomes = {row.name: found(row) for row in wanted.rows}

    def table() -> Results:
        return Results(
            title=wanted.title,
            is_quick=quick,
            command=command,
            rows=tuple(outcomes.values()),
        )

    for row in wanted.rows:
        if row.name in needed:
            before = outcomes[row.trained_as].reason if row.trained_as else ""
            reason = (
                f"the models of {row.trained_as} are not there: {before}"
                if before
                else _train(row, asked[row.name], out, watcher, replace=replace)
            )
            outcomes[row.name] = _outcome(row, asked[row.name], out, files, reason=reason)
            tests = [one for one in wanted.rows if one.trained_as == row.name]
            outcomes |= {one.name: found(one) for one in tests}  # perhaps of an earlier model now
            _write(table(), out)
    return table()


def _model_of(row: ResultRow, asked: Asked, out: Path) -> str:
    """Fingerprint of the run whose model a row tests; empty where it trains its own."""
    if not row.trained_as:
        return ""
    return read_run(out / "runs" / run_name(row.trained_as, asked.seed)).fingerprint


def _train(
    row: ResultRow,
    asked: Sequence[Asked],
    out: Path,
    watcher: Watcher,
    *,
    replace: bool,
) -> str:
    """Train a row's recipes; why one could not be, empty if all are there.

    Args:
        row: Of the table.
        asked: Its trainings.
        out: Folder of the table.
        watcher: Told how it goes.
        replace: Train again what is a finished run of something else.
    """
    shared = Shared()
    for one in asked:
        folder = out / "runs" / str(one.recipe.name)
        try:
            data = shared.dataset(one.recipe).digest
            base = None if is_made(one.recipe) else shared.base(one.recipe, folder).digest
            model_of = _model_of(row, one, out)
            if is_kept(folder, one.recipe, data, base, replace=replace):
                if read_run(folder).facts.model_of == model_of:
                    continue
                if not replace:
                    raise StoreError(ANOTHER.format(folder=folder, row=row.trained_as or row.name))
            watcher.begin(f"{row.name}, seed {one.seed}")
            if row.trained_as:
                earlier = out / "runs" / run_name(row.trained_as, one.seed)
                retest_run(
                    one.recipe,
                    earlier,
                    out / "runs",
                    shared=shared,
                    replace=replace,
                    say=watcher.say,
                )
                continue
            train(
                one.recipe,
                out / "runs",
                replace=replace,
                on_tick=watcher.tick,
                say=watcher.say,
                tell=watcher.tell,
                shared=shared,
            )
        except PolycultureError as error:
            watcher.tell(f"{row.name}: {error}")
            return str(error)
    return ""


def _outcome(
    row: ResultRow,
    asked: Sequence[Asked],
    out: Path,
    files: Path,
    *,
    reason: str = "",
    recorded: Sequence[Reached] = (),
) -> ResultOutcome:
    """What the finished runs of a row reached.

    Args:
        row: Of the table.
        asked: Its trainings.
        out: Folder of the table.
        files: The folder that paths in the reason are told from: a table is read elsewhere too.
        reason: Why a training could not be; empty if all could.
        recorded: What an earlier table has of this row.
    """
    recipe: Any = asked[0].recipe
    reached: list[Reached] = []
    changed: list[str] = []
    for one in asked:
        wanted = portable(one.recipe, files)
        try:
            run = _finished(out, str(one.recipe.name))
            model = _finished(out, run_name(row.trained_as, one.seed)) if row.trained_as else None
        except StoreError as error:
            reason = reason or str(error)
            continue
        if run is None:
            reached += [known for known in recorded if known.recipe == wanted]
        elif model and model.fingerprint != run.facts.model_of:
            reason = reason or f"what is finished tests an earlier model of {row.trained_as}"
        elif differences := recipe_differences(run, one.recipe):
            changed += differences
        else:
            reached.append(_reached(one.seed, run, wanted))
    if changed:
        reason = reason or f"what is finished is of another recipe ({'; '.join(changed)})"
    return ResultOutcome(
        name=row.name,
        recipe=row.recipe,
        changes=row.changes,
        task=recipe.task.kind,
        base=getattr(recipe.base, "name", None) or getattr(recipe.base, "kind", "a folder"),
        adaptation=recipe.adaptation.kind,
        headline=reached[0].headline if reached else "",
        reached=tuple(reached),
        trained_as=row.trained_as,
        goals=row.goals,
        note=row.note,
        reason=reason.replace(f"{files.resolve()}/", "")
        or _not_yet([one.seed for one in asked], [one.seed for one in reached]),
    )


def _not_yet(asked: Sequence[int], reached: Sequence[int]) -> str:
    """Which seeds are not trained; empty where all are.

    Example:
        >>> _not_yet([1, 2, 3], [1]), _not_yet([1, 2], []), _not_yet([1], [1])
        ('not trained yet: seeds 2, 3', 'not trained yet', '')
    """
    left = [str(seed) for seed in asked if seed not in reached]
    if not left or not reached:
        return "not trained yet" if left else ""
    return f"not trained yet: {'seed' if len(left) == 1 else 'seeds'} {', '.join(left)}"


def _finished(out: Path, name: str) -> Run | None:
    """A finished run; None where there is none.

    Raises:
        StoreError: It is damaged.
    """
    folder = out / "runs" / name
    return read_run(folder) if (folder / "run.json").is_file() else None


def _reached(seed: int, run: Run, recipe: dict[str, Any]) -> Reached:
    scores = run.scores
    headline = scores.headline().name
    return Reached(
        seed=seed,
        headline=headline,
        run=run.name,
        split=scores.split,
        items=scores.items,
        scores={score.name: score.value for score in scores.scores},
        baselines={
            baseline.name: score.value
            for baseline in run.baselines
            for score in baseline.scores.scores
            if score.name == headline
        },
        seconds=run.facts.seconds,
        peak_memory_mb=run.facts.peak_memory_mb,
        protocol=scores.protocol,
        versions=run.facts.versions,
        machine=f"{platform.machine()}, {run.facts.chosen.get('threads') or available()} threads",
        recipe=recipe,
    )


def _write(results: Results, out: Path) -> None:
    from polyculture.report.results.table import to_markdown

    texts = {RECORD: results.model_dump_json(indent=1) + "\n", PAGE: to_markdown(results)}
    for name, text in texts.items():
        with output_file(out / name, kind="results", replace=True) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
