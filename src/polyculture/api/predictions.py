"""Answer the texts of a file with a finished run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from polyculture.api.runs import is_counted
from polyculture.core.errors import RecipeError, RowError, need
from polyculture.core.shown import shown_name, shown_path
from polyculture.store.reading.tables import check_suffix, fill_table
from polyculture.store.writing.folder import output_file
from polyculture.store.writing.outputs import check_output

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from polyculture.core.plugins import DataSource
    from polyculture.core.run import Run
    from polyculture.core.task import Context, Task
    from polyculture.engine.settle import Answerer
    from polyculture.sources.rows.inputs import Inputs

Probabilities = Literal["json", "columns", "none"]
STRUCTS = ("probabilities", "label_probabilities")
"""Columns that hold a probability for each label."""
FLAT = (".csv", ".tsv")
"""Formats whose cells hold no lists: these are written as JSON."""


def predict(
    run: Path,
    file: Path,
    out: Path | None = None,
    *,
    replace: bool = False,
    probabilities: Probabilities = "json",
    conll: bool | None = None,
) -> tuple[pl.DataFrame, list[str]]:
    """Answer every row of a file.

    Columns are looked for under the names that the run's recipe gives them, then under those of the
    task, its own and the usual ones.

    Args:
        run: Folder of a finished run.
        file: A table (csv, tsv, jsonl, parquet); where the run needs one text alone, a ``.txt`` of
            one text a line; where it can read words, CoNLL columns of one word a line; or ``-``,
            standard input, one text or JSON object a line. Text is read in the encoding that the
            run's own files have.
        out: Where to write the answers, by its suffix; nowhere if left out.
        replace: Replace a file that exists.
        probabilities: One struct of label to number; a column ``probability_LABEL`` for each label;
            or none.
        conll: Read the file as CoNLL columns, or do not; left out, suffix and contents decide.

    Returns:
        One row a text, in the file's order. First ``id``: the file's own, or the line (in Parquet
        the row) at which the text begins. Then all other columns of the file; one that is named
        like a column of the answers has ``input_`` put before its name. Then ``answer`` and the
        probabilities (``label_probabilities`` where a text may have several labels); for spans,
        ``spans``: a list of start, end (in characters of the text, or in words), label and text.
        In CSV lists are JSON. And what is worth knowing, one sentence each.

    Raises:
        PolycultureError: The run or the file cannot be used.
    """
    if out is not None:
        check_output(out, kind="answers", replace=replace, inputs=[run, file])
        check_suffix(out)
    from polyculture.core.task import Context, task_of
    from polyculture.store.runs import read_run

    record = read_run(run)
    task = task_of(record.recipe.task)
    if task.output == "word_labels" and probabilities == "columns":
        msg = f"{run} finds spans, which have no probabilities. Leave out --probabilities columns."
        raise RecipeError(msg)
    context = Context(settings=record.recipe.task, inventory=record.inventory)
    inputs = _read_file(file, record, task, conll=conll)
    name = shown_name(file)
    try:
        rows = task.prepare(inputs.rows, shown_path(file), record.recipe.task)
        answers, encoded = _open_model(run, record, context).answer(rows, name)
    except RowError as error:
        raise inputs.tell(error) from error
    from polyculture.nets.reading.account import prefixed

    answer_table = _as_asked(task.table(rows, answers, context), probabilities)
    table, clashes = _beside(inputs, answer_table)
    if out is not None:
        cells = _with_json_cells(table) if out.suffix.lower() in FLAT else table
        with output_file(out, kind="answers", replace=replace, inputs=[run, file]) as unfinished:
            fill_table(cells, unfinished)
    return table, [*inputs.notes, *clashes, *prefixed(encoded.notes, name)]


def _read_file(file: Path, run: Run, task: Task, *, conll: bool | None) -> Inputs:
    from polyculture.core import parts
    from polyculture.core.columns import inputs_of
    from polyculture.sources.rows.inputs import read_inputs
    from polyculture.sources.rows.wanted import Wanted

    data: Any = run.recipe.data
    source: DataSource = parts.load("sources.data", data.source)
    if source.read_inputs is not None:
        if conll:
            msg = f"The run reads files as source = {data.source!r} does. Leave out --conll."
            raise RecipeError(msg)
        inputs: Inputs = source.read_inputs(file, data)
        return inputs
    columns = inputs_of(task.columns)
    wanted = Wanted(columns=columns, inputs=run.facts.inputs, data=run.recipe.data)
    return read_inputs(file, wanted, conll=conll)


def _open_model(folder: Path, run: Run, context: Context) -> Answerer:
    """The run's model; torch is loaded here, after everything else was checked."""
    purpose = "Answering with a trained model"
    if is_counted(run.recipe):
        need("sklearn", extra="train", purpose=purpose)
        from polyculture.engine.counts import open_counts

        return open_counts(folder / "model", context)
    need("torch", extra="train", purpose=purpose)
    from polyculture.engine.answering.model import open_run

    return open_run(folder)


def _as_asked(table: pl.DataFrame, probabilities: Probabilities) -> pl.DataFrame:
    """The answers with their probabilities in the form that was asked for."""
    import polars as pl

    name = next((name for name in STRUCTS if name in table.columns), None)
    if name is None or probabilities == "json":
        return table
    if probabilities == "none":
        return table.drop(name)
    labels = [field.name for field in table.schema[name].fields]  # type: ignore[attr-defined]
    return table.drop(name).with_columns(
        table[name].struct.field(label).alias(f"probability_{label}").cast(pl.Float64)
        for label in labels
    )


def _beside(inputs: Inputs, answer_table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Ids, the file's columns and the answers; a column of the file is renamed if names clash."""
    import polars as pl

    taken = {"id", *answer_table.columns}
    columns = set(inputs.kept.columns)
    renamed = {}
    for name in inputs.kept.columns:
        new = name
        while new in taken or (new != name and new in columns):
            new = f"input_{new}"
        if new != name:
            renamed[name] = new
            taken.add(new)
    notes = [
        f"The file's column {name!r} is given as {new!r}, since the answers have one of that name."
        for name, new in renamed.items()
    ]
    parts = [inputs.rows.select("id"), inputs.kept.rename(renamed), answer_table]
    return pl.concat(parts, how="horizontal"), notes


def _with_json_cells(table: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    nested = [name for name, kind in table.schema.items() if kind.is_nested()]
    return table.with_columns(
        pl.Series(name, [json.dumps(v, ensure_ascii=False) for v in table[name].to_list()])
        for name in nested
    )
