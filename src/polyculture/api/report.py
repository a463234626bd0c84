"""Draw the report of an audit, a study or a survey again, or bring it elsewhere."""

from pathlib import Path


def render(folder: Path, out: Path | None = None, *, replace: bool = False) -> Path:
    """Draw the report that a folder holds.

    ``report.json`` is the report; the page and the Markdown are drawings of it. So this needs
    neither the answers nor the models, and changes no number.

    Args:
        folder: The folder of an audit, a study or a survey.
        out: Write one file here instead: ``.html``, ``.md`` or ``.json``. Left out, the drawings
            in the folder are made anew.
        replace: Replace a drawing that exists; a record, or a file that this program did not
            write, is never replaced.

    Returns:
        The file that was written; the page, where all were.

    Raises:
        StoreError: The folder holds no report or one of another version, or ``out`` asks for an
            unknown form or is in the way.
    """
    from polyculture.page.write import check_drawing, read_report, redraw, write_one

    if out is not None:
        check_drawing(out, replace=replace)
    place = folder_of(folder)
    report = read_report(place)
    if out is None:
        redraw(place, report)
        return place / "report.html"
    write_one(out, report, replace=replace)
    return out


def folder_of(folder: Path) -> Path:
    """Where a report lies: a study keeps it in its ``audit``."""
    inside = folder / "audit"
    return inside if not (folder / "report.json").exists() and inside.is_dir() else folder
