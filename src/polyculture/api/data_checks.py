"""Check the data of a recipe before any training."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace as changed
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from polyculture.api.answer_audits import check_language
from polyculture.api.runs import check, is_counted
from polyculture.api.shared import Shared, open_base, read_data
from polyculture.core import parts
from polyculture.core.errors import PolycultureError
from polyculture.core.task import task_of
from polyculture.store.writing.folder import write_text, written_once
from polyculture.store.writing.outputs import check_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import polars as pl

    from polyculture.core.data import Dataset
    from polyculture.core.finding import Counter, DataCheck
    from polyculture.core.recipe import Recipe
    from polyculture.core.task import Column
    from polyculture.datacheck.flow import Batches, Passed
    from polyculture.datacheck.subject import Cost, Subject

MOST = 50_000
"""Rows of a split that findings look at one by one; all others are counted."""
RECORD = "check.json"


def check_data(
    recipe: Recipe,
    *,
    out: Path | None = None,
    replace: bool = False,
    with_base: bool = False,
    show_text: bool = False,
    timed: bool = True,
    stream: bool | None = None,
    most: int = MOST,
    seed: int = 1,
    command: str = "",
    language: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> DataCheck:
    """Look for what would make a training or its scores wrong.

    Args:
        recipe: What would be trained.
        out: Folder of the record, the page and the tables to review; nothing is written without.
        replace: Replace an earlier check.
        with_base: Run the base too: suspected labels by its features, and its own perplexity.
        show_text: Show texts of sources that may not be copied.
        timed: Estimate time and memory by a few steps of the training.
        stream: Read the files in parts; left out, where they might not fit into memory.
        most: Rows of a split that are looked at one by one; more are sampled.
        seed: Of samples and folds.
        command: The command that makes this check, for the page.
        language: Of the page: ``en`` or ``zh``; left out, both.
        say: Told what is being done.

    Raises:
        PolycultureError: The data cannot be read, or the folder may not be written.
    """
    if out is not None:
        check_output(out, kind="data check", replace=replace)
    check_language(language)
    result = _checked(
        recipe,
        with_base=with_base,
        show_text=show_text,
        timed=timed,
        stream=stream,
        most=most,
        seed=seed,
        say=say,
    )
    if out is not None:
        _write(result, out, replace=replace, command=command, language=language)
    return result


def _checked(
    recipe: Recipe,
    *,
    with_base: bool,
    show_text: bool,
    timed: bool,
    stream: bool | None,
    most: int,
    seed: int,
    say: Callable[[str], None],
) -> DataCheck:
    from polyculture.datacheck.flow import findings, pass_over, slices
    from polyculture.datacheck.run import check_subject
    from polyculture.datacheck.subject import Subject

    source: Any = parts.load("sources.data", recipe.data.source)  # type: ignore[attr-defined]
    task = task_of(recipe.task)
    is_streamed = _is_streamed(recipe, source, stream=stream)
    say("reading the data")
    dataset = None if is_streamed else read_data(recipe)
    batches: Batches
    if dataset is None:
        batches = source.batches(recipe.data, task.columns)
    else:
        batches = slices(dataset.splits)
    kinds = findings()
    columns = _that_are_read(task.columns, recipe.task)
    passed = pass_over(
        batches,
        columns,
        list(kinds.values()),
        most=most,
        seed=seed,
        on_rows=lambda count: say(f"counting: {count:,} rows"),
    )
    counters = _with_written_tags(recipe, source, passed, is_streamed=is_streamed)
    is_restricted = dataset is not None and dataset.is_restricted
    subject = Subject(
        recipe=recipe,
        task=task,
        name=_name_of(recipe) if dataset is None else dataset.name,
        columns=passed.columns,
        rows=passed.rows,
        sample=passed.sample,
        notes=_streamed_notes(recipe) if dataset is None else dataset.notes,
        shows_text=show_text or not is_restricted,
        is_streamed=is_streamed,
        seed=seed,
        reads_with_base=with_base,
    )
    if dataset is not None:
        subject = changed(subject, tell=dataset.tell)
    prepared = {**passed.sample, **subject.prepared()[0]}
    with _base(recipe, prepared, say) as (folder, name, no_base):
        subject = changed(subject, base_folder=folder, base_name=name, no_base=no_base)
        subject = _with_cost(subject, dataset, timed=timed, say=say)
        return check_subject(
            subject,
            kinds,
            counters,
            digest="" if dataset is None else dataset.digest,
            settings={"with_base": with_base, "timed": timed, "rows_a_split": most, "seed": seed},
            say=say,
        )


def _that_are_read(columns: Mapping[str, Column], settings: Any) -> Mapping[str, Column]:
    """The declared columns without that of right answers which the settings leave aside."""
    from polyculture.datacheck.cells import LABELS, of_kind

    read = getattr(settings, "column", None)
    if read not in columns:
        return columns
    left_aside = {*of_kind(columns, LABELS, gold=True)} - {read}
    return {name: column for name, column in columns.items() if name not in left_aside}


def _is_streamed(recipe: Recipe, source: Any, *, stream: bool | None) -> bool:
    """Whether the files are read in parts: on request, or where they are too large for memory.

    Raises:
        PolycultureError: Parts were asked for of a source that has none.
    """
    if source.batches is None:
        if stream:
            name = recipe.data.source  # type: ignore[attr-defined]
            msg = (
                f"--stream reads the files of a source in parts, but source = {name!r} cannot. "
                "Leave out --stream."
            )
            raise PolycultureError(msg)
        return False
    if stream is not None:
        return stream
    from polyculture.nets.efficiency.machine_memory import total_bytes

    paths: Mapping[str, Path] = getattr(recipe.data, "paths", {})
    size = sum(path.stat().st_size for path in paths.values() if path.is_file())
    return size * COPIES > total_bytes()


COPIES = 12
"""Bytes of memory that a byte of a file may take while it is read, cell by cell."""


def _name_of(recipe: Recipe) -> str:
    from polyculture.sources.rows.files import name_of

    return name_of(next(iter(recipe.data.paths.values())))  # type: ignore[attr-defined]


def _streamed_notes(recipe: Recipe) -> tuple[str, ...]:
    notes = ["The files were read in parts; ids are not compared with one another."]
    if getattr(recipe.data, "hold_out", None):
        notes.append("Rows that hold_out would move to validation are counted as train.")
    bounds = _bounds(recipe)
    if bounds:
        notes.append(f"All rows are counted, also those that {', '.join(bounds)} would leave out.")
    return tuple(notes)


def _bounds(recipe: Recipe) -> list[str]:
    """Settings that leave rows of a split out."""
    names = ("train_rows", "valid_rows", "test_rows")
    return [name for name in names if getattr(recipe.data, name, None)]


def _with_written_tags(
    recipe: Recipe, source: Any, passed: Passed, *, is_streamed: bool
) -> Mapping[Callable[..., Any], Counter]:
    """The counters, with that of tags fed with what the files say, before it became IOB2."""
    from polyculture.datacheck.counters.tags import TagCounter

    counters = dict(passed.counters)
    has_tags = any(column.kind == "tags" for column in passed.columns.values())
    is_whole = not is_streamed and not _bounds(recipe)
    if has_tags and is_whole and source.batches is not None:
        columns = task_of(recipe.task).columns
        counter = TagCounter(columns)
        for split, rows in source.batches(recipe.data, columns):
            counter.add(split, rows)
        counters[TagCounter] = counter
    return counters


@contextmanager
def _base(
    recipe: Recipe, prepared: Mapping[str, pl.DataFrame], say: Callable[[str], None]
) -> Iterator[tuple[Path | None, str, str]]:
    """Folder and name of the opened base, or why there is none.

    One that is made from the data is made from prepared rows, as for a training.
    """
    if is_counted(recipe):
        yield None, "", "the base counts words and has no tokenizer"
        return
    for module in ("torch", "transformers"):
        if find_spec(module) is None:
            yield None, "", f"{module} is not installed"
            return
    say("opening the base")
    with TemporaryDirectory() as place:
        rows = prepared.get("train", next(iter(prepared.values())))
        try:
            base = open_base(recipe, rows, Path(place) / "base")
        except PolycultureError as error:
            opened: tuple[Path | None, str, str] = None, "", str(error).rstrip(".")
        else:
            opened = base.folder, base.name, ""
        yield opened


def _with_cost(
    subject: Subject, dataset: Dataset | None, *, timed: bool, say: Callable[[str], None]
) -> Subject:
    if not timed:
        return changed(subject, no_cost="it was not asked for")
    if dataset is None:
        return changed(subject, no_cost="the files were read in parts")
    if subject.base_folder is None:
        return changed(subject, no_cost=subject.no_base)
    if subject.prepared()[2]:
        return changed(subject, no_cost="a training would not take these rows")
    from polyculture.engine.cost.memory import forget_peak, peak_mb

    forget_peak()
    try:
        checked = check(subject.recipe, say, shared=Shared(dataset))
    except PolycultureError as error:
        return changed(subject, no_cost=str(error).rstrip("."))
    cost: Cost = _cost_of(checked, peak_mb())
    return changed(subject, cost=cost)


def _cost_of(checked: Any, peak: float) -> Cost:
    from polyculture.datacheck.subject import Cost

    return Cost(
        steps=checked.steps,
        low=checked.seconds_low,
        high=checked.seconds_high,
        peak_mb=peak,
        trained=checked.trained_parameters,
        parameters=checked.parameters,
        chosen=checked.chosen,
    )


def _write(
    result: DataCheck, out: Path, *, replace: bool, command: str, language: str | None
) -> None:
    import polars as pl

    from polyculture.datacheck.page import write_page
    from polyculture.store.reading.tables import write_table

    with written_once(out, kind="data check", replace=replace) as folder:
        write_text(folder / RECORD, result.model_dump_json(indent=1) + "\n")
        for one in result.findings:
            if one.found.table:
                frame = pl.DataFrame(list(one.found.table), infer_schema_length=None)
                write_table(frame, folder / f"{one.name}.csv")
        write_page(folder, result, command=command, language=language)
