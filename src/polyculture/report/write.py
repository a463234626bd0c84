"""The files of a report, and reading one back."""

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from polyculture.core.errors import StoreError
from polyculture.report.html import to_html
from polyculture.report.markdown import to_markdown
from polyculture.report.page import SCHEMA_NUMBER, Report
from polyculture.store.folder import write_text

RECORD = "report.json"


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
    drawing = DRAWINGS.get(path.suffix.lower())
    if drawing is None:
        msg = f"{path} asks for no known form. Name it as one of {', '.join(DRAWINGS)}."
        raise StoreError(msg)
    write_text(path, drawing(report))


def read_report(folder: Path) -> Report:
    """Read the record that the drawings are made from.

    Raises:
        StoreError: There is none, or another version of polyculture wrote it.
    """
    path = folder / RECORD
    if not path.is_file():
        msg = (
            f"{folder} holds no {RECORD}. Name the folder of an audit; "
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
