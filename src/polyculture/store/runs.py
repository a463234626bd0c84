"""The record of a finished run, read without torch."""

from pathlib import Path

from polyculture.core.errors import StoreError
from polyculture.core.run import Run


def read_run(folder: Path) -> Run:
    """The record of a finished run.

    Raises:
        StoreError: The folder holds no finished run, or the run's name is not a folder's name.
    """
    try:
        text = (folder / "run.json").read_text(encoding="utf-8")
    except OSError as error:
        msg = (
            f"{folder} is not a finished run: there is no run.json in it. Name the folder that "
            "polyculture train printed last."
        )
        raise StoreError(msg) from error
    run = Run.model_validate_json(text)
    if run.name in {"", ".", ".."} or {"/", "\\", "\0"} & set(run.name):
        msg = (
            f"{folder / 'run.json'}: a run's name is one plain folder name, got {run.name!r}. "
            "Correct it in the file."
        )
        raise StoreError(msg)
    return run
