"""Redraw the report of an audit, a study or a survey, or export it."""

from pathlib import Path


def render(
    folder: Path,
    out: Path | None = None,
    *,
    language: str | None = None,
    replace: bool = False,
) -> Path:
    """Draw the report that a folder holds.

    ``report.json`` is the report; pages and Markdown are drawings of it. So this needs neither the
    answers nor the models, and changes no number.

    Args:
        folder: The folder of an audit, a study or a survey.
        out: Write one file here instead: ``.html``, ``.md`` or ``.json``. Left out, the drawings in
        the folder are redrawn.
        language: ``en`` or ``zh``; left out, all that the record holds, or into ``out`` its first.
        replace: Replace a drawing that exists; a record, or a file that this program did not
            write, is never replaced.

    Returns:
        The file that was written; the first page, where several were.

    Raises:
        StoreError: The folder holds no report or one of another version, or ``out`` asks for an
            unknown form or is in the way.
        PolycultureError: There is no such language.
    """
    from polyculture.page.language import file_name
    from polyculture.page.write import (
        check_drawing,
        in_languages,
        read_report,
        redraw,
        write_one,
    )

    if out is not None:
        check_drawing(out, replace=replace)
    place = folder_of(folder)
    reports = in_languages(place, read_report(place), language)
    if out is None:
        redraw(place, reports)
        return place / file_name(reports[0].language)
    write_one(out, reports[0], replace=replace)
    return out


def page_name(language: str | None = None) -> str:
    """What the page of a report is called in its folder: the first, where there are several.

    Example:
        >>> page_name(), page_name("zh")
        ('report.html', 'report.zh-CN.html')

    Raises:
        PolycultureError: There is no such language.
    """
    from polyculture.page.language import codes_of, file_name

    return file_name(codes_of(language)[0])


def folder_of(folder: Path) -> Path:
    """Where a report lies: a study keeps it in its ``audit``."""
    inside = folder / "audit"
    return inside if not (folder / "report.json").exists() and inside.is_dir() else folder
