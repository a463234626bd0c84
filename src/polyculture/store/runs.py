"""The record of a finished run, read without torch."""

from pathlib import Path

from pydantic import ValidationError

from polyculture.core.errors import StoreError
from polyculture.core.run import Run

RECORD = "run.json"


def read_run(folder: Path) -> Run:
    """The record of a finished run.

    Raises:
        StoreError: The folder holds no finished run, or its record cannot be read.
    """
    try:
        text = (folder / RECORD).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = (
            f"{folder} is not a finished run: there is no run.json in it. Name the folder that "
            "polyculture train printed last."
        )
        raise StoreError(msg) from error
    except OSError as error:
        msg = f"{folder / RECORD} cannot be read ({error.strerror})."
        raise StoreError(msg) from error
    try:
        return Run.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        msg = f"{folder / RECORD} is damaged or of another version ({where}: {first['msg']})."
        raise StoreError(msg) from error
