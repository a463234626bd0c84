"""The record of a run, ``run.json``: written when the run is whole, read before its model.

Nothing here loads torch: a slip in a path is told before that is paid for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.core.errors import StoreError
from polyculture.core.run import Facts, Run
from polyculture.store.folder import write_text

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
    write_text(folder / "run.json", run.model_dump_json(indent=1))
    return run


def read_run(folder: Path) -> Run:
    """The record of a finished run.

    Raises:
        StoreError: The folder holds no finished run.
    """
    try:
        text = (folder / "run.json").read_text(encoding="utf-8")
    except OSError as error:
        msg = (
            f"{folder} is not a finished run: there is no run.json in it. Name the folder that "
            "polyculture train printed last."
        )
        raise StoreError(msg) from error
    return Run.model_validate_json(text)
