"""The files of a report, and reading one back."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from polyculture.core.errors import StoreError
from polyculture.page.blocks import SCHEMA_NUMBER, Report
from polyculture.page.html import to_html
from polyculture.page.language import codes_of, file_name
from polyculture.page.markdown import to_markdown
from polyculture.store.writing.folder import output_file, write_text
from polyculture.store.writing.marks import is_ours
from polyculture.store.writing.outputs import check_output

RECORD = "report.json"


def to_json(report: Report) -> str:
    """The record itself, from which everything else is drawn."""
    return report.model_dump_json() + "\n"


DRAWINGS: dict[str, Callable[[Report], str]] = {
    ".json": to_json,
    ".md": to_markdown,
    ".html": to_html,
}
PAGES = (".md", ".html")
"""Drawings that there is one of in each language."""


def write_drawings(folder: Path, report: Report) -> None:
    """Write the report as JSON, Markdown and one HTML page, these two in each of its languages."""
    for name, drawn in _drawings(report):
        write_drawing(folder / name, drawn)


def redraw(folder: Path, reports: Sequence[Report]) -> None:
    """Redraw pages and Markdown from the record, if this program wrote them.

    Args:
        folder: Where they lie.
        reports: The languages to draw.

    Raises:
        StoreError: A file that somebody else put there has the name of a drawing.
    """
    drawings = [
        (folder / file_name(report.language, suffix), report)
        for report in reports
        for suffix in PAGES
    ]
    for path, _ in drawings:
        if os.path.lexists(path) and not is_ours(path):
            msg = (
                f"{path} is never replaced, since no mark of polyculture names it. Draw the report "
                "elsewhere: --out FILE"
            )
            raise StoreError(msg)
    for path, drawn in drawings:
        write_drawing(path, drawn)


def _drawings(report: Report) -> Iterator[tuple[str, Report]]:
    yield RECORD, report
    for version in (report, *report.translations):
        yield from ((file_name(version.language, suffix), version) for suffix in PAGES)


def write_drawing(path: Path, report: Report) -> None:
    """Write the report in the form that a file's name asks for.

    Raises:
        StoreError: There is no such form, the disk is full, or the folder may not be written.
    """
    write_text(path, _form_of(path)(report))


def check_drawing(path: Path, *, replace: bool) -> None:
    """Make sure that one drawing can be written here, before anything is drawn.

    Raises:
        StoreError: There is no such form, or something stands there that may not be replaced.
    """
    _form_of(path)
    check_output(path, kind="drawing", replace=replace)


def write_one(path: Path, report: Report, *, replace: bool) -> None:
    """Write one drawing where a person asked for it, and mark it as ours.

    A page that stands alone links to no other.

    Raises:
        StoreError: There is no such form, or something stands there that may not be replaced.
    """
    drawing = _form_of(path)
    if path.suffix.lower() in PAGES:
        report = report.model_copy(update={"links": ()})
    with output_file(path, kind="drawing", replace=replace) as unfinished:
        unfinished.write_text(drawing(report), encoding="utf-8")


def _form_of(path: Path) -> Callable[[Report], str]:
    drawing = DRAWINGS.get(path.suffix.lower())
    if drawing is None:
        msg = f"Unsupported file type: {path}. Use one of {', '.join(DRAWINGS)}."
        raise StoreError(msg)
    return drawing


def in_languages(folder: Path, report: Report, word: str | None) -> tuple[Report, ...]:
    """A report in the language that a person asks for; in all that its record holds without one.

    Raises:
        StoreError: The record does not hold that language.
        PolycultureError: There is no such language.
    """
    every = (report, *report.translations)
    if word is None:
        return every
    reports = tuple(version for version in every if version.language in codes_of(word))
    if not reports:
        msg = (
            f"{folder / RECORD} holds no page in {word!r}. Make the audit again with --replace, "
            f"and with --lang {word} or none for both languages."
        )
        raise StoreError(msg)
    return reports


def read_report(folder: Path) -> Report:
    """Read the record that the drawings are made from.

    Raises:
        StoreError: There is none, or another version of polyculture wrote it.
    """
    path = folder / RECORD
    if not folder.exists():
        msg = f"There is no folder {folder}. Check the path."
        raise StoreError(msg)
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
