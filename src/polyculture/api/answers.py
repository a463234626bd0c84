"""Answer the texts of a file with a finished run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from polyculture.api.runs import is_counted
from polyculture.core.errors import RecipeError, need
from polyculture.core.shown import shown_name, shown_path
from polyculture.store.folder import output_file
from polyculture.store.outputs import check_output
from polyculture.store.tables import check_suffix, fill_table

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from polyculture.core.plugins import Task
    from polyculture.core.run import Run
    from polyculture.engine.judge import Answerer
    from polyculture.sources.rows.inputs import Inputs

Probabilities = Literal["json", "columns", "none"]
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

    The texts are looked for under the names that the run's recipe gives its columns, then under
    usual ones (``text``, ``sentence``; ``text_b``, ``sentence2``; ``tokens``, a list of words).

    Args:
        run: Folder of a finished run.
        file: A table (csv, tsv, jsonl, parquet), a ``.txt`` of one text a line, or CoNLL columns of
            one word a line; or ``-``, standard input, one text or JSON object a line. Text is read
            in the encoding that the run's own files have.
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
    from polyculture.core import parts
    from polyculture.store.runs import read_run

    record = read_run(run)
    settings: Any = record.recipe.task
    task: Task = parts.load("tasks", settings.kind)
    if task.level == "word" and probabilities == "columns":
        msg = f"{run} finds spans, which have no probabilities. Leave out --probabilities columns."
        raise RecipeError(msg)
    inputs = _read(file, record, task, conll=conll)
    name = shown_name(file)
    rows = task.prepare(inputs.rows, shown_path(file), settings)
    predictor = _opened(run, record)
    answers, encoded = predictor.answer(rows, name)
    from polyculture.engine.encode import account

    found = _answered(rows, answers, record.labels, probabilities)
    table, clashes = _beside(inputs, found)
    if out is not None:
        cells = _with_json_cells(table) if out.suffix.lower() in FLAT else table
        with output_file(out, kind="answers", replace=replace, inputs=[run, file]) as unfinished:
            fill_table(cells, unfinished)
    return table, [*inputs.notes, *clashes, *account(encoded, name, predictor.max_length)]


def _read(file: Path, run: Run, task: Task, *, conll: bool | None) -> Inputs:
    from polyculture.sources.rows.inputs import read_inputs
    from polyculture.sources.rows.wanted import Wanted

    wanted = Wanted(level=task.level, inputs=run.facts.inputs, data=run.recipe.data)
    return read_inputs(file, wanted, conll=conll)


def _opened(folder: Path, run: Run) -> Answerer:
    """The run's model; torch is loaded here, where everything else is known to be fine."""
    purpose = "Answering with a trained model"
    if is_counted(run.recipe):
        need("sklearn", extra="train", purpose=purpose)
        from polyculture.engine.counts import open_counts

        return open_counts(folder / "model", run.recipe, run.labels)
    need("torch", extra="train", purpose=purpose)
    from polyculture.engine.predict import open_run

    return open_run(folder)


def _answered(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    labels: tuple[str, ...],
    probabilities: Probabilities,
) -> pl.DataFrame:
    """The columns of the answers, as they are given out."""
    import polars as pl

    if "tags" in answers.columns:
        numbers = dict.fromkeys(("start", "end"), pl.Int64)
        kind = pl.List(pl.Struct({**numbers, "label": pl.String, "text": pl.String}))
        return pl.DataFrame({"spans": pl.Series(_spans(rows, answers), dtype=kind)})
    table = answers.select("answer")
    names = ("probabilities", "label_probabilities")
    name = next((name for name in names if name in answers.columns), None)
    if name is None or probabilities == "none":
        return table
    values = answers[name].to_list()
    if probabilities == "columns":
        return table.with_columns(
            pl.Series(f"probability_{label}", [row[code] for row in values], pl.Float64)
            for code, label in enumerate(labels)
        )
    objects = [dict(zip(labels, row, strict=True)) for row in values]
    return table.with_columns(pl.Series(name, objects))


def _beside(inputs: Inputs, found: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Ids, what the file had, and the answers; of equal names the file's gives way."""
    import polars as pl

    taken = {"id", *found.columns}
    kept = set(inputs.kept.columns)
    renamed = {}
    for name in inputs.kept.columns:
        new = name
        while new in taken or (new != name and new in kept):
            new = f"input_{new}"
        if new != name:
            renamed[name] = new
            taken.add(new)
    notes = [
        f"The file's column {name!r} is given as {new!r}, since the answers have one of that name."
        for name, new in renamed.items()
    ]
    parts = [inputs.rows.select("id"), inputs.kept.rename(renamed), found]
    return pl.concat(parts, how="horizontal"), notes


def _with_json_cells(table: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    nested = [name for name, kind in table.schema.items() if kind.is_nested()]
    return table.with_columns(
        pl.Series(name, [json.dumps(v, ensure_ascii=False) for v in table[name].to_list()])
        for name in nested
    )


def _spans(rows: pl.DataFrame, answers: pl.DataFrame) -> list[list[dict[str, Any]]]:
    found = []
    has_text = "text" in rows.columns
    inputs: Any = rows["text" if has_text else "tokens"].to_list()
    for answer, given in zip(answers["answer"].to_list(), inputs, strict=True):
        spans = [
            {
                "start": start,
                "end": end,
                "label": label,
                "text": given[start:end] if has_text else " ".join(given[start:end]),
            }
            for label, start, end in json.loads(answer)
        ]
        found.append(spans)
    return found
