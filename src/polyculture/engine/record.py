"""Write the record of a run, ``run.json``, when the run is whole; ``store/runs.py`` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.core.run import Facts, Run
from polyculture.store.runs import RECORD
from polyculture.store.writing.folder import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from polyculture.engine.evaluate import Evaluation
    from polyculture.engine.training import Training


def write_run(training: Training, folder: Path, facts: Facts, evaluation: Evaluation) -> Run:
    """Write the record of a training that is done."""
    run = Run(
        name=training.name,
        fingerprint=training.fingerprint,
        recipe=training.recipe,
        inventory=evaluation.inventory,
        facts=facts,
        valid=evaluation.valid,
        test=evaluation.test,
        baselines=evaluation.baselines,
    )
    write_text(folder / RECORD, run.model_dump_json(indent=1))
    return run
