"""The files of a report, and reading one back."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from polyculture.core.errors import StoreError
from polyculture.report.html import to_html
from polyculture.report.markdown import to_markdown
from polyculture.report.page import SCHEMA_NUMBER, Report
from polyculture.store.folder import refuse_existing, write_text

RECORD = "report.json"
RECORDS = frozenset({RECORD, "audit.json", "survey.json", "run.json", "evidence.json"})
"""Files from which everything else is made: none of them is a drawing."""
MARKS = {
    ".json": (b'"kind":"report"',),
    ".md": (b"Made by polyculture ", "由 polyculture ".encode()),
    ".html": (b'<meta name="generator" content="polyculture ',),
}
"""What stands in every drawing of a form."""


def to_json(report: Report) -> str:
    """The record itself, from which everything else is drawn."""
    return report.model_dump_json() + "\n"


DRAWINGS: dict[str, Callable[[Report], str]] = {
    ".json": to_json,
    ".md": to_markdown,
    ".html": to_html,
}


def write_drawings(folder: Path, report: Report) -> None:
    """Write the report as JSON, Markdown and one HTML page, these two in each of its languages."""
    for suffix in DRAWINGS:
        write_drawing(folder / f"report{suffix}", report)
    for other in report.translations:
        for suffix in (".md", ".html"):
            write_drawing(folder / f"report.{other.language}{suffix}", other)


def write_drawing(path: Path, report: Report) -> None:
    """Write the report in the form that a file's name asks for.

    Raises:
        StoreError: There is no such form, the disk is full, or the folder may not be written.
    """
    write_text(path, _form_of(path)(report))


def check_drawing(path: Path, *, replace: bool) -> None:
    """Make sure that one drawing can be written here, before anything is drawn.

    Raises:
        StoreError: There is no such form, or something is in the way that may not be replaced.
    """
    _form_of(path)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        msg = (
            f"{path} is a folder or a link. Name a file that ends in one of {', '.join(DRAWINGS)}."
        )
        raise StoreError(msg)
    if path.name in RECORDS and path.exists():
        msg = f"{path} is a record, from which reports are drawn. Choose another name."
        raise StoreError(msg)
    if replace and path.exists() and not _is_drawing(path):
        msg = f"{path} was not written by polyculture report, so it stays. Choose another name."
        raise StoreError(msg)
    refuse_existing(path, replace=replace)


def _form_of(path: Path) -> Callable[[Report], str]:
    drawing = DRAWINGS.get(path.suffix.lower())
    if drawing is None:
        msg = f"Unsupported file type: {path}. Use one of {', '.join(DRAWINGS)}."
        raise StoreError(msg)
    return drawing


def _is_drawing(path: Path) -> bool:
    """Whether a file is a drawing of ours, by the mark that each form bears."""
    with suppress(OSError):
        text = path.read_bytes()
        return any(mark in text for mark in MARKS[path.suffix.lower()])
    return False


def read_report(folder: Path) -> Report:
    """Read the record that the drawings are made from.

    Raises:
        StoreError: There is none, or another version of polyculture wrote it.
    """
    path = folder / RECORD
    if not path.is_file():
        msg = (
            f"{folder} holds no {RECORD}. Name the folder of an audit, a study or a survey; "
            "polyculture audit makes one with --out FOLDER."
        )
        raise StoreError(msg)
    try:
        return Report.model_validate_json(path.read_bytes())
    except ValidationError as error:
        msg = (
            f"{path} is not a report of this version (schema {SCHEMA_NUMBER}). "
            "Make the audit again with --replace."
        )
        raise StoreError(msg) from error
