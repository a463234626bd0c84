"""Answer the texts of a file with a finished run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import DataError, need
from polyculture.core.parts import suggestion
from polyculture.store.folder import output_file
from polyculture.store.outputs import check_output
from polyculture.store.tables import check_suffix, fill_table, read_table, text_lines

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

INPUTS = ("id", "text", "text_b", "tokens")


def predict(
    run: Path, file: Path, out: Path | None = None, *, replace: bool = False
) -> tuple[pl.DataFrame, list[str]]:
    """Answer every row of a file.

    Args:
        run: Folder of a finished run.
        file: A table (csv, tsv, jsonl, parquet) with a column ``text`` (``text_b`` beside it for
            pairs, or ``tokens``, a list of words), perhaps ``id``; or a ``.txt``, one text a line.
        out: Where to write the answers, by its suffix; nowhere if left out.
        replace: Replace a file that exists.

    Returns:
        One row a text, in the file's order: ``id``, ``answer`` and, for one label,
        ``probabilities``, a struct of label to number; for spans ``spans``, a list of start, end
        (in characters of ``text``, or words of ``tokens``), label and text. In CSV these cells are
        JSON. And what was cut, one sentence each.

    Raises:
        PolycultureError: The run or the file cannot be used.
    """
    need("torch", extra="train", purpose="Answering with a trained model")
    if out is not None:
        check_output(out, kind="answers", replace=replace, inputs=[run, file])
        check_suffix(out)
    import polars as pl

    from polyculture.engine.encode import account
    from polyculture.engine.ingredients import task_of
    from polyculture.engine.predict import open_run

    rows = read_inputs(file)
    predictor = open_run(run)
    rows = task_of(predictor.recipe).prepare(rows, str(file), predictor.recipe.task)
    answers, encoded = predictor.answer(rows, str(file))
    table = answers.select("id", "answer")
    if "probabilities" in answers.columns:
        objects = [
            dict(zip(predictor.labels, row, strict=True))
            for row in answers["probabilities"].to_list()
        ]
        table = table.with_columns(pl.Series("probabilities", objects))
    if "tags" in answers.columns:
        numbers = dict.fromkeys(("start", "end"), pl.Int64)
        kind = pl.List(pl.Struct({**numbers, "label": pl.String, "text": pl.String}))
        table = table.select("id").with_columns(pl.Series("spans", _spans(rows, answers), kind))
    if out is not None:
        cells = _with_json_cells(table) if out.suffix.lower() in {".csv", ".tsv"} else table
        with output_file(out, kind="answers", replace=replace, inputs=[run, file]) as unfinished:
            fill_table(cells, unfinished)
    return table, account(encoded, file.name, predictor.max_length)


def read_inputs(file: Path) -> pl.DataFrame:
    """Texts to answer, with ids; a row number stands for an id that is not given.

    Raises:
        DataError: The file is missing, empty, or has no column of texts.
    """
    import polars as pl

    if file.suffix.lower() == ".txt":
        if not file.exists():
            msg = f"There is no file {file}. Check the path."
            raise DataError(msg)
        lines = [line.rstrip("\r\n") for line in text_lines(file)]
        frame = pl.DataFrame({"text": [line for line in lines if line]}, schema={"text": pl.String})
        if frame.is_empty():
            msg = f"{file} is empty, but one text a line is needed."
            raise DataError(msg)
    else:
        table = read_table(file)
        frame = table.frame
        if "text" not in frame.columns and "tokens" not in frame.columns:
            hint = suggestion("text", frame.columns)
            msg = f"{file} has no column 'text' (or 'tokens'). {hint}"
            raise DataError(msg)
        frame = frame.select(name for name in INPUTS if name in frame.columns)
        if "tokens" in frame.columns:
            words = [_words(cell, table.place(n)) for n, cell in enumerate(frame["tokens"])]
            frame = frame.drop("text", strict=False).with_columns(
                pl.Series("tokens", words, pl.List(pl.String))
            )
    if "id" not in frame.columns:
        numbers = [str(number) for number in range(1, len(frame) + 1)]
        frame = frame.with_columns(pl.Series("id", numbers))
    return frame


def _words(cell: str | None, place: str) -> list[str]:
    try:
        words = json.loads(cell or "")
    except json.JSONDecodeError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        msg = f"{place}: 'tokens' must be a JSON list of words, but {str(cell)[:40]!r} came."
        raise DataError(msg)
    return words


def _with_json_cells(table: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    nested = [name for name in ("probabilities", "spans") if name in table.columns]
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
