"""Observe trained models on a probe: their views, as evidence for measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyculture.api.shared import Shared
from polyculture.api.training_overlap import TrainingRows
from polyculture.core.errors import ProbeMismatchError, RecipeError, need
from polyculture.core.parts import suggestion
from polyculture.core.task import task_of
from polyculture.core.views import PASS_MARK, Evidence
from polyculture.store.digest import of_json
from polyculture.store.runs import read_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars as pl

    from polyculture.api.training_overlap import Overlap
    from polyculture.core.data import Dataset
    from polyculture.core.run import Run


SHOWN = 5
"""Labels that a sentence names."""


@dataclass(frozen=True, kw_only=True)
class ProbeItems:
    """The items of a probe, ready for the models of one task."""

    name: str
    digest: str
    rows: pl.DataFrame
    gold: list[str]
    groups: tuple[str, ...] | None
    documents: tuple[str | None, ...] | None
    texts: tuple[str, ...]
    is_restricted: bool
    notes: tuple[str, ...]


def observe(
    folders: Sequence[Path],
    probe: str,
    out: Path | None = None,
    *,
    shared: Shared | None = None,
    pass_mark: float = PASS_MARK,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[list[Evidence], list[Run], ProbeItems]:
    """Observe several runs on one probe; runs, names and probe are checked before torch is loaded.

    Args:
        folders: Finished runs of one task.
        probe: Name of a split of the first run's data.
        out: Folder of evidence: the views are written into ``out/<model>/<probe>``, and older ones
            of the same names replaced. Left out, nothing is written.
        shared: Data that were read before.
        pass_mark: The grade from which an answer counts as right, from 0 to 1.
        say: Told what is being done.

    Raises:
        ProbeMismatchError: The runs are not of one task.
        StoreError: A folder is not a finished run.
    """
    runs = [read_run(folder) for folder in folders]
    _check_comparable(runs)
    shared = shared or Shared()
    dataset = shared.dataset(runs[0].recipe)
    items = probe_items(runs[0], probe, shared)
    need("torch", extra="train", purpose="Reading trained models")
    from polyculture.store.evidence import write_evidence

    training = TrainingRows(dataset, probe, items.rows, task_of(runs[0].recipe.task).columns)
    evidence = []
    for folder, run in zip(folders, runs, strict=True):
        say(f"looking at {run.name}")
        is_same = run.facts.data_digest == dataset.digest
        saved = folder / "predictions" / f"{items.name}.parquet" if is_same else None
        model_evidence = _look(folder, run, items, saved, training.of(run), pass_mark=pass_mark)
        if out is not None:
            write_evidence(out / run.name / items.name, model_evidence, replace=True)
        evidence.append(model_evidence)
    return evidence, runs, items


def _other_labels(run: Run, gold: Sequence[str]) -> tuple[str, ...]:
    """A caveat where none of a run's labels is ever right on this probe."""
    settings: Any = run.recipe.task
    if settings.kind != "classification" or getattr(settings, "multi_label", False):
        return ()
    if set(run.labels) & set(gold):
        return ()
    shown = ", ".join(run.labels[:SHOWN])
    return (f"It answers other labels ({shown}), of which none is a right answer here.",)


def _check_comparable(runs: Sequence[Run]) -> None:
    first: Any = runs[0].recipe.task
    for run in runs[1:]:
        other: Any = run.recipe.task
        if other.kind != first.kind:
            msg = (
                f"Models are compared on one task, but {runs[0].name!r} does {first.kind} "
                f"and {run.name!r} {other.kind}."
            )
            raise ProbeMismatchError(msg)
    names = [run.name for run in runs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        msg = f"Two runs are named {twice!r}. Leave one out, or train it under another name."
        raise ProbeMismatchError(msg)


def check_probe(dataset: Dataset, probe: str) -> None:
    """Make sure that the data has a split to compare models on.

    Raises:
        RecipeError: There is no such split; the message names the nearest one.
    """
    if probe not in dataset.splits:
        hint = suggestion(probe, list(dataset.splits))
        msg = f"The data {dataset.name!r} has no split {probe!r} to be the probe. {hint}"
        raise RecipeError(msg)


def probe_items(run: Run, probe: str, shared: Shared) -> ProbeItems:
    """A split of a run's data as a probe.

    Raises:
        RecipeError: There is no such split.
    """
    from polyculture.sources.rows.cells import with_contents
    from polyculture.stats.answers import documents_of
    from polyculture.stats.rows import in_one_line

    dataset = shared.dataset(run.recipe)
    check_probe(dataset, probe)
    splits, _ = shared.prepared_rows(run.recipe)
    rows = splits[probe]
    settings: Any = run.recipe.task
    task = task_of(settings)
    gold = task.gold(rows, settings)
    texts = tuple(in_one_line(rows, task.columns))
    contents = in_one_line(with_contents(rows, task.columns), task.columns)
    ids = rows["id"].to_list()
    documents = documents_of(rows)
    return ProbeItems(
        name=probe,
        digest=of_json([ids, contents, gold]),
        rows=rows,
        gold=gold,
        groups=tuple(rows["group"].to_list()) if "group" in rows.columns else None,
        documents=None if documents is None else tuple(documents),
        texts=texts,
        is_restricted=dataset.is_restricted,
        notes=dataset.notes,
    )


def _look(
    folder: Path,
    run: Run,
    items: ProbeItems,
    saved: Path | None,
    overlap: Overlap,
    *,
    pass_mark: float,
) -> Evidence:
    from polyculture.engine.answering.model import open_run
    from polyculture.engine.observe import architecture, head, predictions, recipe

    predictor = open_run(folder)
    answered, notes = predictions.observe(predictor, items.rows, items.gold, saved, pass_mark)
    return Evidence(
        model=run.name,
        probe=items.name,
        digest=items.digest,
        items=tuple(items.rows["id"].to_list()),
        predictions=answered,
        architecture=architecture.observe(predictor),
        recipe=recipe.observe(run),
        head=head.observe(predictor),
        lineage=run.facts.lineage,
        groups=items.groups,
        documents=items.documents,
        texts=None if items.is_restricted else items.texts,
        notes=tuple(notes),
        learned_items=overlap.items,
        caveats=(*overlap.caveats, *_other_labels(run, items.gold)),
    )
