"""Write the record of a run, ``run.json``, when the run is whole; ``store/runs.py`` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.core.run import Facts, Run
from polyculture.store.folder import write_text
from polyculture.store.runs import RECORD

if TYPE_CHECKING:
    from pathlib import Path

    from polyculture.engine.ingredients import Ingredients
    from polyculture.engine.judge import Judged


def write_run(given: Ingredients, folder: Path, facts: Facts, judged: Judged) -> Run:
    """Write the record of a training that is done."""
    run = Run(
        name=given.name,
        fingerprint=given.fingerprint,
        recipe=given.recipe,
        labels=given.labels,
        facts=facts,
        valid=judged.valid,
        test=judged.test,
        baselines=judged.baselines,
    )
    write_text(folder / RECORD, run.model_dump_json(indent=1))
    return run
