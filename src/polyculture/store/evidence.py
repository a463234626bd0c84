"""Evidence on disk: one folder holds one model's views on one probe.

``evidence.json`` (names, digest, classes, notes), ``predictions.parquet`` (item, gold, group,
document, text, answer, probabilities, grade, as far as known), and ``architecture.json``,
``recipe.json``, ``head.json``.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polyculture.core.errors import StoreError
from polyculture.core.record import Record
from polyculture.core.views import (
    MISSING,
    PASS_MARK,
    Architecture,
    Evidence,
    HeadView,
    Predictions,
    RecipeView,
)
from polyculture.store.writing.folder import write_text, written_once

SCHEMA_NUMBER = 1
VIEWS: dict[str, type[Record]] = {
    "architecture": Architecture,
    "recipe": RecipeView,
    "head": HeadView,
}


def predictions_of(
    items: Sequence[str],
    answers: Sequence[str | None],
    gold: Sequence[str] | None = None,
    *,
    probabilities: NDArray[np.floating[Any]] | None = None,
    classes: Sequence[str] = (),
) -> Predictions:
    """Turn answers in words into codes.

    Args:
        items: Ids of the items.
        answers: One answer an item; ``None`` where none was given.
        gold: The right answers, where they are known.
        probabilities: Probability of each class, ``(items, classes)``.
        classes: What the columns of ``probabilities`` stand for, in their order. Answers and gold
            that are not among them are put behind, in code-point order.

    Returns:
        The same as codes, with probability 0 for classes that had none.

    Example:
        >>> predictions_of(["x", "y"], ["no", None], ["yes", "no"]).labels
        array([ 0, -1])
    """
    occurring = {*(a for a in answers if a is not None), *(gold or ())}
    names = (*classes, *sorted(occurring.difference(classes)))
    code = {name: number for number, name in enumerate(names)}
    if probabilities is not None and len(names) > probabilities.shape[1]:
        more = len(names) - probabilities.shape[1]
        probabilities = np.pad(probabilities, ((0, 0), (0, more)))
    return Predictions(
        labels=np.array([MISSING if a is None else code[a] for a in answers], dtype=np.int64),
        gold=None if gold is None else np.array([code[g] for g in gold], dtype=np.int64),
        probabilities=probabilities,
        classes=names,
        items=tuple(items),
    )


def write_evidence(folder: Path, evidence: Evidence, *, replace: bool = False) -> None:
    """Write one model's views into a folder of their own, whole or not at all.

    Raises:
        StoreError: The folder exists and ``replace`` is false, or the disk is full.
    """
    with written_once(folder, kind="evidence", replace=replace) as unfinished:
        head = {
            "schema_number": SCHEMA_NUMBER,
            "model": evidence.model,
            "probe": evidence.probe,
            "digest": evidence.digest,
            "lineage": evidence.lineage,
            "classes": _classes(evidence.predictions),
            "notes": evidence.notes,
            "learned_items": evidence.learned_items,
            "caveats": evidence.caveats,
            "pass_mark": evidence.predictions.pass_mark,
        }
        write_text(unfinished / "evidence.json", json.dumps(head, ensure_ascii=False, indent=1))
        _table(evidence).write_parquet(unfinished / "predictions.parquet", compression="zstd")
        for name in VIEWS:
            view = getattr(evidence, name)
            if view is not None:
                write_text(unfinished / f"{name}.json", view.model_dump_json())


def read_evidence(folder: Path) -> Evidence:
    """Read what ``write_evidence`` wrote.

    Raises:
        StoreError: The folder holds no evidence, or of a newer kind.
    """
    try:
        head = json.loads((folder / "evidence.json").read_text(encoding="utf-8"))
        table = pl.read_parquet(folder / "predictions.parquet")
    except OSError as error:
        msg = f"{folder} holds no evidence (evidence.json and its table). Observe the run again."
        raise StoreError(msg) from error
    if head["schema_number"] > SCHEMA_NUMBER:
        msg = f"{folder} was written by a newer polyculture. Update this one to read it."
        raise StoreError(msg)
    views: dict[str, Any] = {name: _view(folder, name) for name in VIEWS}
    return Evidence(
        model=head["model"],
        probe=head["probe"],
        digest=head["digest"],
        items=tuple(table["item"].to_list()),
        predictions=_predictions(table, tuple(head["classes"]), head.get("pass_mark", PASS_MARK)),
        lineage=tuple(head["lineage"]),
        groups=_optional(table, "group"),
        documents=tuple(table["document"].to_list()) if "document" in table.columns else None,
        texts=_optional(table, "text"),
        notes=tuple(head["notes"]),
        learned_items=head.get("learned_items"),
        caveats=tuple(head.get("caveats", ())),
        **views,
    )


def _view(folder: Path, name: str) -> Record | None:
    path = folder / f"{name}.json"
    return VIEWS[name].model_validate_json(path.read_bytes()) if path.exists() else None


def _classes(predictions: Predictions) -> tuple[str, ...]:
    if predictions.classes:
        return predictions.classes
    codes = (
        [predictions.labels] if predictions.gold is None else [predictions.labels, predictions.gold]
    )
    return tuple(str(code) for code in range(max(int(c.max(initial=-1)) for c in codes) + 1))


def _table(evidence: Evidence) -> pl.DataFrame:
    predictions = evidence.predictions
    names = [*_classes(predictions), None]  # MISSING is -1, the last place
    columns: dict[str, Any] = {"item": list(evidence.items)}
    if evidence.groups is not None:
        columns["group"] = list(evidence.groups)
    if evidence.documents is not None:
        columns["document"] = pl.Series(list(evidence.documents), dtype=pl.String)
    if evidence.texts is not None:
        columns["text"] = list(evidence.texts)
    if predictions.gold is not None:
        columns["gold"] = [names[code] for code in predictions.gold]
    columns["answer"] = pl.Series([names[code] for code in predictions.labels], dtype=pl.String)
    if predictions.probabilities is not None:
        values = np.ascontiguousarray(predictions.probabilities)
        inner = pl.Float32 if values.dtype == np.float32 else pl.Float64
        columns["probabilities"] = pl.Series(values).cast(pl.List(inner))
    if predictions.grades is not None:
        columns["grade"] = predictions.grades
    return pl.DataFrame(columns)


def _predictions(table: pl.DataFrame, classes: tuple[str, ...], pass_mark: float) -> Predictions:
    code = {name: number for number, name in enumerate(classes)}
    gold = _optional(table, "gold")
    probabilities = None
    if "probabilities" in table.columns:
        probabilities = table["probabilities"].list.to_array(len(classes)).to_numpy()
    answers = table["answer"].to_list()
    return Predictions(
        labels=np.array([MISSING if a is None else code[a] for a in answers], dtype=np.int64),
        gold=None if gold is None else np.array([code[g] for g in gold], dtype=np.int64),
        probabilities=probabilities,
        classes=classes,
        items=tuple(table["item"].to_list()),
        grades=table["grade"].to_numpy() if "grade" in table.columns else None,
        pass_mark=pass_mark,
    )


def _optional(table: pl.DataFrame, name: str) -> tuple[str, ...] | None:
    return tuple(table[name].to_list()) if name in table.columns else None
