"""Read ``run.json``, the record of a finished run, without torch."""

from pathlib import Path

from pydantic import ValidationError

from polyculture.core.errors import ModelError, StoreError
from polyculture.core.record import first_fault
from polyculture.core.run import Run
from polyculture.store.weight_files import read_object

RECORD = "run.json"
SCHEMA = int(Run.model_fields["schema_number"].default)
"""The newest form of the record that this version reads."""


def read_run(folder: Path) -> Run:
    """The record of a finished run.

    Raises:
        StoreError: The folder holds no finished run, or its record is damaged or too new.
    """
    file = folder / RECORD
    try:
        is_there = file.exists()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise StoreError(msg) from error
    if not is_there:
        what = f"there is no {RECORD} in it" if folder.is_dir() else "there is no such folder"
        msg = (
            f"{folder} is not a finished run: {what}. Name the folder that polyculture train "
            "printed last."
        )
        raise StoreError(msg)
    try:
        table = read_object(file)
    except ModelError as error:
        msg = f"The run {folder} is damaged: {error}"
        raise StoreError(msg) from error
    number = table.get("schema_number", SCHEMA)
    if isinstance(number, int) and number > SCHEMA:
        msg = (
            f"{file} was written by a newer version of Polyculture (schema {number}, and this one "
            f"reads up to {SCHEMA}). Update: pip install -U polyculture"
        )
        raise StoreError(msg)
    try:
        return Run.model_validate_json(file.read_bytes())
    except ValidationError as error:
        fault = first_fault(error)
        msg = f"{file} is not the record of a finished run, or is damaged: {fault}."
        raise StoreError(msg) from error


def refuse_unsound(run: Run, folder: Path) -> None:
    """See that a run that was just written reads back as it is.

    Raises:
        StoreError: It does not.
    """
    if read_run(folder) != run:
        msg = f"{folder} does not read back as it was written. Is its disk sound?"
        raise StoreError(msg)
