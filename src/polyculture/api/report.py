"""Draw the report of an audit again, or bring it elsewhere."""

from pathlib import Path


def render(folder: Path, out: Path | None = None) -> Path:
    """Draw the report that a folder holds.

    ``report.json`` is the report; the page and the Markdown are drawings of it. So this needs
    neither the answers nor the models, and changes no number.

    Args:
        folder: The folder of an audit or a study.
        out: Write one file here instead: ``.html``, ``.md`` or ``.json``. Left out, the drawings
            in the folder are made anew.

    Returns:
        The file that was written; the page, where all were.

    Raises:
        StoreError: The folder holds no report or one of another version, or ``out`` asks for an
            unknown form.
    """
    from polyculture.report.write import read_report, write_drawing, write_drawings

    report = read_report(folder)
    if out is None:
        write_drawings(folder, report)
        return folder / "report.html"
    write_drawing(out, report)
    return out
